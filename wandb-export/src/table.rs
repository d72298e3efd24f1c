//! Rows as tables: which columns they have and of which types, and Arrow record batches of them.
//!
//! [`SchemaBuilder`] states the rules.

#[cfg(feature = "parquet")]
pub use wandb_tables::{RecordBatches, batches, batches_with, rows_of};
pub use wandb_tables::{
    ColumnType, Field, FieldKind, Finding, Nested, Reason, Schema, SchemaBuilder, TableError, TableOptions,
    UnknownNested, ValueKind,
};
