//! Parses `KEY=VALUE` arguments.

use std::str::FromStr;

use wandb_core::update::KeyPath;
use wandb_core::{Map, Value};

use crate::error::Error;

/// A key and its new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) key: String,
    value: String,
    /// Whether it was written as `KEY:=JSON`.
    requires_json: bool,
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((key, value)) = split(text) else {
            return Err("expected KEY=VALUE or KEY:=JSON".to_owned());
        };
        let (key, requires_json) = key.strip_suffix(':').map_or((key, false), |key| (key, true));
        if key.is_empty() {
            return Err("the key is missing".to_owned());
        }
        Ok(Self { key: key.to_owned(), value: value.to_owned(), requires_json })
    }
}

impl Assignment {
    /// The value: JSON if it parses, otherwise text. With `only_text`, it is text unless `KEY:=JSON` was written.
    pub(super) fn value(&self, only_text: bool) -> Result<Value, Error> {
        let text = || Value::String(self.value.clone());
        if only_text && !self.requires_json {
            return Ok(text());
        }
        match Value::parse(self.value.as_bytes()) {
            Ok(value) => Ok(value),
            Err(error) if self.requires_json => {
                Err(Error::usage(format!("{}:={} is not JSON: {error}", self.key, self.value)))
            }
            Err(_) => Ok(text()),
        }
    }
}

/// Splits at the first `=` that is not escaped by a backslash.
fn split(text: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    let at = text.find(|character| {
        let is_found = character == '=' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        is_found
    })?;
    Some((&text[..at], &text[at + 1..]))
}

/// Resolves a key. A `known` key of exactly this name is used unchanged; otherwise dots separate nested keys. A
/// backslash escapes a dot, an equals sign or a backslash.
pub(super) fn key_path(text: &str, known: &Map) -> KeyPath {
    if known.contains_key(text) {
        return KeyPath::from(text);
    }
    let mut keys = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let character = match character {
            '.' => {
                keys.push(String::new());
                continue;
            }
            '\\' => match characters.next() {
                Some(escaped @ ('.' | '=' | '\\')) => escaped,
                Some(other) => {
                    push(&mut keys, '\\');
                    other
                }
                None => '\\',
            },
            other => other,
        };
        push(&mut keys, character);
    }
    let mut keys = keys.into_iter();
    KeyPath::new(keys.next().unwrap_or_default(), keys)
}

fn push(keys: &mut [String], character: char) {
    if let Some(last) = keys.last_mut() {
        last.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, only_text: bool) -> String {
        let assignment: Assignment = text.parse().unwrap();
        assignment.value(only_text).map_or_else(|error| error.to_string(), |value| value.to_json())
    }

    #[test]
    fn value_is_json_if_it_parses() {
        for (text, expected) in [
            ("k=0.9", "0.9"),
            ("k=1", "1"),
            ("k=NaN", r#""NaN""#),
            ("k=adam", r#""adam""#),
            ("k=\"1\"", r#""1""#),
            ("k=", r#""""#),
            ("k={\"a\": [1]}", r#"{"a":[1]}"#),
            ("k={a}", r#""{a}""#),
            ("k=a=b", r#""a=b""#),
            ("k:=null", "null"),
            (r"k\==1", "1"),
            (r"k\\=1", "1"),
        ] {
            assert_eq!(value(text, false), expected, "{text}");
        }
        assert_eq!(value("k=1", true), r#""1""#);
        assert_eq!(value("k:=1", true), "1");
        assert!(value("k:=adam", false).starts_with("k:=adam is not JSON: "));
    }

    #[test]
    fn malformed_assignments_are_rejected() {
        for text in ["", "k", "=1", ":=1"] {
            assert!(text.parse::<Assignment>().is_err(), "{text}");
        }
    }

    #[test]
    fn dots_separate_keys_unless_the_key_exists() {
        let known: Map = [("a.b", 1)].into_iter().collect();
        for (text, expected) in [
            ("a", &["a"][..]),
            ("a.b", &["a.b"]),
            ("a.c", &["a", "c"]),
            (r"a\.c", &["a.c"]),
            (r"a\\.c", &[r"a\", "c"]),
            (r"a\nc\", &[r"a\nc\"]),
            (".", &["", ""]),
            (r"a\=b", &["a=b"]),
        ] {
            assert_eq!(key_path(text, &known).keys(), expected, "{text}");
        }
    }
}
