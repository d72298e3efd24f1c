//! What becomes of objects inside rows.

use std::fmt;
use std::str::FromStr;

use wandb_core::{Map, Value};

/// How objects inside a row become columns.
///
/// Lists, empty objects and objects with a `_type` (media, tables, histograms) are single values with every choice:
/// JSON text in one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Nested {
    /// `{"a": {"b": 1}}` is a column `a.b`. The default where columns are flat by nature: CSV and the terminal.
    Dotted,
    /// `{"a": {"b": 1}}` is a column `a` of JSON text. The default for Parquet and Arrow, where the number of
    /// columns should not depend on the keys that a user's objects happen to have.
    Json,
    /// `{"a": {"b": 1}}` is a struct column `a` with a field `b`; only Parquet and Arrow have such columns. Where
    /// `a` is an object in some rows and another value in others, the column is JSON text, and reported.
    Struct,
}

impl Nested {
    /// Every choice, in the order in which to list them.
    pub const ALL: [Self; 3] = [Self::Dotted, Self::Json, Self::Struct];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dotted => "dotted",
            Self::Json => "json",
            Self::Struct => "struct",
        }
    }
}

impl fmt::Display for Nested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Nested {
    type Err = UnknownNested;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|nested| nested.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownNested(text.to_owned()))
    }
}

/// A text that names no [`Nested`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a way to write nested values (choose dotted, json or struct)")]
pub struct UnknownNested(String);

/// The object in `value` if it can be taken apart into columns.
pub(crate) fn divisible(value: &Value) -> Option<&Map> {
    match value {
        Value::Map(map) if !map.is_empty() && !map.contains_key("_type") => Some(map),
        _ => None,
    }
}
