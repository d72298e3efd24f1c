//! The rows of a window, in whichever way they could be read.

use wandb_core::page::Page;

use crate::HistoryRow;

/// The rows of some steps, in order.
///
/// ```
/// use wandb_graphql::{HistoryRow, HistoryWindow};
///
/// let window = HistoryWindow::Rows(vec![HistoryRow::new(r#"{"_step": 7}"#)]);
/// assert_eq!(window.len(), 1);
/// assert_eq!(window.into_rows()[0].step(), Some(7));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum HistoryWindow {
    /// Column by column, as nearly all answers can be read. Pages of one answer share its text.
    Pages(Vec<Page>),
    /// One by one, where rows are not in order or need mending.
    Rows(Vec<HistoryRow>),
}

impl HistoryWindow {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Pages(pages) => pages.iter().map(Page::len).sum(),
            Self::Rows(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows one by one, as JSON text.
    pub fn into_rows(self) -> Vec<HistoryRow> {
        match self {
            Self::Pages(pages) => {
                let rows = pages.iter().flat_map(Page::to_rows);
                rows.map(|row| HistoryRow::new(row.to_json_line().trim_end())).collect()
            }
            Self::Rows(rows) => rows,
        }
    }
}
