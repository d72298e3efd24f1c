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
//! "Reported" means that the [`Schema`] has a [`Finding`] for it.

#[cfg(any(feature = "csv", feature = "parquet", feature = "terminal"))]
mod cells;
mod choose;
mod column_type;
mod error;
mod finding;
#[cfg(feature = "parquet")]
mod gathered;
mod layout;
mod nested;
mod number;
mod options;
#[cfg(any(feature = "csv", feature = "parquet"))]
mod page;
#[cfg(test)]
pub(crate) mod random_rows;
mod resolve;
#[cfg(any(feature = "csv", feature = "parquet", feature = "terminal"))]
mod rest;
mod schema;
mod schema_builder;
#[cfg(test)]
mod schema_tests;
mod tally;
#[cfg(any(feature = "csv", feature = "parquet", feature = "terminal"))]
mod visit;

#[cfg(feature = "parquet")]
mod batches;
#[cfg(feature = "parquet")]
mod datum;
#[cfg(feature = "parquet")]
mod fit;
#[cfg(feature = "parquet")]
mod from_arrow;
#[cfg(feature = "parquet")]
mod same_size;
#[cfg(feature = "parquet")]
mod scatter;
#[cfg(feature = "parquet")]
mod scattered_batches;
#[cfg(feature = "parquet")]
mod to_arrow;

pub use column_type::ColumnType;
pub use error::TableError;
pub use finding::{Finding, Reason};
#[cfg(feature = "parquet")]
pub(crate) use gathered::Gathered;
pub(crate) use nested::divisible;
pub use nested::{Nested, UnknownNested};
pub use options::TableOptions;
#[cfg(feature = "csv")]
pub(crate) use page::PageColumns;
#[cfg(feature = "parquet")]
pub(crate) use resolve::arranged;
#[cfg(feature = "csv")]
pub(crate) use rest::Rest;
pub use schema::{Field, FieldKind, Schema};
pub use schema_builder::SchemaBuilder;
#[cfg(feature = "parquet")]
pub(crate) use tally::Tally;
pub use tally::ValueKind;

#[cfg(feature = "parquet")]
pub use batches::{RecordBatches, batches, batches_with};
#[cfg(feature = "parquet")]
pub(crate) use batches::{batches_of, batches_of_table};
#[cfg(feature = "parquet")]
pub(crate) use datum::Datum;
#[cfg(feature = "parquet")]
pub(crate) use fit::Fit;
#[cfg(feature = "parquet")]
pub use from_arrow::rows_of;
#[cfg(feature = "mirror")]
pub(crate) use from_arrow::{is_rest, key_of};
#[cfg(feature = "parquet")]
pub(crate) use same_size::SameSize;
#[cfg(feature = "parquet")]
pub(crate) use scatter::{Scatter, Scatterer};
#[cfg(feature = "parquet")]
pub(crate) use scattered_batches::ScatteredBatches;
#[cfg(feature = "parquet")]
pub(crate) use to_arrow::{BatchBuilder, arrow_schema};
#[cfg(feature = "csv")]
pub(crate) use visit::Visitor;
