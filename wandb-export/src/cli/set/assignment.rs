//! `KEY=VALUE` as people write it.

use std::str::FromStr;

use wandb_core::update::KeyPath;
use wandb_core::{Map, Value};

use crate::error::Error;

/// What to set to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) key: String,
    value: String,
    /// Whether it was written `KEY:=JSON`.
    insists_on_json: bool,
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((key, value)) = split(text) else {
            return Err("expected KEY=VALUE or KEY:=JSON".to_owned());
        };
        let (key, insists_on_json) = key.strip_suffix(':').map_or((key, false), |key| (key, true));
        if key.is_empty() {
            return Err("the key is missing".to_owned());
        }
        Ok(Self { key: key.to_owned(), value: value.to_owned(), insists_on_json })
    }
}

impl Assignment {
    /// The value: what can be read as JSON, else text. `only_text` takes it for text unless JSON is insisted on.
    pub(super) fn value(&self, only_text: bool) -> Result<Value, Error> {
        let text = || Value::String(self.value.clone());
        if only_text && !self.insists_on_json {
            return Ok(text());
        }
        match Value::parse(self.value.as_bytes()) {
            Ok(value) => Ok(value),
            Err(error) if self.insists_on_json => {
                Err(Error::usage(format!("{}:={} is not JSON: {error}", self.key, self.value)))
            }
            Err(_) => Ok(text()),
        }
    }
}

/// Splits at the first `=` that has no backslash before it.
fn split(text: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    let at = text.find(|character| {
        let is_found = character == '=' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        is_found
    })?;
    Some((&text[..at], &text[at + 1..]))
}

/// The place that a key names: the key of that very name if it is `known`, else the dots in it lead into objects. A
/// backslash takes the meaning of a dot, an equals sign or a backslash away.
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
    fn a_value_is_json_if_it_can_be() {
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
    fn what_is_no_assignment_is_refused() {
        for text in ["", "k", "=1", ":=1"] {
            assert!(text.parse::<Assignment>().is_err(), "{text}");
        }
    }

    #[test]
    fn dots_lead_into_objects_unless_the_key_is_there() {
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
