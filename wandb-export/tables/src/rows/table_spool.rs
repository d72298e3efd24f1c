//! Spools rows while inferring their columns.

use std::path::Path;

use wandb_core::Row;
use wandb_core::page::Page;

use crate::columns::{ColumnType, Nested, Schema, SchemaBuilder, TableError, TableOptions};
use crate::rows::Spool;

/// The spooled rows of a table and the schema inferred from them so far.
#[derive(Debug)]
pub(crate) struct TableSpool {
    builder: SchemaBuilder,
    spool: Spool,
}

impl TableSpool {
    /// Creates an empty collection. `default` is used unless `options.nested` is set. Rows that do not fit in
    /// memory go to a temporary file in `directory`, or in the system's temporary directory.
    pub(crate) fn new(options: &TableOptions, default: Nested, directory: Option<&Path>) -> Self {
        Self { builder: options.schema_builder(default), spool: Spool::new(options.memory, directory) }
    }

    /// Adds columns that the table always has; see [`SchemaBuilder::expect`].
    pub(crate) fn expect(&mut self, columns: &[(String, Option<ColumnType>)]) {
        self.builder.expect(columns);
    }

    pub(crate) fn rows(&mut self, rows: &[Row]) -> Result<(), TableError> {
        for row in rows {
            self.builder.observe(row);
            self.spool.push(row)?;
        }
        Ok(())
    }

    pub(crate) fn page(&mut self, page: &Page) -> Result<(), TableError> {
        if self.builder.observe_page(page) { self.spool.push_page(page) } else { self.rows(&page.to_rows()) }
    }

    /// Returns whether no rows were added yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.spool.rows() == 0
    }

    /// Returns the schema and the spooled rows.
    pub(crate) fn finish(self) -> (Schema, Spool) {
        (self.builder.finish(), self.spool)
    }
}
