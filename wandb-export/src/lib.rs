//! Exports runs, metrics, files and settings from Weights & Biases, complete and exact.
//!
//! [`Api`] is async and works with any runtime. [`blocking::Api`] has the same methods without `.await`, and pulls in
//! no async runtime. Both look for the API key and the settings in the same places as the Python SDK.
//!
//! ```no_run
//! # #[cfg(feature = "blocking")] {
//! use wandb_export::blocking::Api;
//!
//! let api = Api::connect()?;
//! let run = api.run("my-team/my-project/abc123")?;
//! for row in run.scan_history().keys(["loss"]).iter() {
//!     let row = row?;
//!     println!("{:?} {:?}", row.step(), row.get("loss"));
//! }
//! # }
//! # Ok::<(), wandb_export::Error>(())
//! ```
//!
//! A [`sink::Sink`] writes rows to files: CSV, JSON Lines, Parquet, Arrow IPC, or a table on a terminal.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `async` | [`Api::connect`] over reqwest, which needs tokio |
//! | `blocking` | [`blocking::Api`] over ureq |
//! | `csv` | CSV |
//! | `files` | file downloads into folders |
//! | `mirror` | whole projects on disk; enables `files` and `parquet` |
//! | `parquet` | Parquet, Arrow IPC and record batches |
//! | `reports` | reports as Markdown |
//! | `terminal` | human-readable tables |
//! | `tls-webpki-roots` | HTTPS with Mozilla's certificates built in |
//! | `tls-native-roots` | HTTPS with the system's certificates |
//! | `cli` | the `wandb-export` program |
//! | `mock` | [`mock`] and [`simulation`], to test programs that use this library |

mod api;
#[cfg(feature = "cli")]
mod artifact_row;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod client;
#[cfg(feature = "mirror")]
mod copy;
#[cfg(feature = "files")]
mod download;
mod environment;
mod error;
#[cfg(feature = "files")]
pub mod files;
mod issue;
#[cfg(feature = "mirror")]
pub mod mirror;
pub mod operation;
pub mod ops;
pub mod page;
#[cfg(feature = "reports")]
mod reports;
mod run_rows;
pub mod runlog;
pub mod sink;
mod source;
pub mod table;
pub mod transport;

pub use api::{
    Api, ApiBuilder, Artifact, ArtifactFile, ArtifactFiles, Artifacts, ComparedKey, ComparedSection,
    Comparison, Console, Files, History, HistoryFollower, HistoryReader, HistoryReport, HistorySource,
    ListReader, Media, Registries, Run, RunCommand, RunFile, Runs, ScanHistory, Sweep, SystemMetrics, Table,
    TableReader, Update, UpdateReport, WriteReport,
};
#[cfg(feature = "files")]
pub use download::DownloadProgress;
pub use error::{Error, ErrorKind};
pub use issue::Issue;
#[cfg(feature = "reports")]
pub use reports::report_to_markdown;
pub use run_rows::RunColumns;
pub use wandb_core::Files as EnvironmentFiles;
pub use wandb_core::error::{Error as RequestError, RequestLabel};
pub use wandb_core::{
    ApiKey, ApiKeyError, ArtifactPath, ArtifactUri, AuthError, BaseUrl, BaseUrlError, BigInt,
    CredentialSource, DeserializeError, Environment, Map, PathDefaults, PathError, PathKind, ProjectPage,
    ProjectPath, Repairs, Row, RunPath, SettingSource, SettingsError, SweepPath, Value, ValueError,
    YamlError, model, update,
};
#[cfg(feature = "mock")]
pub use wandb_core::{mock, simulation};
pub use wandb_graphql::plan::HistoryGrowth;
pub use wandb_graphql::{
    Filter, FilterError, Keys, KeysError, Matcher, Order, OrderError, OrderKey, Samples, SamplesError,
};

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
