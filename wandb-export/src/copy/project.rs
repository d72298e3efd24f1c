//! Brings the mirror of one project up to date.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use wandb_core::model::Run;
use wandb_core::operation::{Field, PageSize};
use wandb_core::{ProjectPath, RunPath};
use wandb_graphql::Filter;
use wandb_graphql::ops::{Detail, GetRun, ListRuns, ListSweeps};
use wandb_mirror::layout::{ENDING, JOURNAL, MANIFEST, SWEEP_TABLE, stays_inside, with_ending};
use wandb_mirror::record::Header;
use wandb_mirror::{Contents, Disk, Part, Store};

use super::compare;
use super::compare::StoredVersion;
use super::copier::Copier;
use super::copy_result::CopyResult;
use super::errors::{is_fatal, is_final, writing};
use super::event::MirrorEvent;
use super::plan::{Job, ListedRun, Plan, make_plan};
use super::report::{Missing, ProjectReport};
use super::{EventListener, lock};
use crate::api::Api;
use crate::error::{Error, ErrorKind};
use crate::files::Names;
use crate::issue::Issue;
use crate::source::list_reader;
use crate::source::server::RunListReader;

/// The page size of the list of runs. Runs in the light form are small.
const RUNS_LISTED_AT_ONCE: PageSize = PageSize::fixed(1_000);

/// Long runs that are copied concurrently. Each keeps all allowed requests in flight, so more runs would only
/// take memory.
const LONG_RUNS_AT_ONCE: usize = 2;

/// Joint queries that are fetched or written concurrently. Their runs stay in memory until written, and with
/// a nearby server, writing takes longer than fetching.
const ANSWERS_AT_ONCE: usize = 8;

/// The number of runs requested per list of ids.
const IDS_AT_ONCE: usize = 500;

/// The plan of a project, the names of its runs' files, and the previous state of compared runs.
struct ProjectPlan {
    plan: Plan,
    names: HashMap<String, String>,
    before: Vec<StoredVersion>,
}

/// A project to bring up to date.
pub(super) struct ProjectSync {
    pub(super) api: Api,
    pub(super) path: ProjectPath,
    pub(super) disk: Disk,
    pub(super) contents: Contents,
    pub(super) filter: Option<Filter>,
    pub(super) verify: bool,
    pub(super) compare: bool,
    pub(super) on_event: EventListener,
}

impl ProjectSync {
    pub(super) async fn sync(self) -> Result<ProjectReport, Error> {
        let header = Header::new(self.api.base_url().to_string(), self.path.to_string());
        let disk = self.disk.clone();
        let store = self.api.client().work(move || Store::open(disk, header)).await?;
        let store = Arc::new(Mutex::new(store));
        let mut report = ProjectReport { project: self.path.to_string(), ..ProjectReport::default() };
        if self.verify {
            self.verify(&store, &mut report).await?;
        }
        if self.contents.parts().any(|part| part != Part::Sweeps) {
            let ProjectPlan { plan, names, before } = self.plan(&store, &mut report).await?;
            report.same = plan.same;
            if plan.inexact > 0 {
                let what = format!("{} runs are inexact or incomplete; see {MANIFEST}", plan.inexact);
                report.missing.push(Missing { run: None, what });
            }
            if let Some(error) = self.copy_runs(plan.jobs, names, &store, &mut report).await? {
                let what = format!("stopped before everything was copied: {}", error.with_causes());
                report.missing.push(Missing { run: None, what });
            }
            report.differing = self.find_differences(&store, before).await?;
            self.note_gone(&plan.gone, &store).await?;
            report.gone.extend(plan.gone);
        }
        if self.contents.has(Part::Sweeps) {
            match self.copy_sweeps(&store, &mut report).await {
                Err(error) if is_final(&error) => {
                    let what = format!("the sweeps: {}", error.with_causes());
                    report.missing.push(Missing { run: None, what });
                }
                ended => ended?,
            }
        }
        self.note_unsupported(&store, &mut report);
        self.settle(store, &mut report).await?;
        (self.on_event)(&MirrorEvent::Project { project: self.path });
        Ok(report)
    }

    /// Marks damaged files to be fetched again.
    async fn verify(&self, store: &Arc<Mutex<Store>>, report: &mut ProjectReport) -> Result<(), Error> {
        let store = Arc::clone(store);
        let damages = self.api.client().work(move || lock(&store).verify()).await?;
        report.damaged = damages.marked;
        let lost = damages.lost.into_iter().map(|(run, what)| {
            let what = format!("{what}, and the server no longer has the run");
            Missing { run: Some(run), what }
        });
        report.missing.extend(lost);
        Ok(())
    }

    /// Lists the runs, compares them with the mirror, and assigns the names of their files.
    async fn plan(
        &self,
        store: &Arc<Mutex<Store>>,
        report: &mut ProjectReport,
    ) -> Result<ProjectPlan, Error> {
        let mut reader = self.list_runs(self.filter.clone().unwrap_or_default());
        let mut listed = Vec::new();
        while let Some(runs) = reader.next_runs().await? {
            listed.extend(runs.iter().map(ListedRun::from_run));
        }
        let gone = match &self.filter {
            Some(_) => Vec::new(),
            None => self.find_deleted(store, &mut listed, &mut reader, report).await?,
        };
        for issue in reader.issues() {
            let what = issue.to_string();
            if issue.is_note() {
                report.notes.push(what);
            } else {
                report.missing.push(Missing { run: None, what });
            }
        }
        let before = if self.compare { self.mark_for_refetch(store, &listed).await? } else { Vec::new() };
        let runs = listed.len() as u64;
        let (plan, names) = {
            let store = lock(store);
            let names = assign_names(&store, &listed);
            let known =
                |id: &str| store.entry(id).filter(|known| stays_inside(known.here.as_deref().unwrap_or(id)));
            (Plan { gone, ..make_plan(listed, known, self.contents) }, names)
        };
        (self.on_event)(&MirrorEvent::Listed {
            project: self.path.clone(),
            runs,
            to_fetch: runs - plan.same,
            rows: plan.rows(),
        });
        Ok(ProjectPlan { plan, names, before })
    }

    /// Marks the listed runs as missing so that everything is fetched again.
    async fn mark_for_refetch(
        &self,
        store: &Arc<Mutex<Store>>,
        listed: &[ListedRun],
    ) -> Result<Vec<StoredVersion>, Error> {
        let ids: Vec<String> = listed.iter().map(|run| run.id.clone()).collect();
        let (store, contents) = (Arc::clone(store), self.contents);
        let mark =
            move || compare::mark_for_refetch(&mut lock(&store), ids.iter().map(String::as_str), contents);
        self.api.client().work(mark).await.map_err(|error| writing(&self.disk, JOURNAL, error))
    }

    async fn find_differences(
        &self,
        store: &Arc<Mutex<Store>>,
        before: Vec<StoredVersion>,
    ) -> Result<Vec<String>, Error> {
        let store = Arc::clone(store);
        let differing =
            self.api.client().work(move || compare::find_differences(&lock(&store), &before)).await;
        differing.map_err(|error| writing(&self.disk, JOURNAL, error))
    }

    /// Executes the jobs. Returns the error that stopped them early, if any.
    async fn copy_runs(
        &self,
        jobs: Vec<Job>,
        names: HashMap<String, String>,
        store: &Arc<Mutex<Store>>,
        report: &mut ProjectReport,
    ) -> Result<Option<Error>, Error> {
        let copier = Arc::new(Copier::new(
            (self.api.clone(), self.path.clone()),
            self.disk.clone(),
            Arc::clone(store),
            self.contents,
            Arc::clone(&self.on_event),
            names,
        ));
        let (joint, single): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|job| matches!(job, Job::Joint(_)));
        let at_once = self.api.client().concurrency().min(ANSWERS_AT_ONCE);
        let copy = |job| Arc::clone(&copier).run_job(job).boxed();
        let joint = stream::iter(joint).map(copy).buffer_unordered(at_once);
        let single = stream::iter(single).map(copy).buffer_unordered(LONG_RUNS_AT_ONCE);
        let mut all = CopyResult::default();
        let mut ended = stream::select(joint, single);
        while let Some(copied) = ended.try_next().await? {
            all.add(copied);
        }
        all.missing.sort();
        report.missing.extend(all.missing.into_iter().map(|(run, what)| Missing { run: Some(run), what }));
        (report.new, report.grown, report.changed) = (all.new, all.grown, all.changed);
        (report.rows, report.bytes) = (all.rows, all.bytes);
        report.gone = all.gone;
        Ok(all.stopped)
    }

    fn list_runs(&self, filter: Filter) -> RunListReader {
        let list = ListRuns::new(self.path.clone()).page_size(RUNS_LISTED_AT_ONCE).filter(filter);
        RunListReader::new(self.api.client().clone(), self.path.clone(), list, None)
    }

    /// Finds runs of the mirror that the list lacks, since a list may miss a run while others are added
    /// or deleted. Adds the runs that still exist to `listed` and returns the deleted ones. A gap in an
    /// incomplete list does not count: the run itself is requested then.
    async fn find_deleted(
        &self,
        store: &Mutex<Store>,
        listed: &mut Vec<ListedRun>,
        reader: &mut RunListReader,
        report: &mut ProjectReport,
    ) -> Result<Vec<String>, Error> {
        let mut unlisted = unlisted_runs(&lock(store), listed);
        for ids in unlisted.clone().chunks(IDS_AT_ONCE) {
            let mut by_ids = self.list_runs(Filter::ids(ids));
            let (mut found, mut kept) = (Vec::new(), Vec::new());
            let is_complete = loop {
                match by_ids.next_runs().await {
                    Ok(Some(runs)) => found.extend(runs),
                    Ok(None) => break by_ids.is_complete(),
                    // The server cannot filter.
                    Err(Error::Request(error)) if error.is_unsupported() => break false,
                    Err(error) => return Err(error),
                }
            };
            if !is_complete {
                let missed = ids.iter().filter(|id| !found.iter().any(|run: &Run| run.id == **id));
                for id in missed.cloned().collect::<Vec<_>>() {
                    let path = RunPath::new(self.path.entity(), self.path.project(), id)?;
                    match self
                        .api
                        .client()
                        .call(GetRun::new(path.clone()).detail(Detail::Light))
                        .await
                        .map_err(Error::from)
                    {
                        Ok(reply) => found.push(reply.answer),
                        Err(error) if error.kind() == ErrorKind::NotFound => {}
                        Err(error) if is_fatal(&error) => return Err(error),
                        // Keep the run: nothing says that it was deleted.
                        Err(error) => {
                            kept.push(path.run().to_owned());
                            let (run, what) = (Some(path.run().to_owned()), error.with_causes());
                            report.missing.push(Missing { run, what });
                        }
                    }
                }
            }
            unlisted.retain(|id| !kept.contains(id));
            for run in found {
                unlisted.retain(|id| *id != run.id);
                if reader.admit(&run) {
                    listed.push(ListedRun::from_run(&run));
                }
            }
        }
        Ok(unlisted)
    }

    /// Marks runs as deleted from the server. Their data stays.
    async fn note_gone(&self, gone: &[String], store: &Arc<Mutex<Store>>) -> Result<(), Error> {
        if gone.is_empty() {
            return Ok(());
        }
        let (gone, store) = (gone.to_owned(), Arc::clone(store));
        let note = move || {
            let mut store = lock(&store);
            for id in &gone {
                if let Some(mut record) = store.record(id)? {
                    record.gone = true;
                    store.append(&record, None)?;
                }
            }
            store.sync()
        };
        self.api.client().work(note).await.map_err(|error| writing(&self.disk, JOURNAL, error))
    }

    async fn copy_sweeps(&self, store: &Arc<Mutex<Store>>, report: &mut ProjectReport) -> Result<(), Error> {
        let list = format!("sweeps of {}", self.path);
        let sweeps =
            list_reader::read_pages(self.api.client(), vec![ListSweeps::new(self.path.clone())], list);
        match sweeps.collect().await {
            Ok((sweeps, issues)) => {
                let missing = issues.iter().map(|issue| Missing { run: None, what: issue.to_string() });
                report.missing.extend(missing);
                let is_broken = issues.iter().any(|issue| matches!(issue, Issue::ListBroken { .. }));
                if is_broken && self.disk.exists(SWEEP_TABLE).unwrap_or(true) {
                    // The existing table may hold more.
                    return Ok(());
                }
                let store = Arc::clone(store);
                Ok(self.api.client().work(move || lock(&store).write_sweeps(&sweeps)).await?)
            }
            Err(error) if is_fatal(&error) || error.kind() == ErrorKind::NotFound => Err(error),
            // Unsupported features are recorded at the end.
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(()),
            Err(error) => {
                report
                    .missing
                    .push(Missing { run: None, what: format!("the sweeps: {}", error.with_causes()) });
                Ok(())
            }
        }
    }

    /// Records what the server lacks. If nothing was copied, earlier findings still hold.
    fn note_unsupported(&self, store: &Arc<Mutex<Store>>, report: &mut ProjectReport) {
        let unsupported = self.api.client().unsupported();
        let arguments = unsupported.arguments().map(ToString::to_string);
        let is_of_mirror = |field: &&Field| !["ServerInfo", "LocalVersionInfo"].contains(&field.on_type());
        let now = unsupported.iter().filter(is_of_mirror).map(ToString::to_string).chain(arguments);
        let mut store = lock(store);
        let before = store.unsupported().iter().filter(|_| report.new + report.grown + report.changed == 0);
        let all: BTreeSet<String> = now.chain(before.cloned()).collect();
        report.unsupported = all.iter().cloned().collect();
        store.set_unsupported(report.unsupported.clone());
    }

    /// Writes the tables of all runs and the manifest, if anything has changed.
    async fn settle(&self, store: Arc<Mutex<Store>>, report: &mut ProjectReport) -> Result<(), Error> {
        let (disk, wants_runs) = (self.disk.clone(), self.contents.has(Part::Runs));
        let settle = move || {
            let mut store = lock(&store);
            let mut notes = Vec::new();
            // Finishing removes the journal, and with it any rows that an earlier mirror left there.
            if store.has_new_rows() || wants_runs && !store.has_run_tables()? {
                notes = store.write_run_tables()?;
            }
            store.finish().map_err(|error| writing(&disk, MANIFEST, error))?;
            Ok::<_, Error>(notes)
        };
        report.notes.extend(self.api.client().work(settle).await?);
        Ok(())
    }
}

/// Returns the runs of the mirror that existed at the last sync and are not in the list.
fn unlisted_runs(store: &Store, listed: &[ListedRun]) -> Vec<String> {
    let ids: HashSet<&str> = listed.iter().map(|run| run.id.as_str()).collect();
    let unlisted = store.entries().filter(|(id, known)| !known.gone && !ids.contains(id));
    unlisted.map(|(id, _)| id.to_owned()).collect()
}

/// Assigns the names of each run's files: known runs keep theirs, and new runs get unique ones. Names from
/// earlier versions that lead out of their folder are replaced.
fn assign_names(store: &Store, listed: &[ListedRun]) -> HashMap<String, String> {
    let renamed = store.entries().filter_map(|(id, known)| Some((known.here.as_deref()?, id)));
    let renamed = renamed.filter(|(here, _)| stays_inside(here));
    let mut names =
        Names::from_mapping(renamed.map(|(here, id)| (with_ending(here), with_ending(id))).collect());
    for (id, _) in store.entries().filter(|(id, known)| known.here.is_none() && stays_inside(id)) {
        names.assign(&with_ending(id));
    }
    let name_of = |run: &ListedRun| (run.id.clone(), names.assign_component(&run.id, ENDING).0);
    listed.iter().map(name_of).collect()
}
