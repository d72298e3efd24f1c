//! Reorders the columns of record batches as requested.

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::SchemaRef;

use crate::arrow::arrow_schema;
use crate::columns::{Schema, TableError, TableOptions, with_requested_first};

/// Maps the columns of the input to the columns written.
pub(super) struct ColumnOrder {
    schema: Schema,
    arrow: SchemaRef,
    /// For each column written, its index in the input, if it is there.
    places: Vec<Option<usize>>,
}

impl ColumnOrder {
    pub(super) fn new(schema: &Schema, options: &TableOptions) -> Self {
        let target = with_requested_first(schema.clone(), &options.columns);
        let place = |path: &[String]| schema.fields().iter().position(|field| field.path() == path);
        let places = target.fields().iter().map(|field| place(field.path())).collect();
        Self { arrow: arrow_schema(&target), schema: target, places }
    }

    /// Returns the schema of the columns written.
    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(super) fn arrow_schema(&self) -> &SchemaRef {
        &self.arrow
    }

    pub(super) fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, TableError> {
        let schema = self.arrow_schema();
        let columns = self.places.iter().zip(schema.fields()).map(|(place, field)| match place {
            Some(place) => ArrayRef::clone(batch.column(*place)),
            None => new_null_array(field.data_type(), batch.num_rows()),
        });
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(SchemaRef::clone(schema), columns.collect(), &options)
            .map_err(TableError::Arrow)
    }
}
