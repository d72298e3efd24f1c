//! Infers table columns and their types from rows, and converts rows to and from Arrow record batches.
//!
//! Rows are sparse, and their values are kept as logged. In a table every row has the same columns, and each
//! column has one type. The conversion never changes a value:
//!
//! - A column is identified by its path of keys in the rows. [`Nested`] decides whether objects are split
//!   into columns.
//! - A missing key and a null are both null in a column. This is the only difference that a table loses.
//! - Integers become [`Int64`](ColumnType::Int64), floats [`Float64`](ColumnType::Float64); booleans and
//!   strings keep their types.
//! - Numbers mixed with the strings `NaN`, `Infinity` and `-Infinity`, which W&B writes for numbers, become
//!   `Float64`. A column of only these strings does too, and is reported.
//! - Integers mixed with floats become `Float64` if a double holds each integer exactly. Otherwise the whole
//!   column becomes JSON text, and is reported.
//! - Integers beyond 64 bits, lists, empty objects, and objects with a `_type` (media, tables, histograms)
//!   become [`Json`](ColumnType::Json) text.
//! - A column with values of incompatible types becomes JSON text, and is reported.
//! - A column of only nulls is a string column.
//! - Objects nested more than 32 levels deep become JSON text below that level, and are reported.
//! - If there are more keys than the table may have columns, the less common keys share one column of JSON
//!   text, which is reported.
//!
//! The module also has the parts of W&B's tables (`*.table.json`): their columns, types and defects.
//!
//! "Reported" means that the [`Schema`] has a [`Finding`] for it.

pub use wandb_tables::{
    CellType, JoinKind, RowOptions, TableColumn, TableDefect, TableDocument, TableFileError, TableHeader,
    TableReader, TableRows, TableStore, sort_increments,
};
pub use wandb_tables::{
    ColumnType, Field, FieldKind, Finding, Nested, Reason, Schema, SchemaBuilder, TableError, TableOptions,
    UnknownNested, ValueKind,
};
#[cfg(feature = "parquet")]
pub use wandb_tables::{RecordBatches, batches, batches_with, rows_of};
