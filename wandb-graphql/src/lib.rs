//! The GraphQL operations of Weights & Biases as pure values.
//!
//! - [`ops`]: one file per operation. Each builds its request, parses its answer and names the next request; the client
//!   in [`wandb_core`] sends it. Operations are typed against `schema.graphql`, the part of the schema in use.
//! - [`plan`]: plans how to read a run's whole history from the server's data about it.
//! - [`Filter`], [`Order`], [`Keys`], [`Samples`], [`LikePattern`]: parameters, validated at construction.
//! - [`HistoryWindow`]: the rows of a window of steps, by column where possible; otherwise each is a [`HistoryRow`],
//!   a text that is parsed later.
//!
//! The crate depends on no HTTP client and no output format.

mod envelope;
mod filter;
mod keys;
mod lenient;
mod like;
mod lister;
mod log_tally;
pub mod ops;
mod order;
mod page_guard;
pub mod plan;
mod row;
mod samples;
mod schema;
mod seen_keys;
mod window;

pub use filter::{Filter, FilterError, Matcher};
pub use keys::{Keys, KeysError, Selection};
pub use like::LikePattern;
pub use lister::{RunListEnd, RunLister};
pub use log_tally::LogTally;
pub use order::{Order, OrderError, OrderKey};
pub use page_guard::PageGuard;
pub use row::HistoryRow;
pub use samples::{Samples, SamplesError};
pub use seen_keys::SeenKeys;
pub use window::HistoryWindow;

/// The schema that the operations are typed against, in the GraphQL schema language.
pub const SCHEMA: &str = include_str!("../schema.graphql");
