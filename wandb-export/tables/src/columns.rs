//! Infers the columns of a table and their types from rows.
//!
//! A column is a path of keys. Inference never changes a value: where a column's values have no common type, it holds
//! JSON text, and the [`Schema`] has a [`Finding`] for it. [`SchemaBuilder`] is the entry point.

#[cfg(any(feature = "csv", feature = "parquet", feature = "terminal"))]
mod cells;
mod choose;
mod column_type;
mod error;
mod finding;
mod kind_counts;
mod layout;
mod nested;
mod number;
mod options;
#[cfg(any(feature = "csv", feature = "parquet"))]
mod page;
#[cfg(any(test, feature = "random-rows"))]
pub mod random_rows;
mod resolve;
#[cfg(any(feature = "csv", feature = "parquet", feature = "terminal"))]
mod rest_value;
mod schema;
mod schema_builder;
#[cfg(test)]
mod schema_tests;
#[cfg(any(feature = "csv", feature = "parquet", feature = "terminal"))]
mod visit;

pub use column_type::ColumnType;
pub use error::TableError;
pub use finding::{Finding, Reason};
pub use kind_counts::{KindCounts, ValueKind};
pub use nested::{Nested, UnknownNested, splittable_object};
#[cfg(feature = "parquet")]
pub(crate) use number::{digits_as_f64, int_as_f64};
pub use options::TableOptions;
#[cfg(any(feature = "csv", feature = "parquet"))]
pub(crate) use page::PageColumns;
#[cfg(feature = "parquet")]
pub(crate) use page::cell_as_f64;
#[cfg(feature = "parquet")]
pub(crate) use resolve::with_requested_first;
#[cfg(feature = "csv")]
pub(crate) use rest_value::RestValue;
pub use schema::{Field, FieldKind, Schema};
pub use schema_builder::SchemaBuilder;
#[cfg(any(feature = "csv", feature = "parquet"))]
pub(crate) use visit::Visitor;
