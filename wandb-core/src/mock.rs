//! Transports for tests of programs that use the client (feature `mock`).
//!
//! To test a function without a server, use a [`Script`]. It answers the expected requests, and fails the test on any
//! other.
//!
//! ```
//! use std::sync::Arc;
//! use wandb_export::mock::Script;
//! use wandb_export::{BaseUrl, Error, PathDefaults, blocking::Api, client::Client};
//!
//! fn last_loss(api: &Api, run: &str) -> Result<Option<f64>, Error> {
//!     let rows = api.history(run)?.keys(["loss"]).rows()?;
//!     Ok(rows.last().and_then(|row| row.get("loss")?.as_f64()))
//! }
//!
//! # fn main() -> Result<(), Error> {
//! let rows = r#"{"data": {"project": {"run": {"sampledHistory": [[{"_step": 0, "loss": 0.5}, {"_step": 1, "loss": 0.25}]]}}}}"#;
//! let script = Script::new().on("RunSampledHistory", rows);
//! let client = Client::builder(Arc::new(script.clone()), BaseUrl::default()).build();
//! let api = Api::with_client(client, PathDefaults::default());
//! assert_eq!(last_loss(&api, "team/project/run")?, Some(0.25));
//! script.finish();
//! # Ok(())
//! # }
//! ```
//!
//! The same for an async function. No runtime is needed, as a script never waits:
//!
//! ```
//! # use std::sync::Arc;
//! # use wandb_export::mock::Script;
//! # use wandb_export::{BaseUrl, Error, PathDefaults, client::Client};
//! use wandb_export::Api;
//!
//! async fn is_finished(api: &Api, run: &str) -> Result<bool, Error> {
//!     Ok(api.run(run).await?.state == Some("finished".into()))
//! }
//!
//! # fn main() -> Result<(), Error> {
//! let run = r#"{"data": {"project": {"run": {"id": "UnVuOjE=", "name": "run", "displayName": null, "state": "finished",
//!     "createdAt": null}}}}"#;
//! let script = Script::new().on("Run", run);
//! let client = Client::builder(Arc::new(script.clone()), BaseUrl::default()).build();
//! let api = Api::with_client(client, PathDefaults::default());
//! assert!(wandb_core::blocking::block_on(is_finished(&api, "team/project/run"))?);
//! script.finish();
//! # Ok(())
//! # }
//! ```
//!
//! - [`Script`] answers the requests that a test expects, by operation name or URL.
//! - [`Recorder`] records the exchanges of a real transport, without secrets. [`Replayer`] answers from the
//!   recording.
//! - [`MockTransport`] and [`MockBlockingTransport`] are [`mockall`] mocks of the two traits.
//! - [`simulation`](crate::simulation) provides a network with faults and virtual time.

mod mocks;
mod recording;
mod redact;
mod replay;
mod script;

pub use mocks::{MockBlockingTransport, MockTransport};
pub use recording::{Exchange, RecordedBody, Recorder, Recording};
pub use replay::Replayer;
pub use script::Script;
