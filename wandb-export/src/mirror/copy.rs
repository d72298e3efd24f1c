//! One run, from the server to the disk.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::join4;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use wandb_core::model::{self, Run};
use wandb_core::{ProjectPath, Row, RunPath};
use wandb_graphql::ops::{FilePage, GetWholeRuns, ListLogLines, LogPage, WholeRun};
use wandb_graphql::{HistoryRow, Samples};

use super::contents::{Contents, Part};
use super::disk::Disk;
use super::event::MirrorEvent;
use super::layout::place;
use super::plan::{Job, Listed, MOST_ROWS};
use super::record::{File, Files, RunRecord, Stored, Taken};
use super::store::Store;
use super::{Tell, lines, rows};
use crate::api::{self, Api, DownloadProgress, History, Losses, RunColumns, RunFile, parse_row};
use crate::error::{Error, ErrorKind};
use crate::files::{Existing, digest};
use crate::sink::SinkError;
use crate::table::TableError;

/// Copies the runs of a project.
pub(super) struct Copier {
    pub(super) api: Api,
    pub(super) project: ProjectPath,
    pub(super) disk: Disk,
    pub(super) store: Arc<Mutex<Store>>,
    pub(super) contents: Contents,
    pub(super) tell: Tell,
    /// What the files of each run are called.
    pub(super) names: HashMap<String, String>,
    /// How many runs in a row could not be had at all.
    failed_in_a_row: AtomicU32,
}

/// What has become of runs.
#[derive(Debug, Default)]
pub(super) struct Copied {
    pub(super) new: u64,
    pub(super) grown: u64,
    pub(super) changed: u64,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// What is missing, by run.
    pub(super) missing: Vec<(String, String)>,
}

/// Runs of one answer that are written at once.
const RUNS_AT_ONCE: usize = 8;

/// So many runs that cannot be had, one after the other, are taken for a server that cannot be reached.
const MOST_FAILED_IN_A_ROW: u32 = 10;

/// What came along with a run.
#[derive(Default)]
struct Belongings {
    history: Option<Vec<HistoryRow>>,
    events: Option<Vec<HistoryRow>>,
    files: Option<FilePage>,
    log: Option<LogPage>,
}

/// A part of a run, and what is missing of it.
type Got<T> = Result<(T, Vec<String>), Error>;

impl Copier {
    pub(super) fn new(
        api: Api,
        project: ProjectPath,
        disk: Disk,
        store: Arc<Mutex<Store>>,
        contents: Contents,
        tell: Tell,
        names: HashMap<String, String>,
    ) -> Self {
        Self { api, project, disk, store, contents, tell, names, failed_in_a_row: AtomicU32::new(0) }
    }

    /// Does a job. What cannot be had of single runs is noted; an error is one of the whole mirror.
    pub(super) async fn job(self: Arc<Self>, job: Job) -> Result<Copied, Error> {
        let mut copied = Copied::default();
        let alone = match job {
            Job::Alone(run) => vec![run],
            Job::Together(runs) => {
                let (came, left) = self.together(runs).await?;
                let mut written = stream::iter(came)
                    .map(|(listed, whole)| Arc::clone(&self).run(listed, Some(whole)).boxed())
                    .buffer_unordered(RUNS_AT_ONCE);
                while let Some(one) = written.try_next().await? {
                    copied.add(one);
                }
                left
            }
        };
        for listed in alone {
            copied.add(Arc::clone(&self).run(listed, None).await?);
        }
        let store = Arc::clone(&self.store);
        let synced = self.api.client().work(move || lock(&store).sync()).await;
        synced.map_err(|error| self.noting(error))?;
        Ok(copied)
    }

    /// Asks for small runs; those that did not come are to be asked for one by one, which shows what is wrong with them.
    async fn together(&self, runs: Vec<Listed>) -> Result<(Vec<(Listed, WholeRun)>, Vec<Listed>), Error> {
        let ids = runs.iter().map(|run| run.id.clone());
        let mut ask = GetWholeRuns::new(self.project.clone(), ids).samples(Samples::new(MOST_ROWS + 1)?);
        let left_out: [(Part, fn(GetWholeRuns) -> GetWholeRuns); 4] = [
            (Part::History, GetWholeRuns::without_history),
            (Part::System, GetWholeRuns::without_system_metrics),
            (Part::Files, GetWholeRuns::without_files),
            (Part::Logs, GetWholeRuns::without_logs),
        ];
        for (_, without) in left_out.into_iter().filter(|(part, _)| !self.contents.has(*part)) {
            ask = without(ask);
        }
        let mut left = runs;
        let mut came = Vec::with_capacity(left.len());
        let mut items = self.api.client().items(ask).boxed();
        while let Some(item) = items.next().await {
            match item.map_err(Error::from) {
                Ok(whole) => {
                    if let Some(at) = left.iter().position(|run| run.id == whole.run.id) {
                        came.push((left.remove(at), whole));
                    }
                }
                Err(error) if is_fatal(&error) => return Err(error),
                Err(_) => break,
            }
        }
        Ok((came, left))
    }

    /// Copies a run and notes it.
    async fn run(self: Arc<Self>, listed: Listed, whole: Option<WholeRun>) -> Result<Copied, Error> {
        let known = {
            let (store, id) = (Arc::clone(&self.store), listed.id.clone());
            let read = self.api.client().work(move || lock(&store).record(&id)).await;
            read.map_err(|error| Error::io("reading what is known of a run", error))?
        };
        let here = self.names.get(&listed.id).unwrap_or(&listed.id);
        let (record, row) = match self.fetched(&listed, whole).await {
            Ok((run, belongings)) => {
                self.failed_in_a_row.store(0, Ordering::Relaxed);
                let record = self.belongings(&listed, &run, known.as_ref(), here, belongings).await?;
                let row = self.contents.has(Part::Runs).then(|| RunColumns::All.row(&run).to_json_line());
                (record, row)
            }
            Err(error) => {
                let failed = self.failed_in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
                if is_fatal(&error) || failed >= MOST_FAILED_IN_A_ROW {
                    return Err(error);
                }
                let mut record =
                    known.clone().unwrap_or_else(|| RunRecord::new(&listed.id, here, listed.fingerprint));
                record.missing.insert(Part::Runs.name().to_owned(), vec![error.with_causes()]);
                (record, None)
            }
        };
        let mut copied = Copied::of(known.as_ref(), &record);
        if let Some(row) = &row {
            copied.bytes += row.len() as u64;
        }
        let missing: Vec<String> = record.missing.values().flatten().cloned().collect();
        let noted = {
            let store = Arc::clone(&self.store);
            let note = move || lock(&store).note(&record, row.as_deref().map(str::trim_end));
            self.api.client().work(note).await
        };
        noted.map_err(|error| self.noting(error))?;
        if let Ok(run) = self.path(&listed.id) {
            (self.tell)(&MirrorEvent::Run { run, missing });
        }
        Ok(copied)
    }

    fn path(&self, id: &str) -> Result<RunPath, Error> {
        Ok(RunPath::new(self.project.entity(), self.project.project(), id)?)
    }

    async fn fetched(&self, listed: &Listed, whole: Option<WholeRun>) -> Result<(Run, Belongings), Error> {
        if let Some(WholeRun { run, history, events, files, log, .. }) = whole {
            return Ok((run, Belongings { history, events, files, log }));
        }
        let path = self.path(&listed.id)?;
        let run = self.api.run(&path.to_string()).await?;
        Ok((run.into_model(), Belongings::default()))
    }

    /// Everything that belongs to a run, in its place.
    async fn belongings(
        &self,
        listed: &Listed,
        run: &Run,
        known: Option<&RunRecord>,
        here: &str,
        came: Belongings,
    ) -> Result<RunRecord, Error> {
        let path = self.path(&listed.id)?;
        let mut record = RunRecord::new(&listed.id, here, listed.fingerprint);
        record.created_at = run.created_at.as_ref().map(ToString::to_string);
        record.state = run.state.as_ref().map(ToString::to_string);
        record.heartbeat_at = run.heartbeat_at.as_ref().map(ToString::to_string);
        record.last_step = run.history_keys.as_ref().and_then(|keys| keys.last_step);
        let copy = Copy { of: self, path: &path, run, known, here };
        let before =
            |taken: fn(&RunRecord) -> &Option<Taken<Stored>>| known.and_then(|known| taken(known).clone());
        let files = known.and_then(|known| known.files.clone());
        let (history, system, logs, files) = join4(
            self.part(
                Part::History,
                listed,
                before(|known| &known.history),
                copy.history(&record, came.history),
            ),
            self.part(Part::System, listed, before(|known| &known.system), copy.system(came.events)),
            self.part(Part::Logs, listed, before(|known| &known.logs), copy.logs(came.log)),
            self.part(Part::Files, listed, files, copy.files(came.files)),
        )
        .await;
        let mut note = |part: Part, missing: Vec<String>| {
            if !missing.is_empty() {
                record.missing.insert(part.name().to_owned(), missing);
            }
        };
        let (history, missing) = history?;
        note(Part::History, missing);
        let (system, missing) = system?;
        note(Part::System, missing);
        let (logs, missing) = logs?;
        note(Part::Logs, missing);
        let (files, missing) = files?;
        note(Part::Files, missing);
        (record.history, record.system, record.logs, record.files) = (history, system, logs, files);
        Ok(record)
    }

    /// A part that was got, or the one before it and why there is no new one.
    async fn part<T>(
        &self,
        part: Part,
        listed: &Listed,
        before: Option<Taken<T>>,
        got: impl Future<Output = Got<T>>,
    ) -> Result<(Option<Taken<T>>, Vec<String>), Error> {
        if !self.contents.has(part) {
            return Ok((before, Vec::new()));
        }
        match got.await {
            Ok((what, missing)) => Ok((Some(Taken { as_of: listed.fingerprint, what }), missing)),
            Err(error) if is_fatal(&error) => Err(error),
            Err(error) => Ok((before, vec![error.with_causes()])),
        }
    }

    fn noting(&self, error: std::io::Error) -> Error {
        rows::writing(&self.disk, super::layout::JOURNAL, error)
    }
}

/// The copy of one run.
struct Copy<'a> {
    of: &'a Copier,
    path: &'a RunPath,
    run: &'a Run,
    known: Option<&'a RunRecord>,
    here: &'a str,
}

impl Copy<'_> {
    fn saw(&self, rows: u64) {
        (self.of.tell)(&MirrorEvent::Rows { run: self.path.clone(), rows });
    }

    /// What is there of a part, if nothing can have been added to it: the run has not been heard of since.
    fn unheard(&self, part: Part, taken: fn(&RunRecord) -> &Option<Taken<Stored>>) -> Option<Stored> {
        let known = self.known.filter(|known| !known.missing.contains_key(part.name()))?;
        let heartbeat = self.run.heartbeat_at.as_ref()?.to_string();
        let is_unheard = known.heartbeat_at.as_ref() == Some(&heartbeat);
        taken(known).as_ref().filter(|_| is_unheard).map(|taken| taken.what.clone())
    }

    async fn history(&self, record: &RunRecord, came: Option<Vec<HistoryRow>>) -> Got<Stored> {
        let Self { of, path, .. } = self;
        let lines = self.run.history_line_count;
        let before = self.known.filter(|known| !known.missing.contains_key(Part::History.name()));
        let before = before.and_then(|known| Some((&known.history.as_ref()?.what, known.last_step)));
        if let (Some((stored, last_step)), Some(lines)) = (before, lines)
            && stored.rows == lines
            && last_step == record.last_step
        {
            return Ok((stored.clone(), Vec::new()));
        }
        let here = place(Part::History, self.here);
        let is_all = |rows: &Vec<HistoryRow>| {
            rows.len() as u64 <= MOST_ROWS && lines.is_none_or(|lines| rows.len() as u64 >= lines)
        };
        if let Some(rows) = came.filter(is_all) {
            return self.small(rows, &here).await;
        }
        if let (Some((stored, Some(last_step))), Some(lines)) = (before, lines)
            && (1..lines).contains(&stored.rows)
            && let Some(first) = last_step.checked_add(1)
        {
            let mut reader = self.api_history().all().min_step(first).open().await?;
            let appended = rows::append(
                of.api.client(),
                &of.disk,
                (path.run(), stored.rows),
                &here,
                batches(&mut reader),
                |rows| {
                    self.saw(rows);
                },
            );
            if let Some(stored) = appended.await?
                && stored.rows >= lines
            {
                return Ok((stored, reader.finish().await?.incomplete));
            }
        }
        self.whole(self.api_history().all(), &here).await
    }

    async fn system(&self, came: Option<Vec<HistoryRow>>) -> Got<Stored> {
        if let Some(stored) = self.unheard(Part::System, |known| &known.system) {
            return Ok((stored, Vec::new()));
        }
        let here = place(Part::System, self.here);
        match came.filter(|rows| rows.len() as u64 <= MOST_ROWS) {
            Some(rows) => self.small(rows, &here).await,
            None => self.whole(self.api_history().system().all(), &here).await,
        }
    }

    fn api_history(&self) -> History {
        History::new(self.of.api.clone(), self.path.clone())
    }

    /// Rows that came all at once.
    async fn small(&self, rows: Vec<HistoryRow>, here: &str) -> Got<Stored> {
        let Self { of, path, .. } = self;
        let parse = {
            let path = RunPath::clone(path);
            move || {
                let losses = Losses::default();
                let rows = rows.iter().map(|row| parse_row(row, &path, &losses));
                Ok::<_, Error>((rows.collect::<Result<Vec<Row>, Error>>()?, losses.missing(&path)))
            }
        };
        let (rows, missing) = of.api.client().work(parse).await?;
        let batches = stream::iter((!rows.is_empty()).then_some(Ok(rows)));
        let written =
            rows::write(of.api.client(), &of.disk, path.run(), here, batches, |rows| self.saw(rows));
        Ok((written.await?, missing.into_iter().collect()))
    }

    /// Rows that come in many answers.
    async fn whole(&self, history: History, here: &str) -> Got<Stored> {
        let Self { of, path, .. } = self;
        let mut reader = history.open().await?;
        let rows = batches(&mut reader);
        let written = rows::write(of.api.client(), &of.disk, path.run(), here, rows, |rows| self.saw(rows));
        let stored = written.await?;
        Ok((stored, reader.finish().await?.incomplete))
    }

    async fn logs(&self, came: Option<LogPage>) -> Got<Stored> {
        if let Some(stored) = self.unheard(Part::Logs, |known| &known.logs) {
            return Ok((stored, Vec::new()));
        }
        let all = ListLogLines::new(self.path.clone());
        let (first, rest) = match came {
            Some(LogPage { lines, next, .. }) => (Some(Ok(lines)), next.map(|cursor| all.after(cursor))),
            None => (None, Some(all)),
        };
        let client = self.of.api.client();
        let rest = stream::iter(rest).flat_map(|pages| client.pages(pages));
        let pages = stream::iter(first).chain(rest.map(|page| Ok(page?.lines)));
        let here = place(Part::Logs, self.here);
        let written = lines::write(client, &self.of.disk, &here, pages.boxed(), |lines| self.saw(lines));
        Ok((written.await?, Vec::new()))
    }

    async fn files(&self, came: Option<FilePage>) -> Got<Files> {
        let Self { of, path, .. } = self;
        let listed: Vec<RunFile> = match came.filter(|page| page.next.is_none()) {
            Some(page) => {
                let listed = |file| RunFile::listed(of.api.clone(), RunPath::clone(path), file);
                page.files.into_iter().map(listed).collect()
            }
            None => api::Files::new(of.api.clone(), RunPath::clone(path)).stream().try_collect().await?,
        };
        let folder = of.disk.place(&place(Part::Files, self.here));
        let mut files: Vec<Option<File>> = Vec::with_capacity(listed.len());
        let mut wanted = Vec::new();
        for file in &listed {
            let known = self.known_file(file, &folder);
            if known.is_none() {
                wanted.push(file.clone());
            }
            files.push(known);
        }
        if wanted.is_empty() {
            return Ok((Files { files: files.into_iter().flatten().collect() }, Vec::new()));
        }
        let at_once = of.api.client().concurrency();
        let wanted = stream::iter(wanted.into_iter().map(Ok)).boxed();
        let progress = DownloadProgress::default();
        let fetched = api::fetch_all(wanted, &folder, at_once, Existing::Replace, &progress).await?;
        let mut missing = Vec::new();
        let places = files.iter_mut().filter(|file| file.is_none());
        for (place, (file, outcome)) in places.zip(fetched) {
            match outcome {
                Ok(downloaded) => {
                    let folder = folder.clone();
                    let describe = move || describe(&file, &downloaded.path, &folder);
                    let described = of.api.client().work(describe).await?;
                    let bytes = described.bytes;
                    *place = Some(described);
                    (of.tell)(&MirrorEvent::File { run: RunPath::clone(path), bytes });
                }
                Err(error) if is_fatal(&error) => return Err(error),
                Err(error) => missing.push(format!("{}: {}", file.name, error.with_causes())),
            }
        }
        Ok((Files { files: files.into_iter().flatten().collect() }, missing))
    }

    /// What is known of a file, if it is there and the server has no other.
    fn known_file(&self, file: &model::File, folder: &Path) -> Option<File> {
        let known = &self.known?.files.as_ref()?.what.files;
        let known = known.iter().find(|known| known.name == file.name)?;
        let is_same =
            file.md5.as_ref() == Some(&known.md5) && file.size.is_none_or(|size| size == known.bytes);
        let found = std::fs::metadata(folder.join(known.here())).ok()?;
        (is_same && found.len() == known.bytes).then(|| known.clone())
    }
}

/// What there is of a file that has been downloaded.
fn describe(file: &RunFile, path: &Path, folder: &Path) -> Result<File, Error> {
    let failed = |error| Error::io(format!("reading {}", path.display()), error);
    let md5 = match &file.md5 {
        Some(md5) => md5.clone(),
        None => digest(&mut std::fs::File::open(path).map_err(failed)?).map_err(failed)?.finish(),
    };
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    let here = path.strip_prefix(folder).unwrap_or(path);
    let here: Vec<_> = here.iter().map(|part| part.to_string_lossy()).collect();
    let here = Some(here.join("/")).filter(|here| *here != file.name);
    Ok(File { name: file.name.clone(), here, bytes, md5 })
}

/// The batches that a reader has left.
fn batches(
    reader: &mut api::HistoryReader,
) -> impl stream::Stream<Item = Result<Vec<Row>, Error>> + Send + '_ {
    stream::try_unfold(
        reader,
        |reader| async move { Ok(reader.next_batch().await?.map(|rows| (rows, reader))) },
    )
}

impl Copied {
    fn of(before: Option<&RunRecord>, now: &RunRecord) -> Self {
        let rows = |record: &RunRecord| record.history.as_ref().map_or(0, |taken| taken.what.rows);
        let mut copied = Self::default();
        match before {
            None => copied.new = 1,
            Some(before) if rows(now) > rows(before) => copied.grown = 1,
            Some(_) => copied.changed = 1,
        }
        let missing = now.missing.values().flatten();
        copied.missing = missing.map(|what| (now.run.clone(), what.clone())).collect();
        let before = |part| before.and_then(|before| stored(before, part));
        for part in [Part::History, Part::System, Part::Logs] {
            if let Some(stored) = stored(now, part).filter(|now| Some(*now) != before(part)) {
                copied.rows += stored.rows;
                copied.bytes += stored.bytes;
            }
        }
        copied
    }

    pub(super) fn add(&mut self, other: Self) {
        self.new += other.new;
        self.grown += other.grown;
        self.changed += other.changed;
        self.rows += other.rows;
        self.bytes += other.bytes;
        self.missing.extend(other.missing);
    }
}

fn stored(record: &RunRecord, part: Part) -> Option<&Stored> {
    let taken = match part {
        Part::History => &record.history,
        Part::System => &record.system,
        Part::Logs => &record.logs,
        Part::Runs | Part::Files | Part::Sweeps => &None,
    };
    taken.as_ref().map(|taken| &taken.what)
}

/// Whether an error is one of the disk or of the key, which no other run can do without.
pub(super) fn is_fatal(error: &Error) -> bool {
    error.kind() == ErrorKind::Unauthorized
        || matches!(
            error,
            Error::Io { .. }
                | Error::Mirror { .. }
                | Error::Sink(SinkError::Io { .. } | SinkError::Closed { .. } | SinkError::Failed { .. })
                | Error::Sink(SinkError::Table(TableError::Spool { .. }))
                | Error::Table(TableError::Spool { .. })
        )
}

/// What the mutex guards is whole between statements, so a panic elsewhere does not spoil it.
pub(super) fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}
