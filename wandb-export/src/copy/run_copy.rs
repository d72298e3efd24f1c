//! Copies the parts of one run to their places.

use futures_util::stream::{self, StreamExt};
use wandb_core::RunPath;
use wandb_core::model::Run;
use wandb_core::operation::Paged as _;
use wandb_graphql::HistoryRow;
use wandb_graphql::ops::{HistoryExtent, ListLogLines, LogPage};
use wandb_tables::Batch;

use super::copier::Copier;
use super::event::MirrorEvent;
use super::plan::MAX_JOINT_ROWS;
use super::{lines, rows};
use crate::api::{HistoryReader, HistoryRequest};
use crate::error::Error;
use crate::issue::Issue;
use crate::mirror::contents::Part;
use crate::mirror::layout::place;
use crate::mirror::record::{RunRecord, Stored};
use crate::source::history::Stream;
use crate::source::server::{self, LogPages, Losses, parse_rows};

/// A run that is being copied.
pub(super) struct RunCopy<'a> {
    pub(super) of: &'a Copier,
    pub(super) path: &'a RunPath,
    pub(super) run: &'a Run,
    /// The record from an earlier sync.
    pub(super) known: Option<&'a RunRecord>,
    /// The name of its files.
    pub(super) here: &'a str,
}

/// The result of fetching a part of a run.
pub(super) struct Got<T> {
    pub(super) what: T,
    /// Missing data, which the next sync retries.
    pub(super) missing: Vec<String>,
    /// Data that differs from the server's or may be incomplete. A retry would not help.
    pub(super) inexact: Vec<String>,
    /// Features that this version of the server lacks.
    pub(super) unsupported: Vec<String>,
}

impl<T> Got<T> {
    pub(super) fn all(what: T) -> Self {
        Self { what, missing: Vec::new(), inexact: Vec::new(), unsupported: Vec::new() }
    }

    fn with_issues(what: T, issues: impl IntoIterator<Item = Issue>) -> Self {
        let gaps = issues.into_iter().filter(|issue| !issue.is_note());
        Self { inexact: gaps.map(|issue| issue.to_string()).collect(), ..Self::all(what) }
    }
}

impl RunCopy<'_> {
    fn saw(&self, rows: u64) {
        (self.of.tell)(&MirrorEvent::Rows { run: self.path.clone(), rows });
    }

    /// Returns the earlier record, unless it belongs to another run that had the same id.
    fn known_of_this_run(&self) -> Option<&RunRecord> {
        let created_at = self.run.created_at.as_ref()?.to_string();
        self.known.filter(|known| known.created_at.as_ref() == Some(&created_at))
    }

    /// Returns the stored part if it cannot have grown: the run had ended and has sent no heartbeat since.
    fn unheard(&self, part: Part) -> Option<Stored> {
        let known = self.known_of_this_run()?;
        let state = self.run.state.as_ref().filter(|state| state.is_over())?.to_string();
        let heartbeat = self.run.heartbeat_at.as_ref()?.to_string();
        let is_unheard =
            known.state.as_ref() == Some(&state) && known.heartbeat_at.as_ref() == Some(&heartbeat);
        known.whole(part).filter(|_| is_unheard).cloned()
    }

    /// Copies the rows that the run logged, up to `last_step` if that is known.
    pub(super) async fn history(
        &self,
        last_step: Option<i64>,
        came: Option<Vec<HistoryRow>>,
    ) -> Result<Got<Stored>, Error> {
        let lines = self.run.history_line_count;
        let here = place(Part::History, self.here);
        let is_all = |rows: &Vec<HistoryRow>| {
            // Without a count, repeated steps do not show whether all rows arrived.
            let fits = lines.map_or_else(|| !steps_repeat(rows), |lines| rows.len() as u64 >= lines);
            rows.len() as u64 <= MAX_JOINT_ROWS && fits
        };
        if let Some(rows) = came.filter(is_all) {
            return self.small(rows, Part::History, &here).await;
        }
        let before =
            self.known_of_this_run().and_then(|known| Some((known.whole(Part::History)?, known.last_step?)));
        if let (Some((stored, known_last)), Some(lines), Some(last)) = (before, lines, last_step) {
            if stored.rows == lines && known_last == last {
                return Ok(Got::all(stored.clone()));
            }
            if stored.rows < lines
                && known_last < last
                && let Some(grown) = self.grown(stored, (known_last, last), lines, &here).await?
            {
                return Ok(grown);
            }
        }
        let mut history = self.query(Stream::Default);
        if let (Some(last), Some(keys)) = (last_step, &self.run.history_keys) {
            // Leave later rows to the next sync, because they do not match the other parts.
            let mut extent = HistoryExtent::new();
            let mut keys = keys.clone();
            keys.last_step = Some(last);
            (extent.keys, extent.line_count, extent.state) = (Some(keys), lines, self.run.state.clone());
            history = history.with_extent(extent);
        }
        self.whole(history, Part::History, &here).await
    }

    /// Appends the new rows to the stored table. Returns `None` if the old rows may have changed.
    async fn grown(
        &self,
        stored: &Stored,
        (known_last, last): (i64, i64),
        lines: u64,
        here: &str,
    ) -> Result<Option<Got<Stored>>, Error> {
        let Self { of, path, .. } = self;
        let client = of.api.client();
        let Some(old) = rows::Old::open(client, &of.disk, here, stored.rows).await? else { return Ok(None) };
        let schema = old.schema();
        let new = self.query(Stream::Default).between(known_last + 1, last.saturating_add(1));
        let mut reader = new.open().await?;
        let saw = |rows| self.saw(rows);
        let table = rows::gather(
            client,
            &of.disk,
            (path.run(), Part::History, here),
            Some(old),
            batches(&mut reader),
            saw,
        )
        .await?;
        let end = reader.finish().await?;
        let put = rows::put_grown(client, &of.disk, here, table, (schema, lines)).await?;
        Ok(put.map(|stored| Got::with_issues(stored, end.issues)))
    }

    /// Copies the system metrics. `counted` is the number of rows, if the server reports it.
    pub(super) async fn system(
        &self,
        came: Option<Vec<HistoryRow>>,
        counted: Option<u64>,
    ) -> Result<Got<Stored>, Error> {
        let here = place(Part::System, self.here);
        let is_all = |rows: &Vec<HistoryRow>| {
            let came = rows.len() as u64;
            came <= MAX_JOINT_ROWS && counted.is_none_or(|counted| came >= counted)
        };
        if let Some(rows) = came.filter(is_all) {
            return self.small(rows, Part::System, &here).await;
        }
        match self.unheard(Part::System) {
            Some(stored) => Ok(Got::all(stored)),
            None => self.whole(self.query(Stream::System), Part::System, &here).await,
        }
    }

    fn query(&self, stream: Stream) -> HistoryRequest {
        let client = self.of.api.client();
        HistoryRequest::new(client.clone(), server::run(client, RunPath::clone(self.path)), stream)
    }

    /// Writes rows that are all in memory.
    async fn small(&self, rows: Vec<HistoryRow>, part: Part, here: &str) -> Result<Got<Stored>, Error> {
        if !rows.is_empty() {
            self.saw(rows.len() as u64);
        }
        let (disk, path, here) = (self.of.disk.clone(), self.path.clone(), here.to_owned());
        let write = move || {
            let losses = Losses::default();
            let parsed = parse_rows(&rows, &path, &losses)?;
            let stored = rows::write(&disk, (path.run(), part, &here), parsed)?;
            Ok(Got::with_issues(stored, losses.issues(&path)))
        };
        self.of.write(write).await
    }

    /// Fetches and writes rows page by page.
    async fn whole(&self, history: HistoryRequest, part: Part, here: &str) -> Result<Got<Stored>, Error> {
        let Self { of, path, .. } = self;
        let client = of.api.client();
        let mut reader = history.open().await?;
        let saw = |rows| self.saw(rows);
        let table =
            rows::gather(client, &of.disk, (path.run(), part, here), None, batches(&mut reader), saw).await?;
        let end = reader.finish().await?;
        Ok(Got::with_issues(rows::put(client, &of.disk, here, table).await?, end.issues))
    }

    pub(super) async fn logs(&self, came: Option<LogPage>) -> Result<Got<Stored>, Error> {
        let all = ListLogLines::new(self.path.clone());
        let here = place(Part::Logs, self.here);
        let client = self.of.api.client();
        let mut pages;
        // A page with a broken cursor is requested again.
        let first = if let Some(page) = came.filter(|page| all.broken(page).is_none()) {
            let rest = all.next(&page);
            let is_all = rest.is_none();
            pages = LogPages::new(client, self.path.clone(), rest);
            let lines = pages.take(page);
            if is_all {
                if !lines.is_empty() {
                    self.saw(lines.len() as u64);
                }
                let disk = self.of.disk.clone();
                let stored = self.of.write(move || lines::write_all(&disk, &here, &lines)).await?;
                return Ok(Self::got_log(stored, &pages));
            }
            Some(Ok(lines))
        } else {
            if let Some(stored) = self.unheard(Part::Logs) {
                return Ok(Got::all(stored));
            }
            pages = LogPages::new(client, self.path.clone(), Some(all));
            None
        };
        let written = {
            let rest = stream::try_unfold(&mut pages, |pages| async move {
                Ok(pages.next_lines().await?.map(|lines| (lines, pages)))
            });
            let lines = stream::iter(first).chain(rest).boxed();
            lines::write(client, &self.of.disk, &here, lines, |lines| self.saw(lines)).await
        };
        written.map(|stored| Self::got_log(stored, &pages))
    }
}

impl RunCopy<'_> {
    /// Returns the log with its issues. A retry helps unless the server does not keep those lines.
    fn got_log(stored: Stored, pages: &LogPages) -> Got<Stored> {
        let issues: Vec<_> = pages.issues().iter().map(ToString::to_string).collect();
        let all = Got::all(stored);
        if pages.tally().is_late() { Got { inexact: issues, ..all } } else { Got { missing: issues, ..all } }
    }
}

/// Returns whether a step occurs more than once, in rows ordered by step.
fn steps_repeat(rows: &[HistoryRow]) -> bool {
    rows.windows(2).any(|pair| pair[0].step().is_some() && pair[0].step() == pair[1].step())
}

/// Streams the remaining batches of a reader.
fn batches(reader: &mut HistoryReader) -> impl stream::Stream<Item = Result<Batch, Error>> + Send + '_ {
    stream::try_unfold(reader, |reader| async move { Ok(reader.next().await?.map(|batch| (batch, reader))) })
}
