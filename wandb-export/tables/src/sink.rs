//! Sinks that write rows to files and streams, in one of several formats.
//!
//! A [`Sink`] takes rows in order, in batches of any size, and is finished once. An [`Output`] receives the
//! bytes. A file is written to a temporary file beside its destination and renamed when complete, so a
//! failure leaves any existing file unchanged. The same rows always give the same bytes.
//!
//! ```
//! use wandb_core::Row;
//! use wandb_tables::{Format, Output, SinkOptions};
//!
//! let directory = tempfile::tempdir()?;
//! let path = directory.path().join("history.jsonl");
//! let mut sink = Format::from_path(&path)?.sink(Output::file(&path)?, &SinkOptions::default())?;
//! sink.write(&[Row::parse(br#"{"_step": 0, "loss": 0.5}"#)?])?;
//! let report = sink.finish()?;
//! assert_eq!((report.rows, report.bytes), (1, 23));
//! assert_eq!(std::fs::read_to_string(&path)?, "{\"_step\":0,\"loss\":0.5}\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "parquet")]
mod columnar;
#[cfg(feature = "parquet")]
mod encoder;
mod error;
mod file;
mod format;
mod jsonl;
mod options;
mod output;
mod place;
mod sink_trait;
#[cfg(feature = "parquet")]
mod worker_task;

#[cfg(feature = "parquet")]
mod arrow;
#[cfg(feature = "csv")]
mod csv;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod shared_output;
#[cfg(feature = "terminal")]
mod terminal;

#[cfg(test)]
mod conformance;

pub use error::SinkError;
pub use format::Format;
pub use options::{SinkOptions, TerminalOptions};
pub use output::Output;
pub use place::is_stream;
pub use sink_trait::{Sink, SinkReport};
