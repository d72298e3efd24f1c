//! Copies the runs of a project from the server to the disk and records the outcome of each.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_channel::Sender;
use async_lock::Semaphore;
use futures_util::FutureExt;
use futures_util::future::{join4, try_join};
use futures_util::stream::StreamExt;
use wandb_core::model::{File, Run};
use wandb_core::{ProjectPath, RunPath};
use wandb_graphql::ops::{GetRun, GetWholeRuns, ListPage, LogPage, WholeRun};
use wandb_graphql::{HistoryRow, Samples};
use wandb_mirror::layout::JOURNAL;
use wandb_mirror::record::{CopiedPart, Files, Messages, RunRecord, Stored};
use wandb_mirror::{Contents, Disk, Part, Store};

use super::batch_sizer::BatchSizer;
use super::copy_result::CopyResult;
use super::errors::{describe_unsupported, is_fatal, is_final, is_refusal, writing};
use super::event::MirrorEvent;
use super::plan::{Job, ListedRun, MAX_JOINT_ROWS, MAX_JOINT_RUNS};
use super::run_copy::{FetchedPart, RunCopy};
use super::{EventListener, lock};
use crate::RunColumns;
use crate::api::Api;
use crate::error::{Error, ErrorKind};

/// Copies the runs of a project.
pub(super) struct Copier {
    pub(super) api: Api,
    pub(super) disk: Disk,
    pub(super) on_event: EventListener,
    project: ProjectPath,
    store: Arc<Mutex<Store>>,
    contents: Contents,
    /// The name of each run's files, by run id.
    names: HashMap<String, String>,
    /// One permit per run of a joint query that is being copied.
    runs: Semaphore,
    /// One permit per small file being written.
    writes: Semaphore,
    /// The number of runs in the next joint query.
    joint: Mutex<BatchSizer>,
    /// The number of consecutive runs that failed for lack of a connection.
    consecutive_failures: AtomicU32,
}

/// Runs of joint queries that are copied concurrently, at least. Each usually waits for the disk or a download.
const RUNS_AT_ONCE: usize = 64;

/// Small files that are written concurrently. Each is synced, and a disk handles a few concurrent syncs
/// faster than a sequence. More would only add threads, which take memory and wait for each other.
const WRITES_AT_ONCE: usize = 8;

/// After this many consecutive runs without a connection, the server counts as unreachable.
const MAX_CONSECUTIVE_FAILURES: u32 = 10;

/// The runs to fetch one by one, and the error that ended the requests.
type JointResult = (Vec<ListedRun>, Option<Error>);

/// The data that came along with a run.
#[derive(Default)]
struct ReceivedParts {
    history: Option<Vec<HistoryRow>>,
    events: Option<Vec<HistoryRow>>,
    events_line_count: Option<u64>,
    files: Option<ListPage<File>>,
    log: Option<LogPage>,
}

impl Copier {
    pub(super) fn new(
        (api, project): (Api, ProjectPath),
        disk: Disk,
        store: Arc<Mutex<Store>>,
        contents: Contents,
        on_event: EventListener,
        names: HashMap<String, String>,
    ) -> Self {
        // Twice the downloads in flight, so that these never wait for runs that are being written.
        let runs = Semaphore::new(RUNS_AT_ONCE.max(2 * api.client().downloads()));
        Self {
            api,
            disk,
            on_event,
            project,
            store,
            contents,
            names,
            runs,
            writes: Semaphore::new(WRITES_AT_ONCE),
            joint: Mutex::default(),
            consecutive_failures: AtomicU32::new(0),
        }
    }

    /// Executes a job. Failures of single runs are recorded; an error means that the whole mirror failed.
    pub(super) async fn run_job(self: Arc<Self>, job: Job) -> Result<CopyResult, Error> {
        let mut copied = CopyResult::default();
        match Arc::clone(&self).copy_runs(job, &mut copied).await {
            Err(error) if is_final(&error) => copied.stopped = Some(error),
            ended => ended?,
        }
        let store = Arc::clone(&self.store);
        let synced = self.api.client().work(move || lock(&store).sync()).await;
        synced.map_err(|error| self.journal_error(error))?;
        Ok(copied)
    }

    /// Copies the runs of a job. `copied` also counts the runs copied before an error.
    async fn copy_runs(self: Arc<Self>, job: Job, copied: &mut CopyResult) -> Result<(), Error> {
        let single = match job {
            Job::Single(run) => vec![run],
            Job::Joint(runs) => Arc::clone(&self).copy_jointly(runs, copied).await?,
        };
        for listed in single {
            copied.add(Arc::clone(&self).copy_run(listed, None).boxed().await?);
        }
        Ok(())
    }

    /// Copies small runs as they arrive from joint queries. Returns the runs to fetch one by one.
    async fn copy_jointly(
        self: Arc<Self>,
        runs: Vec<ListedRun>,
        copied: &mut CopyResult,
    ) -> Result<Vec<ListedRun>, Error> {
        let (sender, received) = async_channel::unbounded();
        let copy = async {
            let copy_run = |(listed, whole)| Arc::clone(&self).copy_received(listed, whole).boxed();
            let mut written = received.clone().map(copy_run).buffer_unordered(MAX_JOINT_RUNS).boxed();
            let mut failed = None;
            // Finish writing the runs already received, even after an error that stops further requests.
            while let Some(one) = written.next().await {
                match one {
                    Ok(one) => copied.add(one),
                    Err(error) if is_final(&error) => {
                        received.close();
                        failed = Some(error);
                    }
                    Err(error) => return Err(error),
                }
            }
            Ok(failed)
        };
        let ((single, stopped), failed) = try_join(self.fetch_jointly(runs, sender), copy).await?;
        failed.or(stopped).map_or(Ok(single), Err)
    }

    /// Copies a run that came with a joint query, once its turn has come.
    async fn copy_received(self: Arc<Self>, listed: ListedRun, whole: WholeRun) -> Result<CopyResult, Error> {
        let _permit = self.runs.acquire().await;
        Arc::clone(&self).copy_run(listed, Some(whole)).await
    }

    /// Fetches small runs in joint queries and sends them to `received` until that is closed. Runs left out by the
    /// server are returned to be fetched one by one, which reveals the cause.
    async fn fetch_jointly(
        &self,
        runs: Vec<ListedRun>,
        received: Sender<(ListedRun, WholeRun)>,
    ) -> Result<JointResult, Error> {
        let mut single = Vec::new();
        let mut runs = runs.into_iter();
        while let Some(size) = self.joint_size().filter(|_| !received.is_closed()) {
            let batch: Vec<_> = runs.by_ref().take(size).collect();
            if batch.is_empty() {
                break;
            }
            let started = self.api.client().now();
            let answered = match self.fetch_batch(batch, &received, &mut single).await {
                Err(error) if is_final(&error) => return Ok((single, Some(error))),
                answered => answered?,
            };
            let took = self.api.client().now().since_origin().saturating_sub(started.since_origin());
            lock(&self.joint).record_time(size, answered.then_some(took));
        }
        single.extend(runs);
        Ok((single, None))
    }

    fn joint_size(&self) -> Option<usize> {
        lock(&self.joint).get()
    }

    /// Fetches a few small runs in one joint query. Returns false if the server refuses the query.
    async fn fetch_batch(
        &self,
        runs: Vec<ListedRun>,
        received: &Sender<(ListedRun, WholeRun)>,
        single: &mut Vec<ListedRun>,
    ) -> Result<bool, Error> {
        let ids = runs.iter().map(|run| run.id.clone());
        let mut query =
            GetWholeRuns::new(self.project.clone(), ids).samples(Samples::new(MAX_JOINT_ROWS + 1)?);
        for part in Part::ALL.into_iter().filter(|part| !self.contents.has(*part)) {
            query = match part {
                Part::History => query.without_history(),
                Part::System => query.without_system_metrics(),
                Part::Files => query.without_files(),
                Part::Logs => query.without_logs(),
                // The query always has the runs, and never the sweeps.
                _ => query,
            };
        }
        let mut unmatched = runs;
        let mut is_answered = true;
        let requested = unmatched.len();
        let mut pages = self.api.client().pages(query).boxed();
        while let Some(page) = pages.next().await {
            match page.map_err(Error::from) {
                Ok(page) => {
                    lock(&self.joint).record_split(requested, page.asked_for());
                    for whole in page.runs {
                        let Some(at) = unmatched.iter().position(|run| run.id == whole.run.id) else {
                            continue;
                        };
                        // Fails only after an error that stops the mirror.
                        let _ = received.try_send((unmatched.remove(at), whole));
                    }
                }
                Err(error) if is_fatal(&error) => return Err(error),
                Err(error) => {
                    is_answered = !is_refusal(&error);
                    break;
                }
            }
        }
        single.extend(unmatched);
        Ok(is_answered)
    }

    /// Copies a run and records it.
    async fn copy_run(
        self: Arc<Self>,
        listed: ListedRun,
        whole: Option<WholeRun>,
    ) -> Result<CopyResult, Error> {
        let known = {
            let (store, id) = (Arc::clone(&self.store), listed.id.clone());
            let read = self.api.client().work(move || lock(&store).record(&id)).await;
            read.map_err(|error| Error::io("reading what is known of a run", error))?
        };
        let Some(name) = self.names.get(&listed.id) else { return Ok(CopyResult::default()) };
        // Fetch again what an earlier version stored under an unsafe name.
        let known = known.filter(|known| known.here() == name);
        let (record, row) = match self.fetch_run(&listed, whole).await {
            Ok((path, run, received)) => {
                self.consecutive_failures.store(0, Ordering::Relaxed);
                let copy = RunCopy { copier: &self, path: &path, run: &run, known: known.as_ref(), name };
                let mut record = self.copy_parts(&listed, &copy, received).boxed().await?;
                if !run.unreadable_fields.is_empty() && self.contents.has(Part::Runs) {
                    let reasons = run.unreadable_fields.iter().map(ToString::to_string);
                    record.missing.insert(Part::Runs.name().to_owned(), reasons.collect());
                }
                let row = self.contents.has(Part::Runs).then(|| RunColumns::All.row(&run).to_json_line());
                (record, row)
            }
            Err(error) if is_fatal(&error) || self.is_unreachable(&error) => return Err(error),
            // The run was deleted after it was listed.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let Some(mut record) = known.clone() else { return Ok(CopyResult::default()) };
                record.gone = true;
                (record, None)
            }
            Err(error) => {
                let mut record =
                    known.clone().unwrap_or_else(|| RunRecord::new(&listed.id, name, listed.fingerprint));
                record.missing.insert(Part::Runs.name().to_owned(), vec![error.with_causes()]);
                (record, None)
            }
        };
        let mut copied = CopyResult::from_records(known.as_ref(), &record, self.contents);
        if let Some(row) = &row {
            copied.bytes += row.len() as u64;
        }
        let missing = copied.missing.iter().map(|(_, what)| what.clone()).collect();
        let noted = {
            let store = Arc::clone(&self.store);
            let note = move || lock(&store).append(&record, row.as_deref().map(str::trim_end));
            self.api.client().work(note).await
        };
        noted.map_err(|error| self.journal_error(error))?;
        if let Ok(run) = self.path(&listed.id) {
            (self.on_event)(&MirrorEvent::Run { run, missing });
        }
        Ok(copied)
    }

    fn path(&self, id: &str) -> Result<RunPath, Error> {
        Ok(RunPath::new(self.project.entity(), self.project.project(), id)?)
    }

    async fn fetch_run(
        &self,
        listed: &ListedRun,
        whole: Option<WholeRun>,
    ) -> Result<(RunPath, Run, ReceivedParts), Error> {
        let path = self.path(&listed.id)?;
        if let Some(WholeRun { run, history, events, events_line_count, files, log, .. }) = whole {
            return Ok((path, run, ReceivedParts { history, events, events_line_count, files, log }));
        }
        let run = self.api.client().call(GetRun::new(path.clone())).await?.answer;
        Ok((path, run, ReceivedParts::default()))
    }

    /// Writes all parts of a run to disk and returns the run's new record.
    async fn copy_parts(
        &self,
        listed: &ListedRun,
        copy: &RunCopy<'_>,
        received: ReceivedParts,
    ) -> Result<RunRecord, Error> {
        let RunCopy { run, known, name, .. } = *copy;
        let text =
            |timestamp: &Option<wandb_core::model::Timestamp>| timestamp.as_ref().map(ToString::to_string);
        let mut record = RunRecord::new(&listed.id, name, listed.fingerprint);
        record.row = if self.contents.has(Part::Runs) {
            Some(listed.fingerprint)
        } else {
            known.and_then(|known| known.row)
        };
        record.created_at = text(&run.created_at);
        record.state = run.state.as_ref().map(ToString::to_string);
        record.heartbeat_at = text(&run.heartbeat_at);
        let counted = run.history_keys.as_ref().and_then(|keys| keys.last_step);
        // The run may have logged a step after the steps were counted.
        record.last_step = counted.max(received.history.iter().flatten().filter_map(HistoryRow::step).max());
        let last_step = record.last_step;
        let (history, system, logs, files) = join4(
            self.copy_part(
                Part::History,
                listed,
                known,
                |known| &known.history,
                Stored::empty,
                copy.copy_history(last_step, received.history).boxed(),
            ),
            self.copy_part(
                Part::System,
                listed,
                known,
                |known| &known.system,
                Stored::empty,
                copy.copy_system(received.events, received.events_line_count).boxed(),
            ),
            self.copy_part(
                Part::Logs,
                listed,
                known,
                |known| &known.logs,
                Stored::empty,
                copy.copy_logs(received.log).boxed(),
            ),
            self.copy_part(
                Part::Files,
                listed,
                known,
                |known| &known.files,
                no_files,
                copy.copy_files(received.files).boxed(),
            ),
        )
        .await;
        record.history = record_gaps(&mut record, Part::History, history?);
        record.system = record_gaps(&mut record, Part::System, system?);
        record.logs = record_gaps(&mut record, Part::Logs, logs?);
        record.files = record_gaps(&mut record, Part::Files, files?);
        Ok(record)
    }

    /// Returns the fetched part, or the previous one with the reason why fetching failed. An unwanted part
    /// keeps its previous state.
    async fn copy_part<T: Clone>(
        &self,
        part: Part,
        listed: &ListedRun,
        known: Option<&RunRecord>,
        taken: fn(&RunRecord) -> &Option<CopiedPart<T>>,
        empty: fn() -> T,
        fetch: impl Future<Output = Result<FetchedPart<T>, Error>>,
    ) -> Result<FetchedPart<Option<CopiedPart<T>>>, Error> {
        let before = known.and_then(|known| taken(known).clone());
        if !self.contents.has(part) {
            let known_gaps = |gaps: fn(&RunRecord) -> &Messages| {
                known.and_then(|known| gaps(known).get(part.name()).cloned()).unwrap_or_default()
            };
            return Ok(FetchedPart {
                data: before,
                missing: known_gaps(|known| &known.missing),
                inexact: known_gaps(|known| &known.inexact),
                unsupported: known_gaps(|known| &known.unsupported),
            });
        }
        match fetch.await {
            Ok(FetchedPart { data, missing, inexact, unsupported }) => {
                let data = Some(CopiedPart { as_of: listed.fingerprint, content: data });
                Ok(FetchedPart { data, missing, inexact, unsupported })
            }
            Err(error) if is_fatal(&error) => Err(error),
            // A retry would not help.
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                let data = Some(CopiedPart { as_of: listed.fingerprint, content: empty() });
                Ok(FetchedPart {
                    unsupported: vec![describe_unsupported(&error)],
                    ..FetchedPart::complete(data)
                })
            }
            Err(error) => {
                Ok(FetchedPart { missing: vec![error.with_causes()], ..FetchedPart::complete(before) })
            }
        }
    }

    /// Runs `work`, which writes a small file, once a permit is free.
    pub(super) async fn with_write_permit<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let _permit = self.writes.acquire().await;
        self.api.client().work(work).await
    }

    /// Returns whether this run and enough runs before it failed for lack of a connection.
    fn is_unreachable(&self, error: &Error) -> bool {
        let is_of_the_network = matches!(
            error,
            Error::Request(error) if matches!(**error, wandb_core::error::Error::Transport { .. })
        );
        is_of_the_network
            && self.consecutive_failures.fetch_add(1, Ordering::Relaxed) + 1 >= MAX_CONSECUTIVE_FAILURES
    }

    fn journal_error(&self, error: std::io::Error) -> Error {
        writing(&self.disk, JOURNAL, error)
    }
}

/// Records the gaps of a part and returns its data.
fn record_gaps<T>(record: &mut RunRecord, part: Part, fetched: FetchedPart<T>) -> T {
    if !fetched.missing.is_empty() {
        record.missing.insert(part.name().to_owned(), fetched.missing);
    }
    if !fetched.inexact.is_empty() {
        record.inexact.insert(part.name().to_owned(), fetched.inexact);
    }
    if !fetched.unsupported.is_empty() {
        record.unsupported.insert(part.name().to_owned(), fetched.unsupported);
    }
    fetched.data
}

fn no_files() -> Files {
    Files { files: Vec::new() }
}
