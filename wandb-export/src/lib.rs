//! Export runs, metrics, files and settings from Weights & Biases, complete and exact

pub mod sink;
#[cfg(any(feature = "csv", feature = "parquet"))]
mod spool;
pub mod table;
