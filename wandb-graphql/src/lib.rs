//! The operations of Weights & Biases' GraphQL API as pure values.
//!
//! - [`ops`]: one file an operation. Each builds its request, reads its answer and names what follows; the client of
//!   [`wandb_core`] moves it. They are typed against `schema.graphql`, the part of the schema that is asked for.
//! - [`plan`]: how the whole history of a run follows from what the server says about it.
//! - [`Filter`], [`Order`], [`Keys`], [`Samples`], [`LikePattern`]: parameters, checked where they are made.
//! - [`HistoryWindow`]: the rows of some steps, column by column where they can be read so; else each a [`HistoryRow`],
//!   which is text, to be parsed where there is time for it.
//!
//! The crate knows no HTTP library and no output format.

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
mod seen;
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
pub use seen::Seen;
pub use window::HistoryWindow;

/// The schema that the operations are typed against, in the GraphQL schema language.
pub const SCHEMA: &str = include_str!("../schema.graphql");
