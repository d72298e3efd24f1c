//! Layout of objects inside rows.

use std::fmt;
use std::str::FromStr;

use wandb_core::{Map, Value};

/// How objects inside a row become columns.
///
/// Lists, empty objects and objects with a `_type` (media, tables, histograms) are never split. They become
/// JSON text in one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Nested {
    /// `{"a": {"b": 1}}` becomes a column `a.b`. The default for flat outputs: CSV and the terminal.
    Dotted,
    /// `{"a": {"b": 1}}` becomes a column `a` of JSON text. The default for Parquet and Arrow, where the
    /// number of columns should not depend on the keys of a user's objects.
    Json,
    /// `{"a": {"b": 1}}` becomes a struct column `a` with a field `b`, which only Parquet and Arrow support.
    /// If `a` is an object in some rows and another value in others, the column becomes JSON text, and is
    /// reported.
    Struct,
}

impl Nested {
    /// Every layout, in the order in which to list them.
    pub const ALL: [Self; 3] = [Self::Dotted, Self::Json, Self::Struct];

    /// Returns the name on the command line.
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

/// A string that does not name a [`Nested`] layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a way to write nested values (choose dotted, json or struct)")]
pub struct UnknownNested(String);

/// Returns the object in `value` if it can be split into columns.
pub fn splittable_object(value: &Value) -> Option<&Map> {
    match value {
        Value::Map(map) if !map.is_empty() && !map.contains_key("_type") => Some(map),
        _ => None,
    }
}
