//! The data behind a server, and the handle with which tests fill and inspect it.

mod artifacts;
mod axes;
mod blob;
mod columns;
mod export;
mod field;
mod filter;
mod generate;
mod generated;
mod handle;
mod history;
mod keys;
mod limits;
mod many;
mod persist;
mod run;
mod sampling;
mod seed;
mod shared;
mod source;
mod state;
mod storage;
mod sweep;

pub use artifacts::{
    ArtifactState, DigestAlgorithm, GeneratedArtifact, NewArtifact, NewReference, StorageLayout,
};
pub use axes::Axis;
pub use export::ExportOptions;
pub use generate::GeneratedRun;
pub use handle::{Store, StoreError};
pub use limits::RowLimits;
pub use run::RunState;
pub use seed::NewRun;
pub use storage::{DirectUrls, StorageBehaviour};
pub use sweep::NewSweep;

pub(crate) use artifacts::{
    Artifact, Artifacts, Collection, CollectionKind, Contents, Creator, Entry, LATEST, LinkTarget, Manifest,
    ManifestKind, Membership, NewVersion, TypeFacts, Use, decode_id, encode_id, file_key, hex_id,
    is_artifact_blob, is_artifact_file, part_key,
};
pub(crate) use blob::Blob;
pub(crate) use export::Export;
pub(crate) use field::{Order, nested};
pub(crate) use filter::Filter;
pub(crate) use history::write_json_string;
pub(crate) use run::{Run, blob_key, storage_id};
pub(crate) use sampling::{SampleSpec, object, sampled_rows, write_history_rows};
pub(crate) use shared::{Shared, Urls};
pub(crate) use state::{ProjectFacts, State, md5_base64};
pub(crate) use sweep::Sweep;
