//! Comma-separated values.
//!
//! Written here rather than by the `csv` crate, whose writer has one quoting style for all fields: an empty string
//! has to differ from a missing value. The tests read everything back with that crate.

#[cfg(feature = "parquet")]
mod columns;

use std::io::Write as _;
use std::ops::Range;

use wandb_core::Value;
use wandb_core::page::{Cell, CellKind, Column, Page};

use super::columnar::Columnar;
use super::contract::Sink;
use super::encode::{Encode, WritePieces};
use super::error::SinkError;
use super::options::SinkOptions;
use super::output::Output;
use crate::spool::Portion;
use crate::table::{ColumnType, Field, FieldKind, Nested, Schema, TableError};

pub(super) fn sink(output: Output, options: &SinkOptions) -> Box<dyn Sink> {
    Box::new(Columnar::new(Csv, output, &options.table, Nested::Dotted))
}

#[derive(Clone, Copy)]
struct Csv;

impl Encode for Csv {
    type Piece = String;
    type Writer = Text;

    fn piece(self, schema: &Schema, rows: &Portion) -> Result<String, TableError> {
        // Numbers are about that long, with their comma.
        let mut text = String::with_capacity(rows.len() * schema.column_count() * 20);
        match rows {
            Portion::Rows(rows) => {
                for row in rows {
                    let mut cells = schema.layout.cells();
                    schema.layout.fill(row, &mut cells)?;
                    push_record(schema.fields(), &mut text, |field, text| match cells.values[field.slot] {
                        Some(value) => push_value(field, value, text),
                        None => push_nothing(schema, text),
                    });
                }
            }
            Portion::Page(page, rows) => push_page(schema, page, rows.clone(), &mut text),
            #[cfg(feature = "parquet")]
            Portion::Columns(batch) => columns::push_batch(batch, &mut text),
        }
        Ok(text)
    }

    fn begin(self, schema: &Schema, output: Output) -> Result<Text, SinkError> {
        let mut header = String::new();
        push_record(schema.fields(), &mut header, |field, text| push_string(field.name(), text));
        let mut text = Text(output);
        text.write(header)?;
        Ok(text)
    }
}

/// Text that is written as it comes.
struct Text(Output);

impl WritePieces for Text {
    type Piece = String;

    fn write(&mut self, piece: String) -> Result<(), SinkError> {
        self.0.write_all(piece.as_bytes()).map_err(|error| self.0.error(error))
    }

    fn finish(self) -> Result<Output, SinkError> {
        Ok(self.0)
    }
}

fn push_record(fields: &[Field], text: &mut String, mut push: impl FnMut(&Field, &mut String)) {
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push(field, text);
    }
    text.push('\n');
}

/// A line of nothing at all would be no record.
fn push_nothing(schema: &Schema, text: &mut String) {
    if schema.fields().len() == 1 {
        text.push_str("\"\"");
    }
}

fn push_page(schema: &Schema, page: &Page, rows: Range<usize>, text: &mut String) {
    let columns: Vec<Option<Column<'_>>> = schema.fields().iter().map(|field| field.in_page(page)).collect();
    for row in rows {
        for (index, (field, column)) in schema.fields().iter().zip(&columns).enumerate() {
            if index > 0 {
                text.push(',');
            }
            match column.map(|column| column.cell(row)) {
                Some(cell) => push_cell(schema, field, cell, text),
                None => push_nothing(schema, text),
            }
        }
        text.push('\n');
    }
}

fn push_cell(schema: &Schema, field: &Field, cell: Cell<'_>, text: &mut String) {
    match cell.kind() {
        CellKind::Float | CellKind::Int | CellKind::BigInt => text.push_str(cell.text()),
        CellKind::Missing | CellKind::Null => push_nothing(schema, text),
        CellKind::String if !is_json(field) => push_string(cell.text(), text),
        CellKind::List | CellKind::Object | CellKind::Record => push_string(cell.text(), text),
        _ => {
            if let Some(value) = cell.to_value() {
                push_value(field, &value, text);
            }
        }
    }
}

fn is_json(field: &Field) -> bool {
    matches!(field.kind(), FieldKind::Column(ColumnType::Json))
}

fn push_value(field: &Field, value: &Value, text: &mut String) {
    match value {
        Value::Float(float) if float.is_nan() => text.push_str("NaN"),
        Value::String(string) if !is_json(field) => push_string(string, text),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::BigInt(_) => value.write_json(text),
        Value::Float(float) if float.is_finite() => value.write_json(text),
        Value::Float(float) => text.push_str(if *float > 0.0 { "Infinity" } else { "-Infinity" }),
        Value::String(_) | Value::List(_) | Value::Map(_) => push_string(&value.to_json(), text),
    }
}

fn push_string(string: &str, text: &mut String) {
    if !string.is_empty() && !string.contains(['"', ',', '\n', '\r']) {
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

#[cfg(test)]
mod tests;
