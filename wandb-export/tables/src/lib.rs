//! Tables of Weights & Biases rows: which columns they have, and CSV, JSON Lines, Parquet, Arrow and terminal output.
//!
//! Rows are sparse JSON objects. [`SchemaBuilder`] infers one type for each column without changing a value; a [`Sink`]
//! writes the rows to an [`Output`], which appears whole or not at all.
//!
//! Programs use this crate through `wandb_export::table` and `wandb_export::sink`. It knows rows and pages of
//! `wandb-core`, and nothing about servers, runs or mirrors.

#[cfg(feature = "parquet")]
mod arrow;
mod columns;
#[cfg(feature = "parquet")]
mod from_arrow;
mod rows;
mod sink;
mod table_file;

#[cfg(feature = "parquet")]
pub use arrow::{
    RecordBatches, SchemaAdapter, arrow_schema, batches, batches_of, batches_of_table, batches_with,
};
#[cfg(feature = "random-rows")]
#[doc(hidden)]
pub use columns::random_rows;
pub use columns::{
    ColumnType, Field, FieldKind, Finding, KindCounts, Nested, Reason, Schema, SchemaBuilder, TableError,
    TableOptions, UnknownNested, ValueKind, splittable_object,
};
#[cfg(feature = "parquet")]
pub use from_arrow::{is_rest, key_of, rows_of};
pub use rows::Batch;
#[cfg(any(feature = "csv", feature = "parquet"))]
pub use rows::rows_at_once;
pub use sink::{Format, Output, Sink, SinkError, SinkOptions, SinkReport, TerminalOptions, is_stream};
pub use table_file::{
    CellType, JoinKind, RowOptions, TableColumn, TableDefect, TableDocument, TableFileError, TableHeader,
    TableReader, TableRows, TableStore, sort_increments,
};
