//! A run's metrics, all of them, window by window.

use std::ops::Range;
use std::sync::Arc;

use wandb_core::RunPath;
use wandb_core::operation::{PageSize, Windowed};

use super::GetHistoryWindow;
use crate::{HistoryWindow, Selection};

/// Reads every row of a range of a run's history (`scan_history` of the Python SDK), window by window.
///
/// The range has to be known: a window may be empty while later ones are not, so that only the run's last step tells
/// where to stop. [`plan`](crate::plan) finds it. Rows come in order of steps.
///
/// ```
/// use wandb_core::operation::Windowed;
/// use wandb_graphql::ops::ScanHistory;
/// use wandb_graphql::{Keys, Selection};
///
/// let scan = ScanHistory::new("team/project/run".parse()?, 0..25_000)
///     .select(Selection::AnyOf(Keys::new(["loss", "val/loss"])?));
/// assert_eq!(scan.steps(), 0..25_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanHistory {
    path: RunPath,
    steps: Range<i64>,
    selection: Arc<Selection>,
    page_size: PageSize,
}

impl ScanHistory {
    /// How many steps a window spans unless told otherwise: first as many as the Python SDK asks for, then more.
    pub const PAGE_SIZE: PageSize = PageSize::adaptive(1_000, 10_000);

    /// Every row, with everything it holds, of the steps (end exclusive) of the run at `path`.
    pub fn new(path: RunPath, steps: Range<i64>) -> Self {
        Self { path, steps, selection: Arc::default(), page_size: Self::PAGE_SIZE }
    }

    /// Only the rows that hold certain keys.
    #[must_use]
    pub fn select(self, selection: Selection) -> Self {
        Self { selection: Arc::new(selection), ..self }
    }

    /// Asks for so many steps at once.
    #[must_use]
    pub fn page_size(self, page_size: PageSize) -> Self {
        Self { page_size, ..self }
    }
}

impl Windowed for ScanHistory {
    type Part = GetHistoryWindow;

    fn steps(&self) -> Range<i64> {
        self.steps.clone()
    }

    fn page_size(&self) -> PageSize {
        self.page_size
    }

    fn part(&self, steps: Range<i64>) -> GetHistoryWindow {
        GetHistoryWindow::shared(self.path.clone(), steps, Arc::clone(&self.selection))
    }

    fn rows(&self, answer: &HistoryWindow) -> u64 {
        u64::try_from(answer.len()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HistoryRow, Keys};

    #[test]
    fn a_part_asks_for_the_same_of_fewer_steps() {
        let path: RunPath = "team/project/abc".parse().unwrap();
        let selection = Selection::AllOf(Keys::new(["loss"]).unwrap());
        let scan =
            ScanHistory::new(path.clone(), 5..100).select(selection.clone()).page_size(PageSize::fixed(10));
        assert_eq!((scan.steps(), Windowed::page_size(&scan)), (5..100, PageSize::fixed(10)));
        assert_eq!(scan.part(5..15), GetHistoryWindow::new(path, 5..15).select(selection));
        assert_eq!(scan.rows(&HistoryWindow::Rows(vec![HistoryRow::new("{}"); 3])), 3);
    }
}
