//! Options for converting rows to a table.

use super::column_type::ColumnType;
use super::nested::Nested;
use super::schema_builder::SchemaBuilder;

/// The layout of a table, and the memory used to build it.
///
/// ```
/// use wandb_tables::{Nested, TableOptions};
///
/// let options = TableOptions::default().with_nested(Nested::Json).with_columns(["loss"]);
/// assert_eq!(options.columns, ["loss"]);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
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
    /// Columns after `columns`, with their types where the values do not show them.
    expected: Vec<(String, Option<ColumnType>)>,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self {
            nested: None,
            columns: Vec::new(),
            max_columns: SchemaBuilder::DEFAULT_MAX_COLUMNS,
            memory: 512 << 10,
            expected: Vec::new(),
        }
    }
}

impl TableOptions {
    /// Sets how objects inside rows become columns.
    #[must_use]
    pub fn with_nested(mut self, nested: Nested) -> Self {
        self.nested = Some(nested);
        self
    }

    /// Sets the columns that the table always has.
    #[must_use]
    pub fn with_columns(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.columns = names.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the maximum number of columns.
    #[must_use]
    pub fn with_max_columns(mut self, limit: usize) -> Self {
        self.max_columns = limit;
        self
    }

    /// Sets the bytes of JSON text to hold in memory.
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Adds columns with the types that they have where the values do not show them.
    #[doc(hidden)]
    #[must_use]
    pub fn with_expected_columns(mut self, columns: &[(String, Option<ColumnType>)]) -> Self {
        self.expected.extend_from_slice(columns);
        self
    }

    /// Returns whether objects in rows become columns. `default` is the default of the output.
    #[cfg(any(feature = "csv", feature = "parquet", feature = "terminal"))]
    pub(crate) fn divides_objects(&self, default: Nested) -> bool {
        self.nested.unwrap_or(default) != Nested::Json
    }

    /// Returns a schema builder with these options. `default` is the default layout of the output.
    pub fn schema_builder(&self, default: Nested) -> SchemaBuilder {
        let mut builder = SchemaBuilder::new(self.nested.unwrap_or(default))
            .asked_for(self.columns.iter().cloned())
            .max_columns(self.max_columns);
        builder.expect(&self.expected);
        builder
    }
}
