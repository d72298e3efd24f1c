//! A run's complete history, read window by window.

use std::ops::Range;
use std::sync::Arc;

use wandb_core::RunPath;
use wandb_core::client::HeldBytes;
use wandb_core::operation::{PageSize, Windowed};
use wandb_core::page::Page;

use super::GetHistoryWindow;
use crate::{HistoryWindow, Samples, Selection};

/// Reads all rows in a range of a run's history (`scan_history` in the Python SDK), window by window.
///
/// The range must be known, because an empty window may precede others with rows: only the run's last step shows where
/// to stop. [`plan`](crate::plan) finds it. Rows are ordered by step.
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
    has_repeated_steps: bool,
    row_bytes: Option<u64>,
}

/// The number of rows that every server returns in one answer: the page size of the Python SDK.
const SDK_PAGE: u64 = 1_000;

/// The number of rows to request for a single step, which cannot be split further.
const STEP_SAMPLES: u64 = 20_000;

impl ScanHistory {
    /// Default number of steps per window: first the page size of the Python SDK, then more.
    pub const PAGE_SIZE: PageSize = PageSize::adaptive(1_000, 10_000);

    /// Reads all rows, with all keys, of `steps` (end exclusive) of the run at `path`.
    pub fn new(path: RunPath, steps: Range<i64>) -> Self {
        Self {
            path,
            steps,
            selection: Arc::default(),
            page_size: Self::PAGE_SIZE,
            has_repeated_steps: false,
            row_bytes: None,
        }
    }

    /// Reads only the rows that have certain keys.
    #[must_use]
    pub fn select(self, selection: Selection) -> Self {
        Self { selection: Arc::new(selection), ..self }
    }

    /// Sets the number of steps per window.
    #[must_use]
    pub fn page_size(self, page_size: PageSize) -> Self {
        Self { page_size, ..self }
    }

    /// Sets the size of a row, as measured by a [probe](super::HistoryExtent::row_bytes). The first windows are narrow
    /// enough for it.
    #[must_use]
    pub fn row_bytes(self, row_bytes: Option<u64>) -> Self {
        Self { row_bytes, ..self }
    }

    /// Distrusts answers with as many rows as a page of the Python SDK.
    ///
    /// For a run with more rows than steps: there, a full page may lack rows of its steps.
    #[must_use]
    pub fn with_repeated_steps(self) -> Self {
        Self { has_repeated_steps: true, ..self }
    }

    fn samples(&self, width: u64) -> Samples {
        let trusted = self.trusted_rows(width).saturating_mul(2);
        Samples::enough_for(if width == 1 { trusted.max(STEP_SAMPLES) } else { trusted })
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
        let samples = self.samples(steps.end.abs_diff(steps.start));
        let window = GetHistoryWindow::new(self.path.clone(), steps).samples(samples);
        window.with_shared_selection(Arc::clone(&self.selection))
    }

    fn rows(&self, answer: &HistoryWindow) -> u64 {
        u64::try_from(answer.len()).unwrap_or(u64::MAX)
    }

    fn trusted_rows(&self, width: u64) -> u64 {
        let largest = self.page_size.largest();
        match width {
            _ if self.has_repeated_steps => SDK_PAGE - 1,
            1 => SDK_PAGE,
            _ if width <= largest => width.max(SDK_PAGE),
            _ => (largest / 2).max(SDK_PAGE),
        }
    }

    fn row_bytes(&self) -> Option<u64> {
        self.row_bytes
    }

    fn own_bytes(&self, answer: &HistoryWindow) -> u64 {
        match answer {
            HistoryWindow::Pages(pages) => pages.iter().map(Page::own_bytes).sum(),
            HistoryWindow::Rows(_) => 0,
        }
    }

    fn hold(&self, answer: &mut HistoryWindow, held: HeldBytes) {
        if let HistoryWindow::Pages(pages) = answer {
            for page in pages {
                page.hold(held.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HistoryRow, Keys, Samples};

    #[test]
    fn part_requests_the_same_for_fewer_steps() {
        let path: RunPath = "team/project/abc".parse().unwrap();
        let selection = Selection::AllOf(Keys::new(["loss"]).unwrap());
        let scan =
            ScanHistory::new(path.clone(), 5..100).select(selection.clone()).page_size(PageSize::fixed(10));
        assert_eq!((scan.steps(), Windowed::page_size(&scan)), (5..100, PageSize::fixed(10)));
        let window = GetHistoryWindow::new(path, 5..15).select(selection);
        assert_eq!(scan.part(5..15), window.samples(Samples::new(2_000).unwrap()));
        assert_eq!(scan.rows(&HistoryWindow::Rows(vec![HistoryRow::new("{}"); 3])), 3);
    }
    #[test]
    fn twice_the_trusted_rows_are_requested() {
        let scan = ScanHistory::new("e/p/r".parse().unwrap(), 0..i64::MAX);
        for (width, trusted) in
            [(2, 1_000), (1_000, 1_000), (7_000, 7_000), (10_000, 10_000), (10_001, 5_000)]
        {
            assert_eq!(
                (scan.trusted_rows(width), scan.samples(width).get()),
                (trusted, i32::try_from(trusted * 2).unwrap())
            );
        }
        assert_eq!((scan.trusted_rows(1), scan.samples(1).get()), (1_000, 20_000));
        let scan = scan.with_repeated_steps();
        assert_eq!((scan.trusted_rows(1_000), scan.samples(1_000).get()), (999, 1_998));
    }
}
