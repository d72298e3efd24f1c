//! Rows as tables: which columns they have, of which types, and what becomes of values that fit no column.
//!
//! Rows are sparse and their values come as they were logged. A table has the same columns in every row, and each
//! column has one type. The rules that lead from one to the other never change a value:
//!
//! - A column is a place in the rows: a path of keys. [`Nested`] says whether objects are taken apart.
//! - A missing key and a null are both null in a column; that is the one difference a table cannot hold.
//! - Integers are [`Int64`](ColumnType::Int64), floats [`Float64`](ColumnType::Float64), booleans, strings likewise.
//! - Numbers and the strings `NaN`, `Infinity` and `-Infinity`, which W&B writes for numbers, are `Float64`. So is a
//!   column of these strings alone, which is reported.
//! - Integers join floats if a double holds each of them. If one is lost in a double, all are JSON text, reported.
//! - Integers beyond 64 bits, lists, empty objects, and objects with a `_type` (media, tables, histograms) are
//!   [`Json`](ColumnType::Json) text.
//! - Where the type really changes, every value is JSON text, and reported.
//! - A column of nulls alone is one of strings.
//! - Objects nested more than 32 levels deep are JSON text from there on, reported.
//! - Where there are more keys than a table may have columns, the less common ones are in one column of JSON text,
//!   reported.
//!
//! "Reported" means a [`Finding`] in the [`Schema`].

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
