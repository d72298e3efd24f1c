//! Adapts record batches of several files, each with a subset of a table's columns, to the table's schema.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Float64Array, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{DataType, SchemaRef};

use super::to_arrow::{BatchBuilder, arrow_schema};
use crate::columns::{Schema, TableError};
use crate::rows::{Batch, Portion};

/// Builds batches of one schema from rows, and from batches that lack some columns or have integers in float
/// columns.
#[derive(Debug)]
pub struct SchemaAdapter {
    schema: Schema,
    arrow: SchemaRef,
    /// The schema of the last batch, and the index in it of each table column.
    last: Option<(SchemaRef, Vec<Option<usize>>)>,
}

impl SchemaAdapter {
    /// Creates an adapter to a schema.
    pub fn new(schema: Schema) -> Self {
        Self { arrow: arrow_schema(&schema), schema, last: None }
    }

    /// Returns the rows as a record batch of the schema.
    pub fn batch(&mut self, batch: &Batch) -> Result<RecordBatch, TableError> {
        match batch {
            Batch::Columns(columns) => self.columns(columns),
            batch => {
                let rows = Portion::Rows(batch.clone().into_rows()?);
                BatchBuilder::new(&self.schema).build(&rows)
            }
        }
    }

    fn columns(&mut self, batch: &RecordBatch) -> Result<RecordBatch, TableError> {
        let (schema, places) = match self.last.take() {
            Some((schema, places)) if Arc::ptr_eq(&schema, batch.schema_ref()) => (schema, places),
            _ => (batch.schema(), places(&self.arrow, batch.schema_ref())),
        };
        let columns = places.iter().zip(self.arrow.fields()).map(|(place, field)| match place {
            Some(place) => fitting(batch.column(*place), field.data_type()),
            None => new_null_array(field.data_type(), batch.num_rows()),
        });
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let fitted =
            RecordBatch::try_new_with_options(SchemaRef::clone(&self.arrow), columns.collect(), &options);
        self.last = Some((schema, places));
        fitted.map_err(TableError::Arrow)
    }
}

fn places(target: &SchemaRef, source: &SchemaRef) -> Vec<Option<usize>> {
    let names = source.fields().iter().enumerate().map(|(index, field)| (field.name(), index));
    let names: HashMap<&String, usize> = names.collect();
    target.fields().iter().map(|field| names.get(field.name()).copied()).collect()
}

/// Casts `array` to the wanted type. The caller has checked that every integer is an exact double.
#[expect(clippy::cast_precision_loss, reason = "the integers are known to be doubles")]
fn fitting(array: &ArrayRef, wanted: &DataType) -> ArrayRef {
    match (array.data_type(), wanted) {
        (DataType::Int64, DataType::Float64) => {
            let floats: Float64Array = array.as_primitive::<Int64Type>().unary(|integer| integer as f64);
            Arc::new(floats)
        }
        // An all-null column may have any type.
        (is, wanted) if is != wanted && array.null_count() == array.len() => {
            new_null_array(wanted, array.len())
        }
        _ => ArrayRef::clone(array),
    }
}
