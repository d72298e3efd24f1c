//! How a sink writes.

use crate::columns::TableOptions;

/// What a sink can be told. The defaults are good ones.
#[derive(Debug, Clone, Default)]
pub struct SinkOptions {
    /// The columns, where the format has any, and the memory for finding them out.
    pub table: TableOptions,
    /// For [`Format::Table`](super::Format::Table) only.
    pub terminal: TerminalOptions,
}

/// How much a table for people to read may show. What is left out is counted below the table.
#[derive(Debug, Clone)]
pub struct TerminalOptions {
    /// The most rows, 60 by default. Of more rows the first and the last ones are shown.
    pub rows: usize,
    /// The width of the terminal in columns, if it has one; 100 by default.
    pub width: Option<usize>,
    /// The most columns of the terminal that one value may take, 40 by default.
    pub value_width: usize,
}

impl Default for TerminalOptions {
    fn default() -> Self {
        Self { rows: 60, width: Some(100), value_width: 40 }
    }
}
