//! Options for sinks.

use crate::columns::TableOptions;

/// Options for a sink. The defaults suit most uses.
///
/// ```
/// use wandb_tables::{Nested, SinkOptions, TableOptions};
///
/// let table = TableOptions::default().with_nested(Nested::Json).with_max_columns(1_000);
/// let options = SinkOptions::default().with_table(table);
/// assert_eq!(options.table.max_columns, 1_000);
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct SinkOptions {
    /// Columns, for formats that have them, and the memory used to infer them.
    pub table: TableOptions,
    /// For [`Format::Table`](super::Format::Table) only.
    pub terminal: TerminalOptions,
}

impl SinkOptions {
    /// Sets the options for columns.
    #[must_use]
    pub fn with_table(mut self, table: TableOptions) -> Self {
        self.table = table;
        self
    }

    /// Sets the limits of a table for people to read.
    #[must_use]
    pub fn with_terminal(mut self, terminal: TerminalOptions) -> Self {
        self.terminal = terminal;
        self
    }
}

/// Limits of a table for people to read. A note below the table counts the rows and columns left out.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TerminalOptions {
    /// Maximum number of rows, 60 by default. If there are more, the first and last ones are shown.
    pub rows: usize,
    /// Width of the terminal in columns, 100 by default; `None` for no limit.
    pub width: Option<usize>,
    /// Maximum width of a value in terminal columns, 40 by default.
    pub value_width: usize,
}

impl Default for TerminalOptions {
    fn default() -> Self {
        Self { rows: 60, width: Some(100), value_width: 40 }
    }
}

impl TerminalOptions {
    /// Sets the maximum number of rows.
    #[must_use]
    pub fn with_rows(mut self, limit: usize) -> Self {
        self.rows = limit;
        self
    }

    /// Sets the width of the terminal in columns; `None` for no limit.
    #[must_use]
    pub fn with_width(mut self, width: Option<usize>) -> Self {
        self.width = width;
        self
    }

    /// Sets the maximum width of a value in terminal columns.
    #[must_use]
    pub fn with_value_width(mut self, limit: usize) -> Self {
        self.value_width = limit;
        self
    }
}
