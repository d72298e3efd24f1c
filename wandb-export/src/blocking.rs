//! The blocking API, for programs without an async runtime. Methods return values and iterators.
//!
//! Every method calls the async API and blocks until it is done. It can be called from any thread, also inside an
//! async program, whose thread it then blocks.

mod api;
mod artifact;
mod artifacts;
mod console;
mod files;
mod history;
mod iter;
mod list_reader;
mod media;
#[cfg(feature = "mirror")]
mod mirror;
mod run;
mod runs;
mod sweep;
mod table;
mod update;

pub use api::Api;
pub use artifact::{Artifact, ArtifactFile, ArtifactFiles};
pub use artifacts::{Artifacts, Registries};
pub use console::Console;
pub use files::{Files, RunFile};
pub use history::{History, HistoryFollower, HistoryReader, ScanHistory, SystemMetrics};
pub use iter::Iter;
pub use list_reader::ListReader;
pub use media::Media;
#[cfg(feature = "mirror")]
pub use mirror::Mirror;
pub use run::Run;
pub use runs::Runs;
pub use sweep::Sweep;
pub use table::{Table, TableReader};
pub use update::Update;
pub use wandb_core::blocking::{BlockingAdapter, Body, Response, Transport, block_on};
