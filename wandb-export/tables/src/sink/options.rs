//! Options for sinks.

use crate::columns::TableOptions;

/// Options for a sink. The defaults suit most uses.
#[derive(Debug, Clone, Default)]
pub struct SinkOptions {
    /// Columns, for formats that have them, and the memory used to infer them.
    pub table: TableOptions,
    /// For [`Format::Table`](super::Format::Table) only.
    pub terminal: TerminalOptions,
}

/// Limits of a table for people to read. A note below the table counts the rows and columns left out.
#[derive(Debug, Clone)]
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
