//! The encoder interface of formats with typed columns.

use super::error::SinkError;
use super::output::Output;
use super::sink_trait::SinkReport;
use crate::columns::{Schema, TableError};
use crate::rows::{Portion, Spool};

/// An encoder for a format with typed columns.
pub(super) trait TableEncoder: Copy + Send + Sync + 'static {
    /// Encoded rows, or nearly so.
    type Piece: Send;
    /// Writes pieces in order.
    type Writer: WritePieces<Piece = Self::Piece> + Send;

    /// Encodes rows, or Arrow columns that match `schema`. Called on several threads at once.
    fn piece(self, schema: &Schema, rows: &Portion) -> Result<Self::Piece, TableError>;

    /// Starts writing a table.
    fn begin(self, schema: &Schema, output: Output) -> Result<Self::Writer, SinkError>;

    /// Writes a table with very many columns.
    fn write_wide(self, schema: Schema, rows: Spool, output: Output) -> Result<SinkReport, SinkError>;
}

/// A writer of encoded pieces.
pub(super) trait WritePieces {
    /// Encoded rows.
    type Piece;

    /// Writes the next rows.
    fn write(&mut self, piece: Self::Piece) -> Result<(), SinkError>;

    /// Writes the remaining data and returns the output.
    fn finish(self) -> Result<Output, SinkError>;
}
