//! Rows to Arrow record batches.

mod batches;
mod datum;
mod fit;
mod same_size;
mod scatter;
mod scattered_batches;
mod to_arrow;

pub use batches::{RecordBatches, batches, batches_of, batches_of_table, batches_with};
pub(crate) use datum::Datum;
pub use fit::Fit;
pub(crate) use same_size::SameSize;
pub(crate) use scatter::{Scatter, Scatterer};
pub(crate) use scattered_batches::ScatteredBatches;
pub(crate) use to_arrow::BatchBuilder;
pub use to_arrow::arrow_schema;
