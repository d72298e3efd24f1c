//! Comma-separated values.
//!
//! This does not use the writer of the `csv` crate, which has one quoting style for all fields: here an empty
//! string must differ from a missing value. The tests read the output with that crate.

#[cfg(feature = "parquet")]
mod columns;
mod growing;
#[cfg(feature = "parquet")]
mod known;
mod record_rewriter;
mod record_spool;
mod shape;
mod wide;

use std::ops::Range;

use wandb_core::page::{Cell, CellKind, Column, Page};
use wandb_core::{Row, Value};

use self::growing::Growing;
use super::contract::{Sink, SinkReport};
use super::error::SinkError;
use super::options::SinkOptions;
use super::output::Output;
use crate::columns::{ColumnType, Field, FieldKind, PageColumns, Schema, TableError};
use crate::rows::Batch;

pub(super) fn sink(output: Output, options: &SinkOptions) -> Result<Box<dyn Sink>, SinkError> {
    Ok(Box::new(Csv {
        #[cfg(feature = "parquet")]
        options: options.table.clone(),
        name: output.name().to_owned(),
        divides_objects: options.table.divides_objects(crate::columns::Nested::Dotted),
        state: State::Growing(Box::new(Growing::new(output, &options.table)?)),
    }))
}

/// Writes rows as they arrive, or record batches with a known schema.
struct Csv {
    #[cfg(feature = "parquet")]
    options: crate::columns::TableOptions,
    name: String,
    divides_objects: bool,
    state: State,
}

enum State {
    Growing(Box<Growing>),
    #[cfg(feature = "parquet")]
    Known(Box<known::Known>),
    Failed,
}

impl Csv {
    fn failed(&self) -> SinkError {
        SinkError::Failed { output: self.name.clone() }
    }

    /// Marks the sink as failed after an error, so that it cannot be finished.
    fn note<T>(&mut self, done: Result<T, SinkError>) -> Result<T, SinkError> {
        if done.is_err() {
            self.state = State::Failed;
        }
        done
    }
}

impl Sink for Csv {
    fn divides_objects(&self) -> bool {
        self.divides_objects
    }

    fn write(&mut self, rows: &[Row]) -> Result<(), SinkError> {
        let written = match &mut self.state {
            State::Growing(growing) => growing.rows(rows),
            #[cfg(feature = "parquet")]
            State::Known(known) => known.write(rows),
            State::Failed => Err(self.failed()),
        };
        self.note(written)
    }

    #[cfg(feature = "parquet")]
    fn begin_columns(&mut self, schema: &Schema) -> Result<bool, SinkError> {
        match std::mem::replace(&mut self.state, State::Failed) {
            // An integer keeps its text even in a float column. Only rows preserve that text.
            State::Growing(growing)
                if growing.is_empty()
                    && !schema.widens
                    && !crate::rows::is_wide(schema)
                    && schema.column_count() <= self.options.max_columns =>
            {
                let mut known = Box::new(known::sink(growing.into_output(), &self.options));
                let begun = known.begin_columns(schema)?;
                self.state = State::Known(known);
                Ok(begun)
            }
            state => {
                self.state = state;
                Ok(false)
            }
        }
    }

    fn write_batch(&mut self, batch: &Batch) -> Result<(), SinkError> {
        let written = match (batch, &mut self.state) {
            (Batch::Page(page), State::Growing(growing)) => growing.page(page),
            #[cfg(feature = "parquet")]
            (_, State::Known(known)) => known.write_batch(batch),
            _ => return self.write(&batch.to_rows()?),
        };
        self.note(written)
    }

    fn finish(self: Box<Self>) -> Result<SinkReport, SinkError> {
        match self.state {
            State::Growing(growing) => growing.finish(),
            #[cfg(feature = "parquet")]
            State::Known(known) => known.finish(),
            State::Failed => Err(self.failed()),
        }
    }
}

fn header(schema: &Schema) -> String {
    let mut header = String::new();
    push_record(schema.fields(), &mut header, |field, text| push_string(field.name(), text));
    header
}

fn push_rows(schema: &Schema, rows: &[Row], text: &mut String) -> Result<(), TableError> {
    for row in rows {
        let mut cells = schema.layout.cells();
        schema.layout.fill(row, &mut cells)?;
        let mut values = cells.values();
        push_record(schema.fields(), text, |field, text| {
            if let Some(value) = values.next().flatten() {
                push_value(field, value, text);
            }
        });
    }
    Ok(())
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

fn push_page(schema: &Schema, page: &Page, rows: Range<usize>, text: &mut String) {
    let mut columns: Vec<Option<Column<'_>>> = vec![None; schema.fields().len()];
    // A page matches the schema here: a table with a column for the rest is wide, and is spooled instead.
    for (slot, column) in PageColumns::of(&schema.layout, page).into_iter().flat_map(|page| page.by_slot) {
        columns[slot] = Some(column);
    }
    for row in rows {
        for (index, (field, column)) in schema.fields().iter().zip(&columns).enumerate() {
            if index > 0 {
                text.push(',');
            }
            if let Some(column) = column {
                push_cell(field, column.cell(row), text);
            }
        }
        text.push('\n');
    }
}

fn push_cell(field: &Field, cell: Cell<'_>, text: &mut String) {
    match cell.kind() {
        CellKind::Float | CellKind::Int | CellKind::BigInt => cell.write_text(text),
        CellKind::Missing | CellKind::Null => {}
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
        // Non-finite numbers are strings in JSON.
        Value::Float(float) if !float.is_finite() && is_json(field) => push_string(&value.to_json(), text),
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
