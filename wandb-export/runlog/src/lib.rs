//! Reads the `.wandb` files that the Weights & Biases SDK writes for every run, online or offline.
//!
//! Reads a file record by record from any [`Read`](std::io::Read), in constant memory. Skips and reports damage; see
//! [`log`].
//!
//! - [`Facts`]: the run, its config and summary.
//! - [`HistoryReader`]: the logged rows.
//! - [`SystemReader`]: the system metrics.
//! - [`ConsoleReader`]: the console output.

mod console;
mod facts;
mod flat;
mod items;
pub mod log;
mod metrics;
mod proto;
mod records;
mod rows;
mod steps;
mod system;
mod time;

pub use console::ConsoleReader;
pub use facts::{Alert, Artifact, Branch, Facts};
pub use records::Losses;
pub use rows::{HistoryReader, Rows, Selection};
#[doc(hidden)]
pub use rows::{NextBatch, ResumePoint};
pub use system::SystemReader;
