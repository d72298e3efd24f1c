//! The history of a run.

mod builder;
mod follow;
mod reader;
mod request;
#[cfg(all(test, feature = "mock"))]
mod tests;

pub use builder::{History, ScanHistory, SystemMetrics};
pub use follow::HistoryFollower;
pub use reader::HistoryReader;
pub(crate) use request::HistoryRequest;

pub use crate::source::history::{HistoryReport, HistorySource};
