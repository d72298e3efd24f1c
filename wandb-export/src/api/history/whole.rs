//! Every row of a history, window by window, also where the server makes that hard.

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
use super::reader::Batches;
use crate::error::Error;
use crate::issue::Issue;

/// How often rows are looked for behind the last step that the server tells.
const MOST_LOOKS_BEHIND: u32 = 8;

/// The rows that a look behind the last step asks for. They only show whether there are any.
const LOOK_BEHIND_ROWS: u64 = 100;

/// Which rows of a history to read, and how.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) client: Client,
    pub(super) path: RunPath,
    pub(super) selection: Selection,
    pub(super) pages: PageSize,
    /// The bytes of a row, as far as the first ones tell.
    pub(super) row_bytes: Option<u64>,
    pub(super) findings: Findings,
    /// Whether everything is wanted.
    #[cfg(feature = "parquet")]
    pub(super) is_whole: bool,
    /// Whether the run is known to have more rows than steps.
    pub(super) repeats: bool,
    /// Whether the exported files may serve where the live query fails.
    pub(super) falls_back: bool,
}

/// A part of what the live query gives.
enum Piece {
    Rows(HistoryWindow),
    /// The rows of one step that has more rows than can be trusted to be all.
    Crowded {
        step: i64,
        rows: HistoryWindow,
    },
    /// From this step on the server cannot answer.
    Failed {
        from: i64,
        error: wandb_core::error::Error,
    },
}

impl Reading {
    /// The rows of `steps` from the live query, several windows in flight. Where the server is overtaxed by a window of
    /// any width, the exported files have to serve from there on.
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

    /// The rows of a step, also those that only the exported files have.
    #[cfg(feature = "parquet")]
    async fn crowded(&self, step: i64, rows: HistoryWindow) -> Result<Batches, Error> {
        let live = self.parse(rows).await?;
        if !self.falls_back {
            return Ok(live);
        }
        // What the files do not have is missing from the count of rows in the end.
        match self.exported(step..step.saturating_add(1)).await {
            Ok(Some(exported)) => Ok(super::union::union(&self.client, exported, live)),
            Ok(None) | Err(_) => Ok(live),
        }
    }

    #[cfg(not(feature = "parquet"))]
    async fn crowded(&self, _: i64, rows: HistoryWindow) -> Result<Batches, Error> {
        self.parse(rows).await
    }

    /// The rows of `steps` from the exported files, and from the live query what no file has.
    #[cfg(feature = "parquet")]
    fn exported(&self, steps: Range<i64>) -> BoxFuture<'static, Result<Option<Batches>, Error>> {
        // What fails now is not tried once more.
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
                detail: error.to_string(),
            });
            return Ok(batches);
        }
        Err(Error::LiveQuery { run: self.path.to_string(), source: Box::new(error) })
    }

    /// `batches`, which end before `next`, and behind them further rows while fewer than `counted` have come: the last
    /// step that the server tells may be too small.
    pub(super) fn complete(self, batches: Batches, next: i64, counted: u64) -> Batches {
        let state = Completing { reading: self, batches, next, left: counted, looks: MOST_LOOKS_BEHIND };
        stream::try_unfold(state, |mut state| async move {
            loop {
                if let Some(batch) = state.batches.try_next().await? {
                    state.left = state.left.saturating_sub(batch.len() as u64);
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

/// The windows as pieces, which end with the first that failed.
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

/// A history to be read until as many rows have come as were counted.
struct Completing {
    reading: Reading,
    batches: Batches,
    /// The first step that has not been asked for.
    next: i64,
    /// How many rows have not come.
    left: u64,
    looks: u32,
}

impl Completing {
    /// Looks for rows behind the last step that was read. Returns false if there are none.
    async fn look_behind(&mut self) -> bool {
        if self.left == 0 || self.looks == 0 || self.next == i64::MAX {
            return false;
        }
        self.looks -= 1;
        let Ok(samples) = Samples::new(LOOK_BEHIND_ROWS) else { return false };
        let look = GetHistoryWindow::new(self.reading.path.clone(), self.next..i64::MAX).samples(samples);
        // Rows that cannot be seen are missing from the count.
        let Ok(reply) = self.reading.client.call(look).await else { return false };
        let last = reply.answer.into_rows().iter().filter_map(wandb_graphql::HistoryRow::step).max();
        let Some(end) = last.map(|last| last.saturating_add(1)) else { return false };
        self.batches = self.reading.live(self.next..end);
        self.next = end;
        true
    }
}
