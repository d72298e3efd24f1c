//! Rows on their way to a file: batches, and the spool that holds them until all columns are known.

mod batch;
#[cfg(any(feature = "csv", feature = "parquet"))]
mod spool;
#[cfg(feature = "parquet")]
mod table_spool;

pub use batch::Batch;
#[cfg(feature = "parquet")]
pub(crate) use batch::is_wide;
#[cfg(any(feature = "csv", feature = "parquet"))]
pub use batch::rows_at_once;
#[cfg(feature = "parquet")]
pub(crate) use spool::Portions;
#[cfg(any(feature = "csv", feature = "parquet"))]
pub(crate) use spool::{Portion, Spool};
#[cfg(feature = "parquet")]
pub(crate) use table_spool::TableSpool;
