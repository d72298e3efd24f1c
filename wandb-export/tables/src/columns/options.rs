//! Options for converting rows to a table.

use super::nested::Nested;
use super::schema_builder::SchemaBuilder;

/// The layout of a table, and the memory used to build it.
///
/// ```
/// use wandb_tables::{Nested, TableOptions};
///
/// let options = TableOptions { nested: Some(Nested::Json), ..TableOptions::default() };
/// assert!(options.columns.is_empty());
/// ```
#[derive(Debug, Clone)]
pub struct TableOptions {
    /// How objects inside rows become columns. `None` selects the default of the output; see [`Nested`].
    pub nested: Option<Nested>,
    /// Columns that the table always has, in this order, before the others. Columns that no row has are null.
    pub columns: Vec<String>,
    /// Maximum number of columns, [`SchemaBuilder::DEFAULT_MAX_COLUMNS`] by default. The less common keys
    /// share one more column of JSON text; see [`SchemaBuilder::max_columns`].
    pub max_columns: usize,
    /// Bytes of JSON text to hold in memory before rows go to an unnamed temporary file; 512 KiB by default.
    pub memory: usize,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self {
            nested: None,
            columns: Vec::new(),
            max_columns: SchemaBuilder::DEFAULT_MAX_COLUMNS,
            memory: 512 << 10,
        }
    }
}

impl TableOptions {
    /// Returns whether objects in rows become columns. `default` is the default of the output.
    #[cfg(any(feature = "csv", feature = "parquet", feature = "terminal"))]
    pub(crate) fn divides_objects(&self, default: Nested) -> bool {
        self.nested.unwrap_or(default) != Nested::Json
    }

    /// Returns a schema builder with these options. `default` is the default layout of the output.
    pub fn schema_builder(&self, default: Nested) -> SchemaBuilder {
        SchemaBuilder::new(self.nested.unwrap_or(default))
            .asked_for(self.columns.iter().cloned())
            .max_columns(self.max_columns)
    }
}
