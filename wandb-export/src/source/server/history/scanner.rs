//! Reads every row of a history, window by window, and works around the limits of the server.

use std::ops::Range;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::RunPath;
use wandb_core::client::{Client, Window};
use wandb_core::operation::PageSize;
use wandb_graphql::ops::{GetHistoryWindow, ScanHistory};
use wandb_graphql::{HistoryWindow, Samples, Selection};

use super::parse::{PAGES_AT_ONCE, to_batches};
use super::row_issues::RowIssues;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::history::Batches;

/// Maximum number of reads after the server's last step.
const MAX_READS_PAST_END: u32 = 8;

/// Number of rows requested before such a read, only to learn whether there are any.
const PROBE_ROWS: u64 = 100;

/// The rows of a history to read, and the settings for reading them.
#[derive(Debug, Clone)]
pub(super) struct HistoryScanner {
    pub(super) client: Client,
    pub(super) path: RunPath,
    pub(super) selection: Selection,
    pub(super) pages: PageSize,
    /// Estimated bytes of a row, if known.
    pub(super) row_bytes: Option<u64>,
    pub(super) row_issues: RowIssues,
    /// Whether the whole history is wanted.
    #[cfg(feature = "parquet")]
    pub(super) is_whole: bool,
    /// Whether the run has more rows than steps.
    pub(super) repeats: bool,
    /// Whether exported files may replace a failed live query.
    pub(super) falls_back: bool,
}

/// How the live query answered a window.
enum WindowOutcome {
    Rows(HistoryWindow),
    /// The rows of a step that has more rows than a window can hold. The server may have truncated them.
    Crowded {
        step: i64,
        rows: HistoryWindow,
    },
    /// The server cannot answer from this step on.
    Failed {
        from: i64,
        error: wandb_core::error::Error,
    },
}

impl HistoryScanner {
    /// Reads the rows of `steps` from the live query, with several windows in flight. If the server is overloaded by
    /// windows of any width, reads the rest from exported files.
    pub(super) fn read_live(&self, steps: Range<i64>) -> Batches {
        let mut scan = ScanHistory::new(self.path.clone(), steps.clone())
            .select(self.selection.clone())
            .page_size(self.pages)
            .row_bytes(self.row_bytes);
        if self.repeats {
            scan = scan.with_repeated_steps();
        }
        let windows = self.client.windows(scan).boxed();
        let scanner = self.clone();
        let read_outcome = move |outcome| scanner.clone().read_outcome(outcome, steps.end);
        to_outcomes(windows, steps.start).map(read_outcome).buffered(PAGES_AT_ONCE).try_flatten().boxed()
    }

    fn read_outcome(
        self,
        outcome: Result<WindowOutcome, Error>,
        end: i64,
    ) -> BoxFuture<'static, Result<Batches, Error>> {
        async move {
            match outcome? {
                WindowOutcome::Rows(rows) => self.parse(rows).await,
                WindowOutcome::Crowded { step, rows } => self.complete_step(step, rows).await,
                WindowOutcome::Failed { from, error } => self.fall_back(from..end, error).await,
            }
        }
        .boxed()
    }

    async fn parse(&self, rows: HistoryWindow) -> Result<Batches, Error> {
        let batches = to_batches(&self.client, rows, &self.path, &self.row_issues.losses).await?;
        Ok(stream::iter(batches.into_iter().map(Ok)).boxed())
    }

    /// Returns the rows of a step, including rows that only the exported files have.
    #[cfg(feature = "parquet")]
    async fn complete_step(&self, step: i64, rows: HistoryWindow) -> Result<Batches, Error> {
        let live = self.parse(rows).await?;
        if !self.falls_back {
            return Ok(live);
        }
        // Rows that the files also lack show up in the final row count.
        match self.read_exported(step..step.saturating_add(1)).await {
            Ok(Some(exported)) => Ok(super::merge_sources::merge_sources(&self.client, exported, live)),
            Ok(None) | Err(_) => Ok(live),
        }
    }

    #[cfg(not(feature = "parquet"))]
    async fn complete_step(&self, _: i64, rows: HistoryWindow) -> Result<Batches, Error> {
        self.parse(rows).await
    }

    /// Reads the rows of `steps` from the exported files, and rows that no file has from the live query.
    #[cfg(feature = "parquet")]
    fn read_exported(&self, steps: Range<i64>) -> BoxFuture<'static, Result<Option<Batches>, Error>> {
        // Do not fall back a second time.
        let scanner = Self { falls_back: false, is_whole: false, ..self.clone() };
        super::exported::read_rows(scanner, steps).boxed()
    }

    #[cfg(not(feature = "parquet"))]
    fn read_exported(&self, _: Range<i64>) -> BoxFuture<'static, Result<Option<Batches>, Error>> {
        std::future::ready(Ok(None)).boxed()
    }

    async fn fall_back(&self, steps: Range<i64>, error: wandb_core::error::Error) -> Result<Batches, Error> {
        if !self.falls_back || !error.is_overload() {
            return Err(error.into());
        }
        if let Ok(Some(batches)) = self.read_exported(steps.clone()).await {
            self.row_issues.add(Issue::LiveQueryFailed {
                run: self.path.clone(),
                from_step: steps.start,
                detail: error.with_causes(),
            });
            return Ok(batches);
        }
        Err(Error::LiveQuery { run: self.path.to_string(), source: Box::new(error) })
    }

    /// Reads `batches`, which end before `next`, and then further rows until `counted` rows have arrived. The
    /// server's last step may be too small.
    pub(super) fn read_until_counted(self, batches: Batches, next: i64, counted: u64) -> Batches {
        let state =
            CountedReader { scanner: self, batches, next, left: counted, attempts_left: MAX_READS_PAST_END };
        stream::try_unfold(state, |mut state| async move {
            loop {
                if let Some(batch) = state.batches.try_next().await? {
                    state.left = state.left.saturating_sub(batch.row_count() as u64);
                    return Ok(Some((batch, state)));
                }
                if !state.read_past_end().await {
                    return Ok(None);
                }
            }
        })
        .boxed()
    }
}

/// Classifies windows. Ends with the first failed one.
fn to_outcomes(
    windows: BoxStream<'static, Result<Window<HistoryWindow>, wandb_core::error::Error>>,
    start: i64,
) -> impl stream::Stream<Item = Result<WindowOutcome, Error>> + Send + 'static {
    windows.scan(start, |next, window| {
        let outcome = match window {
            Ok(Window { steps, answer, is_whole, .. }) => {
                *next = steps.end;
                if is_whole {
                    WindowOutcome::Rows(answer)
                } else {
                    WindowOutcome::Crowded { step: steps.start, rows: answer }
                }
            }
            Err(error) => WindowOutcome::Failed { from: *next, error },
        };
        std::future::ready(Some(Ok(outcome)))
    })
}

/// A history that is read until the counted number of rows has arrived.
struct CountedReader {
    scanner: HistoryScanner,
    batches: Batches,
    /// The first step that has not been requested.
    next: i64,
    /// Number of rows that have not arrived.
    left: u64,
    attempts_left: u32,
}

impl CountedReader {
    /// Opens the rows after the last step read. Returns false if there are none.
    async fn read_past_end(&mut self) -> bool {
        if self.left == 0 || self.attempts_left == 0 || self.next == i64::MAX {
            return false;
        }
        self.attempts_left -= 1;
        let Ok(samples) = Samples::new(PROBE_ROWS) else { return false };
        let probe = GetHistoryWindow::new(self.scanner.path.clone(), self.next..i64::MAX).samples(samples);
        // If the probe fails, the final row count reports the missing rows.
        let Ok(reply) = self.scanner.client.call(probe).await else { return false };
        let last = reply.answer.into_rows().iter().filter_map(wandb_graphql::HistoryRow::step).max();
        let Some(end) = last.map(|last| last.saturating_add(1)) else { return false };
        self.batches = self.scanner.read_live(self.next..end);
        self.next = end;
        true
    }
}
