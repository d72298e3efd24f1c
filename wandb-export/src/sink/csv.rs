//! Comma-separated values.
//!
//! Written here rather than by the `csv` crate, whose writer has one quoting style for all fields: an empty string
//! has to differ from a missing value. The tests read everything back with that crate.

use std::io::Write as _;

use wandb_core::Value;

use super::contract::Sink;
use super::encode::{Columnar, Encode};
use super::error::SinkError;
use super::options::SinkOptions;
use super::output::Output;
use crate::spool::SpooledBatches;
use crate::table::{ColumnType, Field, FieldKind, Nested, Schema};

/// How much text to gather before it is written.
const CHUNK: usize = 64 << 10;

pub(super) fn sink(output: Output, options: &SinkOptions) -> Box<dyn Sink> {
    Box::new(Columnar::new(Csv, output, &options.table, Nested::Dotted))
}

struct Csv;

impl Encode for Csv {
    fn encode(&self, schema: &Schema, rows: SpooledBatches, output: &mut Output) -> Result<(), SinkError> {
        let mut text = String::new();
        push_record(schema.fields(), &mut text, |field, text| push_string(field.name(), text));
        for batch in rows {
            let batch = batch?;
            let mut cells = schema.layout.cells();
            for row in &batch {
                schema.layout.fill(row, &mut cells)?;
                push_record(schema.fields(), &mut text, |field, text| match cells.values[field.slot] {
                    Some(value) => push_value(field, value, text),
                    // A line of nothing at all would be no record.
                    None if schema.fields().len() == 1 => text.push_str("\"\""),
                    None => {}
                });
                if text.len() >= CHUNK {
                    write(&mut text, output)?;
                }
            }
        }
        write(&mut text, output)
    }
}

fn write(text: &mut String, output: &mut Output) -> Result<(), SinkError> {
    let written = output.write_all(text.as_bytes());
    text.clear();
    written.map_err(|error| output.error(error))
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

fn push_value(field: &Field, value: &Value, text: &mut String) {
    let is_json = matches!(field.kind(), FieldKind::Column(ColumnType::Json));
    match value {
        Value::Float(float) if float.is_nan() => text.push_str("NaN"),
        Value::String(string) if !is_json => push_string(string, text),
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
