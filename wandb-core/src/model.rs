//! The data model of W&B: runs and their files, artifacts, sweeps, projects, users, and the server itself.
//!
//! These are the answers of operations as plain values, and hold exactly the data that the server sent. A field that
//! was not requested, is withheld, or is unknown to the server is `None`, which is not the same as empty. Fields have
//! the names of the Python SDK and serialize under them; their docs name the GraphQL field.

mod artifact;
mod artifact_collection;
mod config;
mod file;
mod histogram;
mod history_keys;
mod json;
mod manifest;
mod media;
mod project;
mod run;
mod server;
mod state;
mod sweep;
mod timestamp;
mod user;
mod view;

pub use artifact::{Artifact, ArtifactSource, DigestAlgorithm, UnknownDigestAlgorithm};
pub use artifact_collection::{
    ArtifactCollection, ArtifactMembership, ArtifactType, CollectionKind, Registry,
};
pub use config::Config;
pub use file::File;
pub use histogram::{Histogram, HistogramBin, HistogramError};
pub use history_keys::{HistoryKey, HistoryKeys, TypeCount};
pub use json::map_from_json;
pub use manifest::{Manifest, ManifestEntry, ManifestError, StorageLayout};
pub use media::{MediaItem, MediaKind};
pub use project::Project;
pub use run::{Run, UnreadableField};
pub use server::{Feature, Server};
pub use state::RunState;
pub use sweep::{Goal, Sweep, SweepMetric, UnknownGoal};
pub use timestamp::Timestamp;
pub use user::User;
pub use view::{View, ViewKind};
