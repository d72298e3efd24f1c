//! What W&B keeps: runs and their files, sweeps, projects, users, the server itself.
//!
//! These are the answers of operations as plain values. They hold what the server said, no more: where a field was
//! not asked for, is withheld or is unknown to the server, it is `None`, which is not the same as empty. Field names
//! are those of the Python SDK; each says which GraphQL field it comes from. They serialize under these names.

mod config;
mod file;
mod histogram;
mod history_keys;
mod json;
mod project;
mod run;
mod server;
mod state;
mod sweep;
mod timestamp;
mod user;

pub use config::Config;
pub use file::File;
pub use histogram::{Histogram, HistogramError};
pub use history_keys::{HistoryKey, HistoryKeys, TypeCount};
pub use json::map_from_json;
pub use project::Project;
pub use run::{Run, UnreadableField};
pub use server::{Feature, Server};
pub use state::RunState;
pub use sweep::{Goal, Sweep, SweepMetric, UnknownGoal};
pub use timestamp::Timestamp;
pub use user::User;
