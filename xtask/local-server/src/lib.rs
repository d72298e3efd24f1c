//! A local server that speaks the Weights & Biases protocol, for tests, demos and benches.
//!
//! The official Python SDK (0.31) can log to it online and read from it. Data is kept in memory, and saved to a
//! directory if one is configured. GraphQL queries are validated against a schema, with W&B's error messages. Files and
//! Parquet exports are served from signed URLs on a second port. The server can inject faults.
//!
//! ```
//! use serde_json::json;
//! use wandb_local_server::{Fault, FaultKind, Faults, LocalServer, NewRun, Options};
//!
//! let server = LocalServer::start(Options::default())?;
//! let store = server.store();
//! store.add_run(
//!     NewRun::new("team", "project", "run1")
//!         .config(&json!({ "lr": 0.1 }))
//!         .rows((0..10).map(|step| json!({ "_step": step, "loss": 1.0 / f64::from(step + 1) }))),
//! );
//! store.set_faults(Faults { faults: vec![Fault::next(1, FaultKind::Status(503))], ..Faults::default() });
//! // … point a client at server.base_url() with server.api_key() …
//! assert!(store.requests().is_empty());
//! server.stop()?;
//! # Ok::<(), std::io::Error>(())
//! ```

mod bad_nodes;
mod faults;
mod graphql;
mod http;
mod options;
mod quirks;
mod request_log;
mod resolve;
mod server;
mod store;
mod text;
mod traffic;
mod urls;

pub use bad_nodes::BadNode;
pub use faults::{Fault, FaultKind, FaultSpecError, Faults, RateLimit, Scope, When};
pub use graphql::{Dialect, SchemaError, Wording};
pub use options::{Options, Organization, User};
pub use quirks::{EndlessList, Quirks};
pub use request_log::{Port, RequestRecord};
pub use server::LocalServer;
pub use store::{
    ArtifactState, Axis, DigestAlgorithm, DirectUrls, ExportOptions, GeneratedArtifact, GeneratedRun,
    NewArtifact, NewReference, NewRun, NewSweep, RowLimits, RunState, StorageBehaviour, StorageLayout, Store,
    StoreError,
};
