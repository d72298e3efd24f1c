//! Converts rows to Arrow record batches.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field as ArrowField, Fields, Schema as ArrowSchema, SchemaRef};
use wandb_core::page::{Cell, CellKind, Page};
use wandb_core::{Map, Row, Value};

use super::datum::Datum;
use crate::columns::{ColumnType, Field, FieldKind, PageColumns, Schema, TableError, cell_as_f64};
use crate::from_arrow::METADATA_KEY;
use crate::rows::Portion;

/// Builds record batches from rows that fit a schema.
#[derive(Debug)]
pub(crate) struct BatchBuilder<'schema> {
    schema: &'schema Schema,
}

/// Returns the Arrow schema of the batches of `schema`.
pub fn arrow_schema(schema: &Schema) -> SchemaRef {
    let fields: Fields = schema.fields().iter().map(|field| arrow_field(field, true)).collect();
    Arc::new(ArrowSchema::new(fields))
}

impl<'schema> BatchBuilder<'schema> {
    pub(crate) fn new(schema: &'schema Schema) -> Self {
        Self { schema }
    }

    /// Builds one batch of all `rows`.
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
            for (column, value) in columns.iter_mut().zip(cells.values()) {
                column.append(value)?;
            }
            for (marks, mark) in marks.iter_mut().zip(&cells.marks) {
                marks.push(*mark);
            }
        }
        arrays(self.schema.fields(), &mut columns, &mut marks)
    }

    /// Builds arrays from a page column by column. A page has no objects to split, so its columns match the
    /// schema's.
    fn arrays_of_page(&self, page: &Page, rows: Range<usize>) -> Result<Vec<ArrayRef>, TableError> {
        let Some(PageColumns { by_slot }) = PageColumns::of(&self.schema.layout, page) else {
            return self.arrays_of_rows(&page.to_rows()[rows]);
        };
        let mut columns = Vec::with_capacity(self.schema.column_count());
        collect_columns(self.schema.fields(), rows.len(), &mut columns);
        let mut cells = by_slot.into_iter().peekable();
        for (slot, column) in columns.iter_mut().enumerate() {
            match cells.next_if(|(own, _)| *own == slot) {
                Some((_, cells)) => rows.clone().try_for_each(|row| column.append_cell(cells.cell(row)))?,
                None => column.values.append_nulls(rows.len()),
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
    let is_own_key = match field.path() {
        // The column for the rest has no path.
        [] => true,
        [key] => key == field.name(),
        _ => false,
    };
    if field.path().is_empty() {
        notes.insert("rest", true);
    }
    if outermost && !is_own_key {
        notes.insert("path", field.path().iter().map(|key| Value::from(key.as_str())).collect::<Vec<_>>());
    }
    let arrow = ArrowField::new(field.name(), data_type, true);
    if notes.is_empty() {
        return arrow;
    }
    // A single entry, because the order of several would differ between processes.
    arrow.with_metadata(HashMap::from([(METADATA_KEY.to_owned(), Value::Map(notes).to_json())]))
}

/// Builds the Arrow array of one column.
struct Column<'schema> {
    name: &'schema str,
    holds: ColumnType,
    values: Values,
}

pub(super) enum Values {
    Bool(BooleanBuilder),
    Int64(Int64Builder),
    Float64(Float64Builder),
    Text(StringBuilder),
}

/// Adds the columns of `fields` in slot order.
fn collect_columns<'schema>(fields: &'schema [Field], rows: usize, columns: &mut Vec<Column<'schema>>) {
    for field in fields {
        match field.kind() {
            FieldKind::Struct(fields) => collect_columns(fields, rows, columns),
            FieldKind::Column(column_type) => columns.push(Column {
                name: field.name(),
                holds: *column_type,
                values: Values::new(*column_type, rows),
            }),
        }
    }
}

impl Column<'_> {
    fn append(&mut self, value: Option<&Value>) -> Result<(), TableError> {
        match value {
            Some(value) => self.values.append(&Datum::of_value(self.name, self.holds, value)?),
            None => self.values.append_null(),
        }
        Ok(())
    }

    fn append_cell(&mut self, cell: Cell<'_>) -> Result<(), TableError> {
        // Fast path: most cells are floats.
        if let (Values::Float64(values), CellKind::Float) = (&mut self.values, cell.kind())
            && let Some(value) = cell_as_f64(cell)
        {
            values.append_value(value);
            return Ok(());
        }
        match Datum::of_cell(self.name, self.holds, cell)? {
            Some(datum) => self.values.append(&datum),
            None => self.values.append_null(),
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        self.values.finish()
    }
}

impl Values {
    pub(super) fn new(holds: ColumnType, rows: usize) -> Self {
        match holds {
            ColumnType::Bool => Self::Bool(BooleanBuilder::with_capacity(rows)),
            ColumnType::Int64 => Self::Int64(Int64Builder::with_capacity(rows)),
            ColumnType::Float64 => Self::Float64(Float64Builder::with_capacity(rows)),
            ColumnType::Utf8 | ColumnType::Json => Self::Text(StringBuilder::with_capacity(rows, 0)),
        }
    }

    /// Appends a datum. Its constructor has already converted it to the column's type.
    #[inline]
    pub(super) fn append(&mut self, datum: &Datum<'_>) {
        match (self, datum) {
            (Self::Bool(values), Datum::Bool(value)) => values.append_value(*value),
            (Self::Int64(values), Datum::Int64(value)) => values.append_value(*value),
            (Self::Float64(values), Datum::Float64(value)) => values.append_value(*value),
            (Self::Text(values), Datum::Text(value)) => values.append_value(value),
            (values, _) => values.append_null(),
        }
    }

    #[inline]
    fn append_null(&mut self) {
        match self {
            Self::Bool(values) => values.append_null(),
            Self::Int64(values) => values.append_null(),
            Self::Float64(values) => values.append_null(),
            Self::Text(values) => values.append_null(),
        }
    }

    pub(super) fn append_nulls(&mut self, count: usize) {
        match self {
            Self::Bool(values) => values.append_nulls(count),
            Self::Int64(values) => values.append_nulls(count),
            Self::Float64(values) => values.append_nulls(count),
            Self::Text(values) => (0..count).for_each(|_| values.append_null()),
        }
    }

    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Bool(values) => ArrayBuilder::finish(values),
            Self::Int64(values) => ArrayBuilder::finish(values),
            Self::Float64(values) => ArrayBuilder::finish(values),
            Self::Text(values) => ArrayBuilder::finish(values),
        }
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
