//! Reading W&B's JSON, which is not strict: rows and summaries may hold the bare tokens `NaN`, `Infinity` and
//! `-Infinity`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

const TOKENS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];

/// Replaces every bare non-finite number with the string that W&B uses for it.
pub(crate) fn strict(text: &str) -> Cow<'_, str> {
    if !TOKENS.iter().any(|token| text.contains(token)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find(['"', 'N', 'I', '-']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('"') {
            let end = string_end(rest);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if let Some(token) = TOKENS.iter().find(|token| rest.starts_with(**token)) {
            out.push('"');
            out.push_str(token);
            out.push('"');
            rest = &rest[token.len()..];
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The length of the string literal at the start of `text`, with its closing quote.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Parses JSON as W&B writes it. Invalid JSON becomes null.
pub(crate) fn parse(text: &str) -> Value {
    serde_json::from_str(&strict(text)).unwrap_or(Value::Null)
}

/// The values of a row as their original JSON text, looked up by key or by dotted path.
pub(crate) struct RowView<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'a> RowView<'a> {
    /// Parses a row. `strict_text` must be the result of [`strict`].
    pub(crate) fn new(strict_text: &'a str) -> Option<Self> {
        serde_json::from_str::<BorrowedMap<'a>>(strict_text).ok().map(|map| Self(map.0))
    }

    /// Returns the JSON text of `key`. A key `a.b` also finds `b` inside the object `a`.
    pub(crate) fn get(&self, key: &str) -> Option<Cow<'a, str>> {
        if let Some(raw) = self.0.get(key) {
            return Some(Cow::Borrowed(raw.get()));
        }
        key.match_indices('.').find_map(|(at, _)| {
            let outer = self.0.get(&key[..at])?;
            let inner = RowView::new(outer.get())?;
            inner.get(&key[at + 1..]).map(|text| Cow::Owned(text.into_owned()))
        })
    }
}

struct BorrowedMap<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'de> serde::Deserialize<'de> for BorrowedMap<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MapVisitor)
    }
}

struct MapVisitor;

impl<'de> serde::de::Visitor<'de> for MapVisitor {
    type Value = BorrowedMap<'de>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(Key(key)) = map.next_key()? {
            entries.insert(key, map.next_value()?);
        }
        Ok(BorrowedMap(entries))
    }
}

/// A key, borrowed unless it has escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_tokens_outside_strings_are_quoted() {
        assert_eq!(
            strict(r#"{"a":NaN,"b":[-Infinity,Infinity,-1],"c":"NaN \" Infinity","Infinity":1}"#),
            r#"{"a":"NaN","b":["-Infinity","Infinity",-1],"c":"NaN \" Infinity","Infinity":1}"#
        );
        assert!(matches!(strict(r#"{"a":1}"#), Cow::Borrowed(_)));
    }

    #[test]
    fn values_keep_their_text() {
        let row = RowView::new(r#"{"n":9007199254740993.10,"a":{"b":{"c":1e400}},"x.y":2}"#).unwrap();
        assert_eq!(row.get("n").unwrap(), "9007199254740993.10");
        assert_eq!(row.get("a.b.c").unwrap(), "1e400");
        assert_eq!(row.get("x.y").unwrap(), "2");
        assert_eq!(row.get("a.z"), None);
    }
}
