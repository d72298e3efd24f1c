//! Rows put aside while their columns are found out.

use std::path::Path;

use wandb_core::Row;
use wandb_core::page::Page;

use crate::columns::error::TableError;
use crate::columns::nested::Nested;
use crate::columns::options::TableOptions;
use crate::columns::schema::Schema;
use crate::columns::schema_builder::SchemaBuilder;
use crate::rows::Spool;

/// The rows of a table so far.
#[derive(Debug)]
pub(crate) struct Gathered {
    builder: SchemaBuilder,
    spool: Spool,
}

impl Gathered {
    /// No rows yet. `default` is what becomes of nested values unless `options` say otherwise; rows that do not fit into
    /// memory go to `directory`, or to the system's directory for temporary files.
    pub(crate) fn new(options: &TableOptions, default: Nested, directory: Option<&Path>) -> Self {
        Self { builder: options.schema_builder(default), spool: Spool::new(options.memory, directory) }
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

    /// Whether no row has come yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.spool.rows() == 0
    }

    /// The columns, and the rows.
    pub(crate) fn finish(self) -> (Schema, Spool) {
        (self.builder.finish(), self.spool)
    }
}
