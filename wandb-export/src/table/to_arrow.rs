//! Rows to Arrow record batches.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field as ArrowField, Fields, Schema as ArrowSchema, SchemaRef};
use wandb_core::page::{Cell, CellKind, Page};
use wandb_core::{Map, Row, Value};

use super::column_type::ColumnType;
use super::error::TableError;
use super::number::{digits_as_f64, int_as_f64};
use super::page;
use super::schema::{Field, FieldKind, Schema};
use super::tally::ValueKind;
use crate::spool::Portion;

/// The key of a field's metadata under which is written what the field's name and Arrow type do not say: a JSON
/// object with `"type": "json"` for JSON text, and `"path"` for keys that were joined with dots.
pub(super) const METADATA_KEY: &str = "wandb-export";

/// Makes record batches of rows that fit one schema.
#[derive(Debug)]
pub(crate) struct BatchBuilder<'schema> {
    schema: &'schema Schema,
}

/// The Arrow schema of the batches of `schema`.
pub(crate) fn arrow_schema(schema: &Schema) -> SchemaRef {
    let fields: Fields = schema.fields().iter().map(|field| arrow_field(field, true)).collect();
    Arc::new(ArrowSchema::new(fields))
}

impl<'schema> BatchBuilder<'schema> {
    pub(crate) fn new(schema: &'schema Schema) -> Self {
        Self { schema }
    }

    /// One batch of all the rows.
    pub(crate) fn build(&self, rows: &Portion) -> Result<RecordBatch, TableError> {
        let (rows, arrays) = match rows {
            Portion::Rows(rows) => (rows.len(), self.arrays_of_rows(rows)?),
            Portion::Page(page, rows) => (rows.len(), self.arrays_of_page(page, rows.clone())?),
            Portion::Columns(columns) => return Ok(columns.clone()),
        };
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(arrow_schema(self.schema), arrays, &options)
            .map_err(TableError::Arrow)
    }

    fn arrays_of_rows(&self, rows: &[Row]) -> Result<Vec<ArrayRef>, TableError> {
        let mut columns = Vec::with_capacity(self.schema.column_count());
        collect_columns(self.schema.fields(), rows.len(), &mut columns);
        let mut marks = vec![Vec::with_capacity(rows.len()); self.schema.layout.marks];

        for row in rows {
            let mut cells = self.schema.layout.cells();
            self.schema.layout.fill(row, &mut cells)?;
            for (column, value) in columns.iter_mut().zip(&cells.values) {
                column.append(*value)?;
            }
            for (marks, mark) in marks.iter_mut().zip(&cells.marks) {
                marks.push(*mark);
            }
        }
        arrays(self.schema.fields(), &mut columns, &mut marks)
    }

    /// A page has no objects that are taken apart, so its columns are the schema's own.
    fn arrays_of_page(&self, page: &Page, rows: Range<usize>) -> Result<Vec<ArrayRef>, TableError> {
        let mut columns = Vec::with_capacity(self.schema.column_count());
        collect_columns(self.schema.fields(), rows.len(), &mut columns);
        for (field, column) in self.schema.fields().iter().zip(&mut columns) {
            match field.in_page(page) {
                Some(cells) => rows.clone().try_for_each(|row| column.append_cell(cells.cell(row)))?,
                None => rows.clone().try_for_each(|_| column.append(None))?,
            }
        }
        Ok(columns.iter_mut().map(Column::finish).collect())
    }
}

fn arrow_field(field: &Field, outermost: bool) -> ArrowField {
    let data_type = match field.kind() {
        FieldKind::Column(ColumnType::Bool) => DataType::Boolean,
        FieldKind::Column(ColumnType::Int64) => DataType::Int64,
        FieldKind::Column(ColumnType::Float64) => DataType::Float64,
        FieldKind::Column(ColumnType::Utf8 | ColumnType::Json) => DataType::Utf8,
        FieldKind::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| arrow_field(field, false)).collect())
        }
    };
    let mut notes = Map::new();
    if matches!(field.kind(), FieldKind::Column(ColumnType::Json)) {
        notes.insert("type", "json");
    }
    if outermost && !matches!(field.path(), [key] if key == field.name()) {
        notes.insert("path", field.path().iter().map(|key| Value::from(key.as_str())).collect::<Vec<_>>());
    }
    let arrow = ArrowField::new(field.name(), data_type, true);
    if notes.is_empty() {
        return arrow;
    }
    // One entry only: the order of several would differ from one process to the next.
    arrow.with_metadata(HashMap::from([(METADATA_KEY.to_owned(), Value::Map(notes).to_json())]))
}

/// The values of one column on their way into an array.
struct Column<'schema> {
    name: &'schema str,
    holds: ColumnType,
    values: Values,
}

enum Values {
    Bool(BooleanBuilder),
    Int64(Int64Builder),
    Float64(Float64Builder),
    Text(StringBuilder),
}

/// Adds the columns of `fields` in the order of their slots.
fn collect_columns<'schema>(fields: &'schema [Field], rows: usize, columns: &mut Vec<Column<'schema>>) {
    for field in fields {
        match field.kind() {
            FieldKind::Struct(fields) => collect_columns(fields, rows, columns),
            FieldKind::Column(column_type) => columns.push(Column {
                name: field.name(),
                holds: *column_type,
                values: match column_type {
                    ColumnType::Bool => Values::Bool(BooleanBuilder::with_capacity(rows)),
                    ColumnType::Int64 => Values::Int64(Int64Builder::with_capacity(rows)),
                    ColumnType::Float64 => Values::Float64(Float64Builder::with_capacity(rows)),
                    ColumnType::Utf8 | ColumnType::Json => {
                        Values::Text(StringBuilder::with_capacity(rows, 0))
                    }
                },
            }),
        }
    }
}

impl Column<'_> {
    fn append(&mut self, value: Option<&Value>) -> Result<(), TableError> {
        match (&mut self.values, value) {
            (Values::Bool(values), None) => values.append_null(),
            (Values::Bool(values), Some(Value::Bool(value))) => values.append_value(*value),
            (Values::Int64(values), None) => values.append_null(),
            (Values::Int64(values), Some(Value::Int(value))) => values.append_value(*value),
            (Values::Float64(values), None) => values.append_null(),
            (Values::Float64(values), Some(value)) => match as_f64(value) {
                Some(value) => values.append_value(value),
                None => return Err(self.misfit(value)),
            },
            (Values::Text(values), None) => values.append_null(),
            (Values::Text(values), Some(value)) if self.holds == ColumnType::Json => {
                values.append_value(value.to_json());
            }
            (Values::Text(values), Some(Value::String(value))) => values.append_value(value),
            (_, Some(value)) => return Err(self.misfit(value)),
        }
        Ok(())
    }

    fn append_cell(&mut self, cell: Cell<'_>) -> Result<(), TableError> {
        match (&mut self.values, cell.kind()) {
            (_, CellKind::Missing | CellKind::Null) => return self.append(None),
            (Values::Float64(values), _) => match page::as_f64(cell) {
                Some(value) => values.append_value(value),
                None => return self.append(cell.to_value().as_ref()),
            },
            (Values::Text(values), CellKind::String) if self.holds == ColumnType::Utf8 => {
                values.append_value(cell.text());
            }
            (
                Values::Text(values),
                CellKind::BigInt | CellKind::List | CellKind::Object | CellKind::Record,
            ) if self.holds == ColumnType::Json => values.append_value(cell.text()),
            // Small numbers among JSON texts too: they are to look the same whether they came in a page or one by one.
            _ => return self.append(cell.to_value().as_ref()),
        }
        Ok(())
    }

    fn misfit(&self, value: &Value) -> TableError {
        TableError::Misfit { column: self.name.to_owned(), expected: self.holds, found: ValueKind::of(value) }
    }

    fn finish(&mut self) -> ArrayRef {
        match &mut self.values {
            Values::Bool(values) => ArrayBuilder::finish(values),
            Values::Int64(values) => ArrayBuilder::finish(values),
            Values::Float64(values) => ArrayBuilder::finish(values),
            Values::Text(values) => ArrayBuilder::finish(values),
        }
    }
}

/// The double that `value` is; `None` where a double would not be the same number.
fn as_f64(value: &Value) -> Option<f64> {
    match value {
        Value::Int(integer) => int_as_f64(*integer),
        Value::BigInt(integer) => digits_as_f64(integer.digits()),
        value => value.as_f64(),
    }
}

fn arrays(
    fields: &[Field],
    columns: &mut [Column<'_>],
    marks: &mut [Vec<bool>],
) -> Result<Vec<ArrayRef>, TableError> {
    fields
        .iter()
        .map(|field| match field.kind() {
            FieldKind::Column(_) => Ok(columns[field.slot].finish()),
            FieldKind::Struct(children) => {
                let arrow: Fields = children.iter().map(|field| arrow_field(field, false)).collect();
                let present = NullBuffer::from(std::mem::take(&mut marks[field.slot]));
                StructArray::try_new(arrow, arrays(children, columns, marks)?, Some(present))
                    .map(|array| Arc::new(array) as ArrayRef)
                    .map_err(TableError::Arrow)
            }
        })
        .collect()
}
