//! Rows to Arrow record batches.

mod batch_resizer;
mod batches;
mod datum;
mod scatter;
mod scattered_batches;
mod schema_adapter;
mod to_arrow;

pub(crate) use batch_resizer::BatchResizer;
pub use batches::{RecordBatches, batches, batches_of, batches_of_table, batches_with};
pub(crate) use datum::Datum;
pub(crate) use scatter::{Scatter, Scatterer};
pub(crate) use scattered_batches::ScatteredBatches;
pub use schema_adapter::SchemaAdapter;
pub(crate) use to_arrow::BatchBuilder;
pub use to_arrow::arrow_schema;
