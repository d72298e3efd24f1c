//! Reads the `.wandb` files that the Python SDK writes for every run, from any [`Read`](std::io::Read).
//!
//! [`Api::run`](crate::Api::run) reads them like runs on a server, several sessions as one run. The readers here read a
//! single file.

pub use wandb_runlog::log::{Damage, DamageKind};
pub use wandb_runlog::{
    Alert, Artifact, Branch, ConsoleReader, Facts, HistoryReader, Losses, Rows, Selection, SystemReader,
};
