//! Values from YAML, which W&B keeps the configuration of sweeps in.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Tag};

use super::{MAX_DEPTH, Map, Value};

/// How much a text may hold once its aliases are written out: a unit a value, and one a byte of text. Nested aliases
/// would otherwise make a few lines fill the memory.
const MAX_SIZE: usize = 4 << 20;

/// Why a text is not YAML that can be read as a [`Value`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum YamlError {
    /// The text breaks the grammar.
    #[error("not valid YAML: {reason}")]
    Syntax {
        /// What is wrong, and where.
        reason: String,
    },
    /// Lists and maps are nested more deeply than [`MAX_DEPTH`].
    #[error("YAML nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// With its aliases written out, the text holds too much.
    #[error("YAML that holds more than {MAX_SIZE} bytes once its aliases are written out")]
    TooLarge,
    /// The text is valid, but has no counterpart in JSON.
    #[error("YAML that JSON has no counterpart for: {what}")]
    NoCounterpart {
        /// What it holds.
        what: &'static str,
    },
}

impl From<ScanError> for YamlError {
    fn from(error: ScanError) -> Self {
        Self::Syntax { reason: error.to_string() }
    }
}

impl Value {
    /// Reads one YAML document; an empty one is null. W&B keeps sweeps so, and the configs of runs on disk.
    ///
    /// Plain words mean what YAML 1.2 says (`true`, `null`, `1e-3`, `.inf`; `yes` is text). Keys become text. Of
    /// repeated keys the last value counts. Tags but those for text are disregarded, and `<<` is a key as any other.
    pub fn parse_yaml(text: &str) -> Result<Self, YamlError> {
        let mut builder = Builder::default();
        for event in Parser::new_from_str(text) {
            builder.take(event?.0)?;
        }
        Ok(builder.document.unwrap_or_default())
    }
}

/// A value with what it counts for the limits.
#[derive(Debug, Clone)]
struct Built {
    value: Value,
    size: usize,
    height: usize,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Built>,
    size: usize,
    document: Option<Value>,
}

/// A list or map whose end has not come yet.
struct Open {
    anchor: usize,
    items: Items,
    size: usize,
    height: usize,
}

enum Items {
    List(Vec<Value>),
    Map { entries: Map, key: Option<String> },
}

impl Builder {
    fn take(&mut self, event: Event<'_>) -> Result<(), YamlError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref());
                self.add(anchor, Built { size: 1 + text.len(), height: 0, value })
            }
            Event::SequenceStart(anchor, _) => self.start(anchor, Items::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.start(anchor, Items::Map { entries: Map::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(built) => {
                    if self.size + built.size > MAX_SIZE {
                        return Err(YamlError::TooLarge);
                    }
                    let built = built.clone();
                    self.add(0, built)
                }
                None => Err(YamlError::NoCounterpart { what: "an alias of what it is part of" }),
            },
            Event::DocumentStart(_) if self.document.is_some() => {
                Err(YamlError::NoCounterpart { what: "more than one document" })
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, anchor: usize, items: Items) -> Result<(), YamlError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(YamlError::TooDeep);
        }
        if matches!(self.open.last(), Some(Open { items: Items::Map { key: None, .. }, .. })) {
            return Err(YamlError::NoCounterpart { what: "a list or map as a key" });
        }
        self.open.push(Open { anchor, items, size: 1, height: 0 });
        Ok(())
    }

    fn end(&mut self) -> Result<(), YamlError> {
        let Some(Open { anchor, items, size, height }) = self.open.pop() else { return Ok(()) };
        let value = match items {
            Items::List(list) => Value::List(list),
            Items::Map { entries, .. } => Value::Map(entries),
        };
        // Its parts have been counted already.
        self.size = self.size.saturating_sub(size - 1);
        self.add(anchor, Built { value, size, height: height + 1 })
    }

    /// Puts a whole value where it belongs.
    fn add(&mut self, anchor: usize, built: Built) -> Result<(), YamlError> {
        self.size += built.size;
        if self.size > MAX_SIZE {
            return Err(YamlError::TooLarge);
        }
        if self.open.len() + built.height > MAX_DEPTH {
            return Err(YamlError::TooDeep);
        }
        if anchor > 0 {
            // A copy, so it counts.
            self.size += built.size;
            self.anchors.insert(anchor, built.clone());
        }
        let Built { value, size, height } = built;
        let Some(open) = self.open.last_mut() else {
            self.document = Some(value);
            return Ok(());
        };
        open.size += size;
        open.height = open.height.max(height);
        match &mut open.items {
            Items::List(list) => list.push(value),
            Items::Map { entries, key } => match key.take() {
                Some(key) => {
                    entries.insert(key, value);
                }
                None => *key = Some(key_text(value)?),
            },
        }
        Ok(())
    }
}

fn key_text(value: Value) -> Result<String, YamlError> {
    match value {
        Value::String(text) => Ok(text),
        Value::List(_) | Value::Map(_) => Err(YamlError::NoCounterpart { what: "a list or map as a key" }),
        scalar => Ok(scalar.to_json()),
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let is_text = tag.is_some_and(|tag| tag.suffix == "str" || tag.handle == "!" && tag.suffix.is_empty());
    if style != ScalarStyle::Plain || is_text {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => f64::INFINITY.into(),
        "-.inf" | "-.Inf" | "-.INF" => f64::NEG_INFINITY.into(),
        ".nan" | ".NaN" | ".NAN" => f64::NAN.into(),
        _ => number(text).unwrap_or_else(|| text.into()),
    }
}

/// The number that a plain word is in YAML 1.2.
fn number(text: &str) -> Option<Value> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && digits.starts_with(|first: char| first.is_digit(radix))
        {
            return i64::from_str_radix(digits, radix).ok().map(Value::Int);
        }
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let begins = digits.strip_prefix('.').unwrap_or(digits).starts_with(|first: char| first.is_ascii_digit());
    if !begins || !digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte)) {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // JSON, which reads integers of any size, has no leading zeros.
        let digits = digits.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        return Value::parse(format!("{sign}{digits}").as_bytes()).ok();
    }
    format!("{sign}{digits}").parse::<f64>().ok().map(Value::Float)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json(text: &str) -> String {
        Value::parse_yaml(text).unwrap_or_else(|error| panic!("{text:?}: {error}")).to_json()
    }

    #[test]
    fn what_pyyaml_dumps_for_a_sweep_is_read() {
        let text = "method: bayes\nmetric:\n  goal: maximize\n  name: val.acc\nparameters:\n  lr:\n    max: 1.0e-05\n    \
                    min: .inf\n  seed:\n    values:\n    - 1\n    - '008'\n    - null\n    - 123456789012345678901234567890\n";
        assert_eq!(
            json(text),
            r#"{"method":"bayes","metric":{"goal":"maximize","name":"val.acc"},"parameters":{"lr":{"max":0.00001,"min":"Infinity"},"seed":{"values":[1,"008",null,123456789012345678901234567890]}}}"#,
        );
    }

    #[test]
    fn words_mean_what_yaml_1_2_says() {
        for (text, expected) in [
            ("", "null"),
            ("~", "null"),
            ("True", "true"),
            ("yes", r#""yes""#),
            ("\"1\"", r#""1""#),
            ("!!str 1", r#""1""#),
            ("0x1F", "31"),
            ("0o17", "15"),
            ("017", "17"),
            ("-0", "0"),
            ("1e-3", "0.001"),
            (".5", "0.5"),
            ("-.5", "-0.5"),
            ("1-2", r#""1-2""#),
            ("1.2.3", r#""1.2.3""#),
            ("e5", r#""e5""#),
            ("-.inf", r#""-Infinity""#),
            ("{1: a, null: b, 1: c}", r#"{"1":"c","null":"b"}"#),
            ("|\n  two\n  lines\n", r#""two\nlines\n""#),
            ("[a, {b: &x [1]}, *x]", r#"["a",{"b":[1]},[1]]"#),
        ] {
            assert_eq!(json(text), expected, "{text}");
        }
    }

    #[test]
    fn what_json_has_no_counterpart_for_is_refused() {
        for text in ["? [a]\n: b\n", "a: 1\n---\nb: 2\n", "&a [*a]", "&a {? *a : 1}"] {
            let error = Value::parse_yaml(text).unwrap_err();
            assert!(
                matches!(error, YamlError::NoCounterpart { .. } | YamlError::Syntax { .. }),
                "{text}: {error}"
            );
        }
        let error = Value::parse_yaml("a: [1\nb: 2").unwrap_err().to_string();
        assert!(error.starts_with("not valid YAML: ") && error.contains("line"), "{error}");
    }

    #[test]
    fn aliases_cannot_fill_the_memory() {
        let mut lines = vec!["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]".to_owned()];
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            lines.push(format!("a{level}: &a{level} [{}]", vec![alias; 9].join(", ")));
        }
        assert_eq!(Value::parse_yaml(&lines.join("\n")), Err(YamlError::TooLarge));
    }

    #[test]
    fn depth_is_limited_also_through_aliases() {
        for deep in
            ["[".repeat(100_000), "- ".repeat(100_000), format!("{}x{}", "[".repeat(300), "]".repeat(300))]
        {
            let error = Value::parse_yaml(&deep).unwrap_err();
            assert!(matches!(error, YamlError::TooDeep | YamlError::Syntax { .. }), "{error}");
        }
        let half = |inner: &str| format!("{}{inner}{}", "[".repeat(200), "]".repeat(200));
        let text = format!("- &a {}\n- {}\n", half("x"), half("*a"));
        assert_eq!(Value::parse_yaml(&text), Err(YamlError::TooDeep));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in r"[-a-c0-2:?\[\]{}&*!|>'#,. \n\t]{0,60}") {
            let _ = Value::parse_yaml(&text);
        }

        #[test]
        fn json_is_yaml(numbers in proptest::collection::vec(any::<i64>(), 0..5), float in -1e300f64..1e300, word in "[a-zA-Z ]{0,9}") {
            let list = numbers.into_iter().map(Value::Int).collect::<Vec<_>>();
            let value: Value = [("list", list.into()), ("float", Value::Float(float)), ("word", word.into())]
                .into_iter().collect::<Map>().into();
            prop_assert_eq!(Value::parse_yaml(&value.to_json()).unwrap(), value);
        }
    }
}
