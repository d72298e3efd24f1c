//! The values of a page under one key.

use std::sync::Arc;

use super::Page;
use super::cell::{Cell, Span};

/// The values of one key, with a cell for each row.
#[derive(Debug, Clone, Copy)]
pub struct Column<'page> {
    key: &'page str,
    spans: &'page [Span],
    text: &'page str,
    unescaped: &'page str,
}

/// A column as stored in the page.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    pub(super) key: Arc<str>,
    pub(super) spans: Vec<Span>,
}

impl<'page> Column<'page> {
    pub(super) fn new(page: &'page Page, cells: &'page Cells) -> Self {
        Self { key: &cells.key, spans: &cells.spans, text: &page.text, unescaped: &page.unescaped }
    }

    /// The key.
    pub fn key(&self) -> &'page str {
        self.key
    }

    /// The cell of a row; missing beyond the last row.
    pub fn cell(&self, row: usize) -> Cell<'page> {
        self.spans.get(row).map_or(Cell::MISSING, |span| Cell::new(*span, self.text, self.unescaped))
    }

    /// The cells, in order of rows.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = Cell<'page>> + use<'page> {
        let Self { text, unescaped, .. } = *self;
        self.spans.iter().map(move |span| Cell::new(*span, text, unescaped))
    }
}
