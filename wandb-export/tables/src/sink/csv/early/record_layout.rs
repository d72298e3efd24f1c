//! The columns of CSV records, as needed to rewrite them.

use serde::{Deserialize, Serialize};

use crate::columns::{ColumnType, Field, FieldKind, Schema};

/// The columns of some records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RecordLayout(pub(super) Vec<Column>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Column {
    /// The keys that lead to the values. They identify a column; its name may still change.
    pub(super) path: Vec<String>,
    pub(super) values: ColumnValues,
}

/// How strings in a column are written. Numbers have the same text in any column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ColumnValues {
    /// Strings as plain text. All values are strings.
    Strings,
    /// Strings as plain text. The only strings are non-finite numbers.
    Numbers,
    /// Strings as JSON.
    Json,
}

impl RecordLayout {
    pub(super) fn of(schema: &Schema) -> Self {
        Self(schema.fields().iter().map(Column::of).collect())
    }

    /// Returns whether records of the layout `before` have the same text in this layout.
    pub(super) fn keeps(&self, before: &Self) -> bool {
        self.0.len() == before.0.len()
            && self.0.iter().zip(&before.0).all(|(now, before)| {
                let same_strings = now.values != ColumnValues::Json || before.values == ColumnValues::Json;
                now.path == before.path && same_strings
            })
    }
}

impl Column {
    fn of(field: &Field) -> Self {
        let values = match field.kind() {
            FieldKind::Column(ColumnType::Json) => ColumnValues::Json,
            FieldKind::Column(ColumnType::Utf8) => ColumnValues::Strings,
            _ => ColumnValues::Numbers,
        };
        Self { path: field.path().to_vec(), values }
    }
}
