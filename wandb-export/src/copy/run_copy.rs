//! Copies the parts of one run to the mirror.

use futures_util::stream::{self, StreamExt};
use wandb_core::RunPath;
use wandb_core::model::Run;
use wandb_core::operation::Paged as _;
use wandb_graphql::HistoryRow;
use wandb_graphql::ops::{HistoryExtent, ListLogLines, LogPage};
use wandb_mirror::Part;
use wandb_mirror::layout::place;
use wandb_mirror::record::{RunRecord, Stored};
use wandb_tables::Batch;

use super::copier::Copier;
use super::event::MirrorEvent;
use super::plan::MAX_JOINT_ROWS;
use super::{lines, rows};
use crate::api::{HistoryReader, HistoryRequest};
use crate::error::Error;
use crate::issue::Issue;
use crate::source::history::Stream;
use crate::source::server::{self, LogPages, Losses, parse_rows};

/// A run that is being copied.
pub(super) struct RunCopy<'a> {
    pub(super) copier: &'a Copier,
    pub(super) path: &'a RunPath,
    pub(super) run: &'a Run,
    /// The record from an earlier sync.
    pub(super) known: Option<&'a RunRecord>,
    /// The name of its files.
    pub(super) name: &'a str,
}

/// The result of fetching a part of a run.
pub(super) struct FetchedPart<T> {
    pub(super) data: T,
    /// Missing data, which the next sync retries.
    pub(super) missing: Vec<String>,
    /// Data that differs from the server's or may be incomplete. A retry would not help.
    pub(super) inexact: Vec<String>,
    /// Features that this version of the server lacks.
    pub(super) unsupported: Vec<String>,
}

impl<T> FetchedPart<T> {
    pub(super) fn complete(data: T) -> Self {
        Self { data, missing: Vec::new(), inexact: Vec::new(), unsupported: Vec::new() }
    }

    fn with_issues(data: T, issues: impl IntoIterator<Item = Issue>) -> Self {
        let gaps = issues.into_iter().filter(|issue| !issue.is_note());
        Self { inexact: gaps.map(|issue| issue.to_string()).collect(), ..Self::complete(data) }
    }
}

impl RunCopy<'_> {
    fn report_rows(&self, rows: u64) {
        (self.copier.on_event)(&MirrorEvent::Rows { run: self.path.clone(), rows });
    }

    /// Returns the earlier record, unless it belongs to another run that had the same id.
    fn same_run_record(&self) -> Option<&RunRecord> {
        let created_at = self.run.created_at.as_ref()?.to_string();
        self.known.filter(|known| known.created_at.as_ref() == Some(&created_at))
    }

    /// Returns the stored part if it cannot have grown: the run had ended and has sent no heartbeat since.
    fn unchanged_part(&self, part: Part) -> Option<Stored> {
        let known = self.same_run_record()?;
        let state = self.run.state.as_ref().filter(|state| state.is_over())?.to_string();
        let heartbeat = self.run.heartbeat_at.as_ref()?.to_string();
        let is_unchanged =
            known.state.as_ref() == Some(&state) && known.heartbeat_at.as_ref() == Some(&heartbeat);
        known.complete_table(part).filter(|_| is_unchanged).cloned()
    }

    /// Copies the rows that the run logged, up to `last_step` if that is known.
    pub(super) async fn copy_history(
        &self,
        last_step: Option<i64>,
        received: Option<Vec<HistoryRow>>,
    ) -> Result<FetchedPart<Stored>, Error> {
        let lines = self.run.history_line_count;
        let target = place(Part::History, self.name);
        let is_all = |rows: &Vec<HistoryRow>| {
            // Without a count, repeated steps do not show whether all rows arrived.
            let fits = lines.map_or_else(|| !has_repeated_steps(rows), |lines| rows.len() as u64 >= lines);
            rows.len() as u64 <= MAX_JOINT_ROWS && fits
        };
        if let Some(rows) = received.filter(is_all) {
            return self.write_small(rows, Part::History, &target).await;
        }
        let before = self
            .same_run_record()
            .and_then(|known| Some((known.complete_table(Part::History)?, known.last_step?)));
        if let (Some((stored, known_last)), Some(lines), Some(last)) = (before, lines, last_step) {
            if stored.rows == lines && known_last == last {
                return Ok(FetchedPart::complete(stored.clone()));
            }
            if stored.rows < lines
                && known_last < last
                && let Some(grown) = self.append_rows(stored, (known_last, last), lines, &target).await?
            {
                return Ok(grown);
            }
        }
        let mut history = self.request_history(Stream::Default);
        if let (Some(last), Some(keys)) = (last_step, &self.run.history_keys) {
            // Leave later rows to the next sync, because they do not match the other parts.
            let mut extent = HistoryExtent::new();
            let mut keys = keys.clone();
            keys.last_step = Some(last);
            (extent.keys, extent.line_count, extent.state) = (Some(keys), lines, self.run.state.clone());
            history = history.with_extent(extent);
        }
        self.copy_whole(history, Part::History, &target).await
    }

    /// Appends the new rows to the stored table. Returns `None` if the old rows may have changed.
    async fn append_rows(
        &self,
        stored: &Stored,
        (known_last, last): (i64, i64),
        lines: u64,
        target: &str,
    ) -> Result<Option<FetchedPart<Stored>>, Error> {
        let Self { copier, path, .. } = self;
        let client = copier.api.client();
        let Some(old) = rows::ExistingTable::open(client, &copier.disk, target, stored.rows).await? else {
            return Ok(None);
        };
        let schema = old.schema();
        let new = self.request_history(Stream::Default).between(known_last + 1, last.saturating_add(1));
        let mut reader = new.open().await?;
        let on_rows = |rows| self.report_rows(rows);
        let table = rows::write_all_rows(
            client,
            &copier.disk,
            (path.run(), Part::History, target),
            Some(old),
            stream_batches(&mut reader),
            on_rows,
        )
        .await?;
        let end = reader.finish().await?;
        let put = rows::put_grown_table(client, &copier.disk, target, table, (schema, lines)).await?;
        Ok(put.map(|stored| FetchedPart::with_issues(stored, end.issues)))
    }

    /// Copies the system metrics. `counted` is the number of rows, if the server reports it.
    pub(super) async fn copy_system(
        &self,
        received: Option<Vec<HistoryRow>>,
        counted: Option<u64>,
    ) -> Result<FetchedPart<Stored>, Error> {
        let target = place(Part::System, self.name);
        let is_all = |rows: &Vec<HistoryRow>| {
            let received = rows.len() as u64;
            received <= MAX_JOINT_ROWS && counted.is_none_or(|counted| received >= counted)
        };
        if let Some(rows) = received.filter(is_all) {
            return self.write_small(rows, Part::System, &target).await;
        }
        match self.unchanged_part(Part::System) {
            Some(stored) => Ok(FetchedPart::complete(stored)),
            None => self.copy_whole(self.request_history(Stream::System), Part::System, &target).await,
        }
    }

    fn request_history(&self, stream: Stream) -> HistoryRequest {
        let client = self.copier.api.client();
        HistoryRequest::new(client.clone(), server::run_source(client, RunPath::clone(self.path)), stream)
    }

    /// Writes rows that are all in memory.
    async fn write_small(
        &self,
        rows: Vec<HistoryRow>,
        part: Part,
        target: &str,
    ) -> Result<FetchedPart<Stored>, Error> {
        if !rows.is_empty() {
            self.report_rows(rows.len() as u64);
        }
        let (disk, path, target) = (self.copier.disk.clone(), self.path.clone(), target.to_owned());
        let write = move || {
            let losses = Losses::default();
            let parsed = parse_rows(&rows, &path, &losses)?;
            let stored = rows::write(&disk, (path.run(), part, &target), parsed)?;
            Ok(FetchedPart::with_issues(stored, losses.issues(&path)))
        };
        self.copier.with_write_permit(write).await
    }

    /// Fetches and writes rows page by page.
    async fn copy_whole(
        &self,
        history: HistoryRequest,
        part: Part,
        target: &str,
    ) -> Result<FetchedPart<Stored>, Error> {
        let Self { copier, path, .. } = self;
        let client = copier.api.client();
        let mut reader = history.open().await?;
        let on_rows = |rows| self.report_rows(rows);
        let table = rows::write_all_rows(
            client,
            &copier.disk,
            (path.run(), part, target),
            None,
            stream_batches(&mut reader),
            on_rows,
        )
        .await?;
        let end = reader.finish().await?;
        Ok(FetchedPart::with_issues(rows::put_table(client, &copier.disk, target, table).await?, end.issues))
    }

    pub(super) async fn copy_logs(&self, received: Option<LogPage>) -> Result<FetchedPart<Stored>, Error> {
        let all = ListLogLines::new(self.path.clone());
        let target = place(Part::Logs, self.name);
        let client = self.copier.api.client();
        let mut pages;
        // A page with a broken cursor is requested again.
        let first = if let Some(page) = received.filter(|page| all.broken(page).is_none()) {
            let rest = all.next(&page);
            let is_all = rest.is_none();
            pages = LogPages::new(client, self.path.clone(), rest);
            let lines = pages.take(page);
            if is_all {
                if !lines.is_empty() {
                    self.report_rows(lines.len() as u64);
                }
                let disk = self.copier.disk.clone();
                let stored =
                    self.copier.with_write_permit(move || lines::write_all(&disk, &target, &lines)).await?;
                return Ok(Self::log_result(stored, &pages));
            }
            Some(Ok(lines))
        } else {
            if let Some(stored) = self.unchanged_part(Part::Logs) {
                return Ok(FetchedPart::complete(stored));
            }
            pages = LogPages::new(client, self.path.clone(), Some(all));
            None
        };
        let written = {
            let rest = stream::try_unfold(&mut pages, |pages| async move {
                Ok(pages.next_lines().await?.map(|lines| (lines, pages)))
            });
            let lines = stream::iter(first).chain(rest).boxed();
            lines::write(client, &self.copier.disk, &target, lines, |lines| self.report_rows(lines)).await
        };
        written.map(|stored| Self::log_result(stored, &pages))
    }
}

impl RunCopy<'_> {
    /// Returns the log with its issues. A retry helps unless the server does not keep those lines.
    fn log_result(stored: Stored, pages: &LogPages) -> FetchedPart<Stored> {
        let issues: Vec<_> = pages.issues().iter().map(ToString::to_string).collect();
        let all = FetchedPart::complete(stored);
        if pages.tally().is_late() {
            FetchedPart { inexact: issues, ..all }
        } else {
            FetchedPart { missing: issues, ..all }
        }
    }
}

/// Returns whether a step occurs more than once, in rows ordered by step.
fn has_repeated_steps(rows: &[HistoryRow]) -> bool {
    rows.windows(2).any(|pair| pair[0].step().is_some() && pair[0].step() == pair[1].step())
}

/// Streams the remaining batches of a reader.
fn stream_batches(
    reader: &mut HistoryReader,
) -> impl stream::Stream<Item = Result<Batch, Error>> + Send + '_ {
    stream::try_unfold(reader, |reader| async move { Ok(reader.next().await?.map(|batch| (batch, reader))) })
}
