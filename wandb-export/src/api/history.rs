//! The history of a run.

mod builder;
mod by_keys;
mod content;
#[cfg(feature = "parquet")]
mod exported;
mod few;
mod findings;
mod follow;
mod on_disk;
mod parents;
mod parse;
mod query;
mod reader;
mod row_spool;
mod select;
mod system;
#[cfg(all(test, feature = "mock"))]
mod tests;
mod union;
mod whole;

pub use builder::{History, ScanHistory, SystemMetrics};
pub use follow::Follow;
#[cfg(feature = "mirror")]
pub(crate) use parse::{Losses, parse as parse_rows};
pub(crate) use query::{HistoryQuery, Stream};
pub use reader::{HistoryEnd, HistoryReader};

/// The source of a complete history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Source {
    /// The live query. Returns every row exactly as it was logged.
    #[default]
    Live,
    /// The Parquet files that the server has exported, completed by the live query. Faster for long runs, but a null
    /// in a file may stand for a missing key or for a null. Needs the feature `parquet`.
    Exported,
}
