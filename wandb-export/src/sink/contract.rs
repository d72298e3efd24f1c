//! What every sink does.

use wandb_core::Row;

use super::error::SinkError;
use crate::table::Finding;

/// A place for rows to go.
///
/// A sink that is dropped before it is finished, or that has failed, leaves nothing in a file's place: what was there
/// before stays.
pub trait Sink: Send {
    /// Takes the next rows. May be called any number of times, with any number of rows.
    ///
    /// After an error nothing more can be written.
    fn write(&mut self, rows: &[Row]) -> Result<(), SinkError>;

    /// Writes what is left and puts the output in its place.
    fn finish(self: Box<Self>) -> Result<SinkReport, SinkError>;
}

/// What a finished sink has written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkReport {
    /// How many rows were written.
    pub rows: u64,
    /// How many columns they have; `None` where rows have their own keys instead, as in JSON Lines.
    pub columns: Option<usize>,
    /// How many bytes were written.
    pub bytes: u64,
    /// What a reader of the table should know about its columns.
    pub findings: Vec<Finding>,
}
