//! Errors of converting rows to a table or back.

use super::column_type::ColumnType;
use super::kind_counts::ValueKind;

/// Rows could not be converted to a table, or a table to rows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// A row has a key for which the given schema has no column.
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
        /// The kind of the row's value.
        found: ValueKind,
    },
    /// A column has a type that no row value can represent.
    #[error("reading rows from Arrow: column {column:?} has the unsupported type {data_type}")]
    UnsupportedType {
        /// The column's name, with the names of the structs around it.
        column: String,
        /// The Arrow type.
        data_type: String,
    },
    /// A value is invalid for its column type, such as a date out of range.
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
    /// Spooling rows until their columns are known has failed.
    #[error("{action} spooled rows (hint: check that there is space for temporary files)")]
    Spool {
        /// The failed action.
        action: &'static str,
        /// The operating system's error.
        #[source]
        source: std::io::Error,
    },
    /// Arrow rejected the data.
    #[cfg(feature = "parquet")]
    #[error("laying out rows as an Arrow record batch")]
    Arrow(#[source] arrow_schema::ArrowError),
}
