//! Parsing of YAML, the format of W&B's sweep configurations.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Tag};

use super::{MAX_DEPTH, Map, Value};

/// The maximum size of a document after expanding its aliases: one unit per value and one per byte of text. Otherwise
/// a few lines of nested aliases could exhaust the memory.
const MAX_SIZE: usize = 4 << 20;

/// The text is not YAML that can be converted to a [`Value`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum YamlError {
    /// The text is malformed.
    #[error("not valid YAML: {reason}")]
    Syntax {
        /// The error and its location.
        reason: String,
    },
    /// Lists and maps are nested more deeply than [`MAX_DEPTH`].
    #[error("YAML nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// The document is too large after expanding its aliases.
    #[error("YAML exceeds {MAX_SIZE} bytes after expanding its aliases")]
    TooLarge,
    /// The text is valid YAML, but JSON cannot represent it.
    #[error("YAML that cannot be converted to JSON: {what}")]
    NoCounterpart {
        /// The construct.
        what: &'static str,
    },
}

impl From<ScanError> for YamlError {
    fn from(error: ScanError) -> Self {
        Self::Syntax { reason: error.to_string() }
    }
}

impl Value {
    /// Parses a single YAML document; an empty one is null. W&B stores sweeps and the local configs of runs as YAML.
    ///
    /// Plain scalars follow YAML 1.2 (`true`, `null`, `1e-3`, `.inf`; `yes` is a string). Keys become strings. The
    /// last of repeated keys wins. Tags other than those for strings are ignored, and `<<` is an ordinary key.
    pub fn parse_yaml(text: &str) -> Result<Self, YamlError> {
        let mut builder = Builder::default();
        for event in Parser::new_from_str(text) {
            builder.take(event?.0)?;
        }
        Ok(builder.document.unwrap_or_default())
    }
}

/// A value with its size and nesting height.
#[derive(Debug, Clone)]
struct BuiltValue {
    value: Value,
    size: usize,
    height: usize,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, BuiltValue>,
    size: usize,
    document: Option<Value>,
}

/// A list or map that has not ended.
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
                self.add(anchor, BuiltValue { size: 1 + text.len(), height: 0, value })
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
                None => Err(YamlError::NoCounterpart { what: "a recursive alias" }),
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
        // Its parts have already been counted.
        self.size = self.size.saturating_sub(size - 1);
        self.add(anchor, BuiltValue { value, size, height: height + 1 })
    }

    /// Adds a complete value to the innermost open list or map.
    fn add(&mut self, anchor: usize, built: BuiltValue) -> Result<(), YamlError> {
        self.size += built.size;
        if self.size > MAX_SIZE {
            return Err(YamlError::TooLarge);
        }
        if self.open.len() + built.height > MAX_DEPTH {
            return Err(YamlError::TooDeep);
        }
        if anchor > 0 {
            // The copy counts too.
            self.size += built.size;
            self.anchors.insert(anchor, built.clone());
        }
        let BuiltValue { value, size, height } = built;
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

/// Parses a plain scalar as a YAML 1.2 number.
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
    let starts_as_number =
        digits.strip_prefix('.').unwrap_or(digits).starts_with(|first: char| first.is_ascii_digit());
    if !starts_as_number || !digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte)) {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // JSON supports integers of any size, but no leading zeros.
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
    fn pyyaml_dump_of_a_sweep_is_parsed() {
        let text = "method: bayes\nmetric:\n  goal: maximize\n  name: val.acc\nparameters:\n  lr:\n    max: 1.0e-05\n    \
                    min: .inf\n  seed:\n    values:\n    - 1\n    - '008'\n    - null\n    - 123456789012345678901234567890\n";
        assert_eq!(
            json(text),
            r#"{"method":"bayes","metric":{"goal":"maximize","name":"val.acc"},"parameters":{"lr":{"max":0.00001,"min":"Infinity"},"seed":{"values":[1,"008",null,123456789012345678901234567890]}}}"#,
        );
    }

    #[test]
    fn plain_scalars_follow_yaml_1_2() {
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
    fn unrepresentable_yaml_is_rejected() {
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
    fn aliases_cannot_exhaust_memory() {
        let mut lines = vec!["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]".to_owned()];
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            lines.push(format!("a{level}: &a{level} [{}]", vec![alias; 9].join(", ")));
        }
        assert_eq!(Value::parse_yaml(&lines.join("\n")), Err(YamlError::TooLarge));
    }

    #[test]
    fn depth_limit_includes_aliases() {
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
        fn parser_never_panics(text in r"[-a-c0-2:?\[\]{}&*!|>'#,. \n\t]{0,60}") {
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
