//! Plans how to read the whole history of a run.
//!
//! 1. [`GetHistoryKeys`](crate::ops::GetHistoryKeys) reads the extent of the history, and [`HistoryRange`] restricts it
//!    to the requested steps. A run that grows meanwhile is read up to its last step at this point.
//! 2. [`GetParquetHistory`](crate::ops::GetParquetHistory) reads which part is exported to files, and [`HistoryPlan`]
//!    splits the steps between files and live queries.
//! 3. [`ScanHistory`](crate::ops::ScanHistory) reads the live steps, and [`join`] merges the rows of a step from both.
//! 4. [`GetHistoryKeys`](crate::ops::GetHistoryKeys) again, and [`growth_between`] detects whether the run has grown
//!    meanwhile.
//!
//! All of these are pure functions.

mod growth;
mod join;
mod parts;
mod range;

#[cfg(test)]
mod tests;

pub use growth::{HistoryGrowth, growth_between};
pub use join::join;
pub use parts::HistoryPlan;
pub use range::{HistoryRange, RangeError};
