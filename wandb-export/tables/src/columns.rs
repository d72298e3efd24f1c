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
mod layout;
mod nested;
mod number;
mod options;
#[cfg(any(feature = "csv", feature = "parquet"))]
mod page;
#[cfg(any(test, feature = "random-rows"))]
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

pub use column_type::ColumnType;
pub use error::TableError;
pub use finding::{Finding, Reason};
#[cfg(feature = "parquet")]
pub(crate) use layout::Cells;
pub use nested::{Nested, UnknownNested, divisible};
#[cfg(feature = "parquet")]
pub(crate) use number::{digits_as_f64, int_as_f64};
pub use options::TableOptions;
#[cfg(any(feature = "csv", feature = "parquet"))]
pub(crate) use page::{PageColumns, as_f64};
#[cfg(feature = "parquet")]
pub(crate) use resolve::arranged;
#[cfg(feature = "csv")]
pub(crate) use rest::Rest;
pub use schema::{Field, FieldKind, Schema};
pub use schema_builder::SchemaBuilder;
pub use tally::{Tally, ValueKind};
#[cfg(any(feature = "csv", feature = "parquet"))]
pub(crate) use visit::Visitor;
