//! Columnar pages of history rows, which keep values as the text in which they arrived.
//!
//! Most rows are read only to be written elsewhere. A [`Page`] stores just enough for that: the keys, and for each
//! value its kind and its text. Numbers and plain strings are never copied from the answer. A [`Row`](crate::Row) is
//! built only on request.

pub(crate) mod build;
mod cell;
mod column;
mod constant;
mod lines;
mod number;
pub(crate) mod pack;
pub(crate) mod read;
mod rows;
mod table;

use std::sync::Arc;

pub use cell::{Cell, CellKind};
pub use column::Column;

use crate::client::HeldBytes;
use column::Cells;

/// Rows of a history, column by column.
///
/// ```
/// # use wandb_core::internal::{RowEncoding, read_rows};
/// use wandb_core::page::CellKind;
///
/// let list = r#"["{\"_step\":0,\"loss\":0.50}","{\"_step\":1,\"note\":\"NaN\"}"]"#;
/// # let read = read_rows(&std::sync::Arc::new(list.to_owned()), 0, RowEncoding::Text, 0..10).expect("nothing unusual");
/// # let page = &read.pages[0];
/// assert_eq!(page.columns().map(|column| column.key().to_owned()).collect::<Vec<_>>(), ["_step", "loss", "note"]);
/// let loss = page.column("loss").expect("it has one");
/// assert_eq!((loss.cell(0).text(), loss.cell(1).kind()), ("0.50", CellKind::Missing));
/// assert_eq!(page.to_rows()[1].to_json_line(), "{\"_step\":1,\"note\":\"NaN\"}\n");
/// ```
#[derive(Debug, Clone)]
pub struct Page {
    /// The text of the whole answer, which several pages may share.
    text: Arc<String>,
    /// The concatenated values whose text differs from that in the answer.
    unescaped: String,
    rows: usize,
    columns: Vec<Cells>,
    /// The columns, by row, of rows whose keys are not in column order.
    irregular: Vec<(usize, Box<[u32]>)>,
    /// The page's share of a client's memory budget.
    held: Option<HeldBytes>,
}

impl Page {
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Returns true if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The memory of the page in bytes, without the text of the answer, which several pages may share.
    pub fn own_bytes(&self) -> u64 {
        let spans: usize = self.columns.iter().map(|cells| cells.spans.capacity()).sum();
        (self.unescaped.capacity() + spans * size_of::<cell::Span>()) as u64
    }

    /// Holds bytes of a client's memory budget for the lifetime of the page; see
    /// [`Windowed::hold`](crate::operation::Windowed::hold).
    pub fn hold(&mut self, held: HeldBytes) {
        self.held = Some(held);
    }

    /// The columns, in order of first appearance in the rows.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = Column<'_>> {
        self.columns.iter().map(|cells| Column::new(self, cells))
    }

    /// The column of a key.
    pub fn column(&self, key: &str) -> Option<Column<'_>> {
        self.columns().find(|column| column.key() == key)
    }
}

#[cfg(test)]
mod tests;
