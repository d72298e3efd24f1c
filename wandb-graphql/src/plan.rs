//! How the whole history of a run follows from what the server says about it.
//!
//! 1. [`GetHistoryKeys`](crate::ops::GetHistoryKeys) tells how far the history extends; [`HistoryRange`] is what of it
//!    is wanted. A run that grows while it is read is read up to the last step seen at this point.
//! 2. [`GetParquetHistory`](crate::ops::GetParquetHistory) tells what is exported to files; [`HistoryPlan`] says which
//!    steps come from where.
//! 3. [`ScanHistory`](crate::ops::ScanHistory) reads the live steps, [`join`] puts together what both have of a step.
//! 4. [`GetHistoryKeys`](crate::ops::GetHistoryKeys) again, and [`grown`] tells whether the run has grown meanwhile.
//!
//! All of this is pure.

mod grown;
mod join;
mod parts;
mod range;

#[cfg(test)]
mod tests;

pub use grown::{Growth, grown};
pub use join::join;
pub use parts::HistoryPlan;
pub use range::{HistoryRange, RangeError};
