//! Export runs, metrics, files and settings from Weights & Biases, complete and exact.
//!
//! [`Api`] is async and bound to no runtime; [`blocking::Api`] is the same without `.await` and without any runtime in
//! the tree. Both read the key and the settings where the Python SDK finds them.
//!
//! ```no_run
//! # #[cfg(feature = "blocking")] {
//! use wandb_export::blocking::Api;
//!
//! let api = Api::connect()?;
//! let run = api.run("my-team/my-project/abc123")?;
//! for row in run.history().keys(["loss"]).all().iter() {
//!     let row = row?;
//!     println!("{:?} {:?}", row.step(), row.get("loss"));
//! }
//! # }
//! # Ok::<(), wandb_export::Error>(())
//! ```
//!
//! Rows go into files through a [`sink::Sink`]: CSV, JSON Lines, Parquet, Arrow IPC, or a table on a terminal.
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | `async` | [`Api::connect`] over reqwest, for tokio |
//! | `blocking` | [`blocking::Api`] over ureq |
//! | `csv` | CSV |
//! | `files` | downloads of files into folders |
//! | `mirror` | whole projects on disk; brings `files` and `parquet` |
//! | `parquet` | Parquet, Arrow IPC and record batches |
//! | `terminal` | tables for people to read |
//! | `tls-webpki-roots` | HTTPS with Mozilla's certificates built in |
//! | `tls-native-roots` | HTTPS with the system's certificates |
//! | `cli` | the program `wandb-export` |
//! | `mock` | [`mock`] and [`simulation`], for tests of programs that use this library |

mod api;
mod batch;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod environment;
mod error;
#[cfg(feature = "files")]
pub mod files;
mod issue;
mod local;
#[cfg(feature = "mirror")]
pub mod mirror;
mod settling;
pub mod sink;
#[cfg(any(feature = "csv", feature = "parquet"))]
mod spool;
pub mod table;

#[cfg(feature = "files")]
pub use api::DownloadProgress;
pub use api::{
    Api, ApiBuilder, ComparedKey, Comparison, Console, Exported, Files, Follow, History, HistoryEnd,
    HistoryReader, ListReader, Run, RunColumns, RunCommand, RunFile, Runs, Section, Source, Stream, Sweep,
    Update, Updated,
};
pub use error::{Error, ErrorKind};
pub use issue::Issue;
pub use wandb_core::{
    ApiKey, BaseUrl, Environment, Map, PathDefaults, ProjectPath, Row, RunPath, SweepPath, Value, YamlError,
    client, model, operation, page, transport, update,
};
#[cfg(feature = "mock")]
pub use wandb_core::{mock, simulation};
pub use wandb_graphql::{ops, plan};
pub use wandb_runlog as runlog;

/// Compiles the programs in the README.
#[cfg(all(doctest, feature = "async", feature = "blocking", feature = "csv", feature = "mock"))]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// Compiles the programs in the page about the library.
#[cfg(all(doctest, feature = "async", feature = "blocking", feature = "csv", feature = "mock"))]
#[doc = include_str!("../../docs/library.md")]
pub struct LibraryPage;

/// Compiles and runs the programs in the page about testing.
#[cfg(all(doctest, feature = "async", feature = "blocking", feature = "csv", feature = "mock"))]
#[doc = include_str!("../../docs/testing.md")]
pub struct TestingPage;
