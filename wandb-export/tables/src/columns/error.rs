//! Why rows did not become a table, or a table did not become rows.

use super::column_type::ColumnType;
use super::tally::ValueKind;

/// Rows and a table that do not go together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// A row has a key that the schema it is written with has no column for.
    #[error(
        "laying out rows as a table: the schema has no column for the key {path:?} (hint: infer the schema from the same rows)"
    )]
    UnknownKey {
        /// The keys from the outermost object inwards, joined with dots.
        path: String,
    },
    /// A value that the column's type cannot hold.
    #[error(
        "laying out rows as a table: column {column:?} holds {expected} but a row has {found} (hint: infer the schema from the same rows)"
    )]
    Misfit {
        /// The column's name.
        column: String,
        /// The column's type.
        expected: ColumnType,
        /// What the row has.
        found: ValueKind,
    },
    /// A column of a type that has no counterpart among the values of a row.
    #[error(
        "reading rows from Arrow: column {column:?} is of type {data_type}, which no value of a row can hold"
    )]
    UnsupportedType {
        /// The column's name, with the names of the structs around it.
        column: String,
        /// The Arrow type.
        data_type: String,
    },
    /// A value that its own column type cannot stand for, such as a date beyond the calendar.
    #[error(
        "reading rows from Arrow: column {column:?} of type {data_type} has an invalid value in row {row}"
    )]
    InvalidValue {
        /// The column's name, with the names of the structs around it.
        column: String,
        /// The Arrow type.
        data_type: String,
        /// The row within its batch, from 0.
        row: usize,
    },
    /// The rows were put aside until their columns were known, and that place failed.
    #[error(
        "{action} the rows put aside until all columns are known (hint: is there space for temporary files?)"
    )]
    Spool {
        /// What was being done.
        action: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Arrow refused what it was given.
    #[cfg(feature = "parquet")]
    #[error("laying out rows as an Arrow record batch")]
    Arrow(#[source] arrow_schema::ArrowError),
}
