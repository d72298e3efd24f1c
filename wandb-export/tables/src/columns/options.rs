//! How to turn rows into a table.

use super::nested::Nested;
use super::schema_builder::SchemaBuilder;

/// What a table is to be like, and the memory it may take to make it.
///
/// ```
/// use wandb_tables::{Nested, TableOptions};
///
/// let options = TableOptions { nested: Some(Nested::Json), ..TableOptions::default() };
/// assert!(options.columns.is_empty());
/// ```
#[derive(Debug, Clone)]
pub struct TableOptions {
    /// What becomes of objects inside rows. `None` is what suits the output: see [`Nested`].
    pub nested: Option<Nested>,
    /// Columns to have in any case, in this order, before the others; those that no row has are empty.
    pub columns: Vec<String>,
    /// The most columns, [`SchemaBuilder::DEFAULT_MAX_COLUMNS`] by default. Less common keys than these go into one more
    /// column of JSON text; see [`SchemaBuilder::max_columns`].
    pub max_columns: usize,
    /// The most bytes of JSON text to hold in memory before rows go to an unnamed temporary file; half a MiB by default.
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
    /// Whether objects in rows become columns, where `default` is what suits the output.
    #[cfg(any(feature = "csv", feature = "parquet", feature = "terminal"))]
    pub(crate) fn divides_objects(&self, default: Nested) -> bool {
        self.nested.unwrap_or(default) != Nested::Json
    }

    /// The builder these options ask for, where `default` is what suits the output.
    pub fn schema_builder(&self, default: Nested) -> SchemaBuilder {
        SchemaBuilder::new(self.nested.unwrap_or(default))
            .asked_for(self.columns.iter().cloned())
            .max_columns(self.max_columns)
    }
}
