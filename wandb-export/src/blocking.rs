//! The same API for programs without an async runtime: methods return values and iterators.
//!
//! Everything here hands over to the async API and waits; there is no logic of its own. It may be called from any
//! thread, also inside an async program (it holds that thread).

mod api;
mod console;
mod files;
mod history;
mod iter;
mod list_reader;
#[cfg(feature = "mirror")]
mod mirror;
mod run;
mod runs;
mod sweep;
mod update;

pub use api::Api;
pub use console::Console;
pub use files::{Files, RunFile};
pub use history::{Follow, History, HistoryReader};
pub use iter::Iter;
pub use list_reader::ListReader;
#[cfg(feature = "mirror")]
pub use mirror::Mirror;
pub use run::Run;
pub use runs::Runs;
pub use sweep::Sweep;
pub use update::Update;
