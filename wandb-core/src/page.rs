//! Many rows of a history, column by column, their values still the text that they came as.
//!
//! Most rows are read only to be written elsewhere. A [`Page`] is what that needs of them: which keys there are, and
//! for each row what kind of value stands under a key and which characters it is written with. Numbers and plain
//! strings are never copied out of the answer they came in; a [`Row`](crate::Row) is made of them where somebody wants
//! one.

mod build;
mod cell;
mod column;
mod constant;
mod lines;
mod number;
mod pack;
mod read;
mod rows;
mod table;

use std::sync::Arc;

pub use build::PageBuilder;
pub use cell::{Cell, CellKind};
pub use column::Column;
pub use pack::Packed;
pub use read::{Form, ReadRows, read_rows};

use crate::client::HeldBytes;
use column::Cells;

/// Rows of a history, column by column.
///
/// ```
/// use wandb_core::page::{CellKind, Form, read_rows};
///
/// let list = r#"["{\"_step\":0,\"loss\":0.50}","{\"_step\":1,\"note\":\"NaN\"}"]"#;
/// let read = read_rows(&std::sync::Arc::new(list.to_owned()), 0, Form::Text, 0..10).expect("nothing unusual");
/// let page = &read.pages[0];
/// assert_eq!(page.columns().map(|column| column.key().to_owned()).collect::<Vec<_>>(), ["_step", "loss", "note"]);
/// let loss = page.column("loss").expect("it has one");
/// assert_eq!((loss.cell(0).text(), loss.cell(1).kind()), ("0.50", CellKind::Missing));
/// assert_eq!(page.to_rows()[1].to_json_line(), "{\"_step\":1,\"note\":\"NaN\"}\n");
/// ```
#[derive(Debug, Clone)]
pub struct Page {
    /// What the answer said, as a whole; several pages may share it.
    text: Arc<String>,
    /// The values that are written otherwise in the answer than they read, one after the other.
    aside: String,
    rows: usize,
    columns: Vec<Cells>,
    /// The columns of rows whose keys do not come in the order of the columns, by row.
    irregular: Vec<(usize, Box<[u32]>)>,
    /// What the page takes of a client's memory.
    held: Option<HeldBytes>,
}

impl Page {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The bytes that the page takes in memory, without the text of the answer, which several pages may share.
    pub fn own_bytes(&self) -> u64 {
        let spans: usize = self.columns.iter().map(|cells| cells.spans.capacity()).sum();
        (self.aside.capacity() + spans * size_of::<cell::Span>()) as u64
    }

    /// Holds bytes of a client's memory for as long as the page lives; see
    /// [`Windowed::hold`](crate::operation::Windowed::hold).
    pub fn hold(&mut self, held: HeldBytes) {
        self.held = Some(held);
    }

    /// The columns, as the rows first show them.
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
