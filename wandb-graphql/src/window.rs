//! The rows of a window of steps.

use wandb_core::page::Page;

use crate::HistoryRow;

/// The rows of a window of steps, in order.
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
    /// Rows by column, which suits nearly all answers. The pages of an answer share its text.
    Pages(Vec<Page>),
    /// Single rows, for answers that are out of order or need repair.
    Rows(Vec<HistoryRow>),
}

impl HistoryWindow {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Pages(pages) => pages.iter().map(Page::len).sum(),
            Self::Rows(rows) => rows.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Converts to single rows of JSON text.
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
