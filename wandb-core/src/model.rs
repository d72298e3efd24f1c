//! The data model of W&B: runs and their files, sweeps, projects, users, and the server itself.
//!
//! These are the answers of operations as plain values, and hold exactly the data that the server sent. A field that
//! was not requested, is withheld, or is unknown to the server is `None`, which is not the same as empty. Fields have
//! the names of the Python SDK and serialize under them; their docs name the GraphQL field.

mod config;
mod file;
mod histogram;
mod history_keys;
mod json;
mod media;
mod project;
mod run;
mod server;
mod state;
mod sweep;
mod timestamp;
mod user;

pub use config::Config;
pub use file::File;
pub use histogram::{Histogram, HistogramBin, HistogramError};
pub use history_keys::{HistoryKey, HistoryKeys, TypeCount};
pub use json::map_from_json;
pub use media::{MediaItem, MediaKind};
pub use project::Project;
pub use run::{Run, UnreadableField};
pub use server::{Feature, Server};
pub use state::RunState;
pub use sweep::{Goal, Sweep, SweepMetric, UnknownGoal};
pub use timestamp::Timestamp;
pub use user::User;
