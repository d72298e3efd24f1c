//! Field metadata written by this library.

use arrow_schema::Field;
use wandb_core::{MAX_DEPTH, Value};

use super::METADATA_KEY;

/// Facts about a field that its name and Arrow type do not express; see [`METADATA_KEY`].
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Whether the strings are JSON text.
    pub(super) json: bool,
    /// The keys that lead to the values; empty if the name is the key.
    pub(super) path: Vec<String>,
    /// Whether the values are objects of the keys without a column.
    pub(super) rest: bool,
}

impl Notes {
    pub(super) fn of(field: &Field) -> Self {
        let notes = field.metadata().get(METADATA_KEY).and_then(|text| Value::parse(text.as_bytes()).ok());
        let Some(notes) = notes else { return Self::default() };
        // Ignore a path deeper than JSON text can be nested: it is invalid, and would risk a stack overflow.
        let path = notes.get("path").and_then(Value::as_list).filter(|path| path.len() <= MAX_DEPTH);
        let path = path.unwrap_or_default();
        Self {
            json: notes.get("type").and_then(Value::as_str) == Some("json"),
            rest: notes.get("rest").and_then(Value::as_bool) == Some(true),
            path: path.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        }
    }
}
