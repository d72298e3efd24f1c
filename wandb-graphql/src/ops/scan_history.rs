//! A run's metrics, all of them, window by window.

use std::ops::Range;
use std::sync::Arc;

use wandb_core::RunPath;
use wandb_core::client::HeldBytes;
use wandb_core::operation::{PageSize, Windowed};
use wandb_core::page::Page;

use super::GetHistoryWindow;
use crate::{HistoryWindow, Samples, Selection};

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
    repeats: bool,
    row_bytes: Option<u64>,
}

/// The rows that every server gives in one answer: the Python SDK asks for as many at a time.
const SDK_PAGE: u64 = 1_000;

/// The rows that are asked for of a single step, which cannot be asked for in parts.
const STEP_SAMPLES: u64 = 20_000;

impl ScanHistory {
    /// How many steps a window spans unless told otherwise: first as many as the Python SDK asks for, then more.
    pub const PAGE_SIZE: PageSize = PageSize::adaptive(1_000, 10_000);

    /// Every row, with everything it holds, of the steps (end exclusive) of the run at `path`.
    pub fn new(path: RunPath, steps: Range<i64>) -> Self {
        Self {
            path,
            steps,
            selection: Arc::default(),
            page_size: Self::PAGE_SIZE,
            repeats: false,
            row_bytes: None,
        }
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

    /// Begins with windows that are narrow enough for rows of so many bytes, as a [probe](super::HistoryExtent::row_bytes)
    /// has shown them.
    #[must_use]
    pub fn row_bytes(self, row_bytes: Option<u64>) -> Self {
        Self { row_bytes, ..self }
    }

    /// Trusts no answer with as many rows as a page of the Python SDK. To be said of a run that is known to have more
    /// rows than steps: there a full page does not show that every row of its steps is in it.
    #[must_use]
    pub fn with_repeated_steps(self) -> Self {
        Self { repeats: true, ..self }
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
        window.shared(Arc::clone(&self.selection))
    }

    fn rows(&self, answer: &HistoryWindow) -> u64 {
        u64::try_from(answer.len()).unwrap_or(u64::MAX)
    }

    fn trusted_rows(&self, width: u64) -> u64 {
        let largest = self.page_size.largest();
        match width {
            _ if self.repeats => SDK_PAGE - 1,
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
    fn a_part_asks_for_the_same_of_fewer_steps() {
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
    fn twice_as_many_rows_are_asked_for_as_are_trusted() {
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
