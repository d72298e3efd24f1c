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

use super::findings::Findings;
use super::parse::{PAGES_AT_ONCE, batches};
use crate::error::Error;
use crate::issue::Issue;
use crate::source::history::Batches;

/// Maximum number of times to look for rows after the server's last step.
const MAX_LOOKS_BEHIND: u32 = 8;

/// Number of rows requested by such a look. They only show whether there are any.
const LOOK_BEHIND_ROWS: u64 = 100;

/// The rows of a history to read, and the settings for reading them.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) client: Client,
    pub(super) path: RunPath,
    pub(super) selection: Selection,
    pub(super) pages: PageSize,
    /// Estimated bytes of a row, if known.
    pub(super) row_bytes: Option<u64>,
    pub(super) findings: Findings,
    /// Whether the whole history is wanted.
    #[cfg(feature = "parquet")]
    pub(super) is_whole: bool,
    /// Whether the run has more rows than steps.
    pub(super) repeats: bool,
    /// Whether exported files may replace a failed live query.
    pub(super) falls_back: bool,
}

/// A part of the live query's result.
enum Piece {
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

impl Reading {
    /// Reads the rows of `steps` from the live query, with several windows in flight. If the server is overloaded by
    /// windows of any width, reads the rest from exported files.
    pub(super) fn live(&self, steps: Range<i64>) -> Batches {
        let mut scan = ScanHistory::new(self.path.clone(), steps.clone())
            .select(self.selection.clone())
            .page_size(self.pages)
            .row_bytes(self.row_bytes);
        if self.repeats {
            scan = scan.with_repeated_steps();
        }
        let windows = self.client.windows(scan).boxed();
        let reading = self.clone();
        let resolve = move |piece| reading.clone().resolve(piece, steps.end);
        pieces(windows, steps.start).map(resolve).buffered(PAGES_AT_ONCE).try_flatten().boxed()
    }

    fn resolve(self, piece: Result<Piece, Error>, end: i64) -> BoxFuture<'static, Result<Batches, Error>> {
        async move {
            match piece? {
                Piece::Rows(rows) => self.parse(rows).await,
                Piece::Crowded { step, rows } => self.crowded(step, rows).await,
                Piece::Failed { from, error } => self.fall_back(from..end, error).await,
            }
        }
        .boxed()
    }

    async fn parse(&self, rows: HistoryWindow) -> Result<Batches, Error> {
        let batches = batches(&self.client, rows, &self.path, &self.findings.losses).await?;
        Ok(stream::iter(batches.into_iter().map(Ok)).boxed())
    }

    /// Returns the rows of a step, including rows that only the exported files have.
    #[cfg(feature = "parquet")]
    async fn crowded(&self, step: i64, rows: HistoryWindow) -> Result<Batches, Error> {
        let live = self.parse(rows).await?;
        if !self.falls_back {
            return Ok(live);
        }
        // Rows that the files also lack show up in the final row count.
        match self.exported(step..step.saturating_add(1)).await {
            Ok(Some(exported)) => Ok(super::union::union(&self.client, exported, live)),
            Ok(None) | Err(_) => Ok(live),
        }
    }

    #[cfg(not(feature = "parquet"))]
    async fn crowded(&self, _: i64, rows: HistoryWindow) -> Result<Batches, Error> {
        self.parse(rows).await
    }

    /// Reads the rows of `steps` from the exported files, and rows that no file has from the live query.
    #[cfg(feature = "parquet")]
    fn exported(&self, steps: Range<i64>) -> BoxFuture<'static, Result<Option<Batches>, Error>> {
        // Do not fall back a second time.
        let reading = Self { falls_back: false, is_whole: false, ..self.clone() };
        super::exported::rows(reading, steps).boxed()
    }

    #[cfg(not(feature = "parquet"))]
    fn exported(&self, _: Range<i64>) -> BoxFuture<'static, Result<Option<Batches>, Error>> {
        std::future::ready(Ok(None)).boxed()
    }

    async fn fall_back(&self, steps: Range<i64>, error: wandb_core::error::Error) -> Result<Batches, Error> {
        if !self.falls_back || !error.is_overload() {
            return Err(error.into());
        }
        if let Ok(Some(batches)) = self.exported(steps.clone()).await {
            self.findings.add(Issue::LiveQueryFailed {
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
    pub(super) fn complete(self, batches: Batches, next: i64, counted: u64) -> Batches {
        let state = Completing { reading: self, batches, next, left: counted, looks: MAX_LOOKS_BEHIND };
        stream::try_unfold(state, |mut state| async move {
            loop {
                if let Some(batch) = state.batches.try_next().await? {
                    state.left = state.left.saturating_sub(batch.row_count() as u64);
                    return Ok(Some((batch, state)));
                }
                if !state.look_behind().await {
                    return Ok(None);
                }
            }
        })
        .boxed()
    }
}

/// Converts windows to pieces. Ends with the first failed one.
fn pieces(
    windows: BoxStream<'static, Result<Window<HistoryWindow>, wandb_core::error::Error>>,
    start: i64,
) -> impl stream::Stream<Item = Result<Piece, Error>> + Send + 'static {
    windows.scan(start, |next, window| {
        let piece = match window {
            Ok(Window { steps, answer, is_whole, .. }) => {
                *next = steps.end;
                if is_whole {
                    Piece::Rows(answer)
                } else {
                    Piece::Crowded { step: steps.start, rows: answer }
                }
            }
            Err(error) => Piece::Failed { from: *next, error },
        };
        std::future::ready(Some(Ok(piece)))
    })
}

/// A history that is read until the counted number of rows has arrived.
struct Completing {
    reading: Reading,
    batches: Batches,
    /// The first step that has not been requested.
    next: i64,
    /// Number of rows that have not arrived.
    left: u64,
    looks: u32,
}

impl Completing {
    /// Looks for rows after the last step read. Returns false if there are none.
    async fn look_behind(&mut self) -> bool {
        if self.left == 0 || self.looks == 0 || self.next == i64::MAX {
            return false;
        }
        self.looks -= 1;
        let Ok(samples) = Samples::new(LOOK_BEHIND_ROWS) else { return false };
        let look = GetHistoryWindow::new(self.reading.path.clone(), self.next..i64::MAX).samples(samples);
        // If the look fails, the final row count reports the missing rows.
        let Ok(reply) = self.reading.client.call(look).await else { return false };
        let last = reply.answer.into_rows().iter().filter_map(wandb_graphql::HistoryRow::step).max();
        let Some(end) = last.map(|last| last.saturating_add(1)) else { return false };
        self.batches = self.reading.live(self.next..end);
        self.next = end;
        true
    }
}
