//! What has to be known of comma-separated text to write it anew for other columns.

use serde::{Deserialize, Serialize};

use crate::columns::{ColumnType, Field, FieldKind, Schema};

/// The columns that some records have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shape(pub(super) Vec<Column>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Column {
    /// The keys that lead to the values. They tell columns apart; names may yet change.
    pub(super) path: Vec<String>,
    pub(super) writes: Writes,
}

/// How the values of a column are written, as far as it is of interest: a number has the same text in any column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Writes {
    /// Strings as they are. There is nothing but strings.
    Strings,
    /// Strings as they are. There are none but those for numbers that are not finite.
    Numbers,
    /// Strings as JSON.
    Json,
}

impl Shape {
    pub(super) fn of(schema: &Schema) -> Self {
        Self(schema.fields().iter().map(Column::of).collect())
    }

    /// Whether records of the shape `before` have the same text in this one.
    pub(super) fn keeps(&self, before: &Self) -> bool {
        self.0.len() == before.0.len()
            && self.0.iter().zip(&before.0).all(|(now, before)| {
                let same_strings = now.writes != Writes::Json || before.writes == Writes::Json;
                now.path == before.path && same_strings
            })
    }
}

impl Column {
    fn of(field: &Field) -> Self {
        let writes = match field.kind() {
            FieldKind::Column(ColumnType::Json) => Writes::Json,
            FieldKind::Column(ColumnType::Utf8) => Writes::Strings,
            _ => Writes::Numbers,
        };
        Self { path: field.path().to_vec(), writes }
    }
}
