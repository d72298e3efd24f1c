//! The text of records and values.

use std::ops::Range;

use wandb_core::page::{Cell, CellKind, Column, Page};
use wandb_core::{Row, Value};

use crate::columns::{ColumnType, Field, FieldKind, PageColumns, Schema, TableError};

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Fields are separated by commas.
    Csv,
    /// Fields are separated by tabs.
    Tsv,
}

impl Dialect {
    /// Returns the ASCII character between two fields.
    pub(super) fn delimiter(self) -> u8 {
        match self {
            Self::Csv => b',',
            Self::Tsv => b'\t',
        }
    }

    pub(super) fn push_delimiter(self, text: &mut String) {
        // A match on constants is faster than a character that is known only at run time.
        match self {
            Self::Csv => text.push(','),
            Self::Tsv => text.push('\t'),
        }
    }

    /// Returns a kibibyte of delimiters.
    pub(super) fn delimiters(self) -> &'static str {
        const COMMAS: &str = match std::str::from_utf8(&[b','; 1 << 10]) {
            Ok(commas) => commas,
            Err(_) => ",",
        };
        const TABS: &str = match std::str::from_utf8(&[b'\t'; 1 << 10]) {
            Ok(tabs) => tabs,
            Err(_) => "\t",
        };
        match self {
            Self::Csv => COMMAS,
            Self::Tsv => TABS,
        }
    }

    /// Returns the record of the column names.
    pub(super) fn header(self, schema: &Schema) -> String {
        let mut header = String::new();
        self.push_record(schema.fields(), &mut header, |field, text| self.push_string(field.name(), text));
        header
    }

    pub(super) fn push_rows(
        self,
        schema: &Schema,
        rows: &[Row],
        text: &mut String,
    ) -> Result<(), TableError> {
        for row in rows {
            let mut cells = schema.layout.cells();
            schema.layout.fill(row, &mut cells)?;
            let mut values = cells.values();
            self.push_record(schema.fields(), text, |field, text| {
                if let Some(value) = values.next().flatten() {
                    self.push_value(field, value, text);
                }
            });
        }
        Ok(())
    }

    fn push_record(self, fields: &[Field], text: &mut String, mut push: impl FnMut(&Field, &mut String)) {
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                self.push_delimiter(text);
            }
            push(field, text);
        }
        text.push('\n');
    }

    pub(super) fn push_page(self, schema: &Schema, page: &Page, rows: Range<usize>, text: &mut String) {
        let mut columns: Vec<Option<Column<'_>>> = vec![None; schema.fields().len()];
        // A page matches the schema here: a table with a column for the rest is wide, and is spooled instead.
        for (slot, column) in PageColumns::of(&schema.layout, page).into_iter().flat_map(|page| page.by_slot)
        {
            columns[slot] = Some(column);
        }
        for row in rows {
            for (index, (field, column)) in schema.fields().iter().zip(&columns).enumerate() {
                if index > 0 {
                    self.push_delimiter(text);
                }
                if let Some(column) = column {
                    self.push_cell(field, column.cell(row), text);
                }
            }
            text.push('\n');
        }
    }

    pub(super) fn push_cell(self, field: &Field, cell: Cell<'_>, text: &mut String) {
        match cell.kind() {
            CellKind::Float | CellKind::Int | CellKind::BigInt => cell.write_text(text),
            CellKind::Missing | CellKind::Null => {}
            CellKind::String if !is_json(field) => self.push_string(cell.text(), text),
            CellKind::List | CellKind::Object | CellKind::Record => self.push_string(cell.text(), text),
            _ => {
                if let Some(value) = cell.to_value() {
                    self.push_value(field, &value, text);
                }
            }
        }
    }

    pub(super) fn push_value(self, field: &Field, value: &Value, text: &mut String) {
        match value {
            // Non-finite numbers are strings in JSON.
            Value::Float(float) if !float.is_finite() && is_json(field) => {
                self.push_string(&value.to_json(), text);
            }
            Value::Float(float) if float.is_nan() => text.push_str("NaN"),
            Value::String(string) if !is_json(field) => self.push_string(string, text),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::BigInt(_) => value.write_json(text),
            Value::Float(float) if float.is_finite() => value.write_json(text),
            Value::Float(float) => text.push_str(if *float > 0.0 { "Infinity" } else { "-Infinity" }),
            Value::String(_) | Value::List(_) | Value::Map(_) => self.push_string(&value.to_json(), text),
        }
    }

    pub(super) fn push_string(self, string: &str, text: &mut String) {
        if !string.is_empty() && !string.contains(['"', char::from(self.delimiter()), '\n', '\r']) {
            text.push_str(string);
            return;
        }
        text.push('"');
        for (index, part) in string.split('"').enumerate() {
            if index > 0 {
                text.push_str("\"\"");
            }
            text.push_str(part);
        }
        text.push('"');
    }
}

fn is_json(field: &Field) -> bool {
    matches!(field.kind(), FieldKind::Column(ColumnType::Json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_delimiter_of_the_dialect_is_quoted() {
        let quoted = |dialect: Dialect, string| {
            let mut text = String::new();
            dialect.push_string(string, &mut text);
            text
        };
        assert_eq!(quoted(Dialect::Csv, "a,b"), "\"a,b\"");
        assert_eq!(quoted(Dialect::Csv, "a\tb"), "a\tb");
        assert_eq!(quoted(Dialect::Tsv, "a,b"), "a,b");
        assert_eq!(quoted(Dialect::Tsv, "a\tb"), "\"a\tb\"");
    }
}
