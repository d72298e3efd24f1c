//! Domain types, credentials, transports and the runtime-free client for Weights & Biases.

mod auth;
mod base_url;
pub mod blocking;
pub mod client;
mod duration;
mod environment;
pub mod error;
#[cfg(feature = "mock")]
pub mod mock;
pub mod model;
pub mod operation;
pub mod page;
mod path;
mod row;
pub mod run_row;
mod settings;
#[cfg(feature = "mock")]
pub mod simulation;
pub mod text;
pub mod transport;
pub mod update;
mod value;
#[doc(hidden)]
pub mod workers;

/// Pages as text and bytes, for the other crates of this workspace. No part of the public interface.
#[doc(hidden)]
pub mod internal {
    pub use crate::page::build::PageBuilder;
    pub use crate::page::pack::PackedPage;
    pub use crate::page::read::{ReadRows, RowEncoding, read_rows};
}

pub use auth::{ApiKey, ApiKeyError, AuthError, Credential, CredentialSource};
pub use base_url::{BaseUrl, BaseUrlError};
pub use environment::{Environment, Files};
pub use path::{
    ArtifactPath, ArtifactUri, PartialArtifactPath, PartialProjectPath, PartialRunPath, PartialSweepPath,
    PathDefaults, PathError, PathKind, ProjectPage, ProjectPath, RunPath, SweepPath,
};
pub use row::Row;
pub use settings::{Setting, SettingSource, Settings, SettingsError};
pub use value::{BigInt, DeserializeError, MAX_DEPTH, Map, Repairs, Value, ValueError, YamlError};
