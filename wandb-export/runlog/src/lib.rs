//! Reads the `.wandb` files that the Weights & Biases SDK writes for every run, on- or offline.
//!
//! A file is read from whatever implements [`Read`](std::io::Read), record by record, in memory that does not grow with
//! it. Damage is passed over and told; see [`log`].
//!
//! - [`Facts`]: what the run is, its config and summary.
//! - [`HistoryReader`]: the rows that it has logged.
//! - [`SystemReader`]: what the machine measured meanwhile.
//! - [`ConsoleReader`]: what it printed.

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
pub use rows::{HistoryReader, Mark, Next, Rows, Selection};
pub use system::SystemReader;
