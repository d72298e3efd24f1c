//! What makes a format with columns.

use super::columnar::write_spooled;
use super::contract::SinkReport;
use super::error::SinkError;
use super::output::Output;
use crate::rows::{Portion, Spool};
use crate::columns::{Schema, TableError};

/// A format with columns.
pub(super) trait Encode: Copy + Send + Sync + 'static {
    /// Some rows of a table as the format has them, or nearly so.
    type Piece: Send;
    /// What puts pieces together.
    type Writer: WritePieces<Piece = Self::Piece> + Send;

    /// Makes a piece of some rows, or of columns that are those of `schema`. This is done on several threads at once.
    fn piece(self, schema: &Schema, rows: &Portion) -> Result<Self::Piece, TableError>;

    /// Begins to write a table.
    fn begin(self, schema: &Schema, output: Output) -> Result<Self::Writer, SinkError>;

    /// Writes a table with very many columns.
    fn write_wide(self, schema: Schema, rows: Spool, output: Output) -> Result<SinkReport, SinkError> {
        write_spooled(self, schema, rows, output)
    }
}

/// A table that is being written.
pub(super) trait WritePieces {
    /// Some rows.
    type Piece;

    /// Writes the next rows.
    fn write(&mut self, piece: Self::Piece) -> Result<(), SinkError>;

    /// Writes what is left, and gives the output back.
    fn finish(self) -> Result<Output, SinkError>;
}
