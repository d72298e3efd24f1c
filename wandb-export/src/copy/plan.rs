//! Decides which runs to fetch, and groups them into jobs.

use wandb_core::model::Run;
use wandb_mirror::record::Fingerprint;
use wandb_mirror::{Contents, IndexEntry, Part};

/// A run, as the list of runs describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedRun {
    pub(super) id: String,
    pub(super) fingerprint: Fingerprint,
    /// The number of history rows, if the server reports it.
    lines: Option<u64>,
    /// The run's duration as far as known, in seconds.
    seconds: u64,
}

/// A unit of fetching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Job {
    /// Small runs, fetched with all their data in one answer.
    Joint(Vec<ListedRun>),
    /// A run that takes several requests.
    Single(ListedRun),
}

/// The jobs of a project and the runs that need none.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) jobs: Vec<Job>,
    /// The number of unchanged runs.
    pub(super) same: u64,
    /// The number of unchanged runs with inexact data.
    pub(super) inexact: u64,
    /// Runs in the mirror that no longer exist on the server.
    pub(super) gone: Vec<String>,
}

impl Plan {
    /// Returns the number of rows of the runs to fetch, as far as the server reports it.
    pub(super) fn rows(&self) -> u64 {
        let rows = |run: &ListedRun| run.lines.unwrap_or_default();
        let rows = |job: &Job| match job {
            Job::Joint(runs) => runs.iter().map(rows).sum(),
            Job::Single(run) => rows(run),
        };
        self.jobs.iter().map(rows).sum()
    }
}

/// The most rows that a joint query returns per run. One more is requested, to detect that there are more.
pub(super) const MAX_JOINT_ROWS: u64 = 2_000;

/// The weight limit of a joint query, in rows.
const MAX_JOINT_WEIGHT: u64 = 4_000;

/// The most runs in a joint query.
pub(super) const MAX_JOINT_RUNS: usize = 32;

/// The weight of a run's config, summary, files and first log lines, in rows.
const OWN_WEIGHT: u64 = 50;

/// The interval of system metrics in recent SDKs, in seconds. Old SDKs sample less often.
const SECONDS_BETWEEN_EVENTS: u64 = 10;

impl ListedRun {
    pub(super) fn from_run(run: &Run) -> Self {
        let time = |time: &Option<wandb_core::model::Timestamp>| time.as_ref()?.time();
        let seconds = time(&run.created_at).zip(time(&run.heartbeat_at));
        let seconds = seconds.map_or(0, |(from, to)| to.as_second().saturating_sub(from.as_second()));
        Self {
            id: run.id.clone(),
            fingerprint: Fingerprint::of(run),
            lines: run.history_line_count,
            seconds: u64::try_from(seconds).unwrap_or_default(),
        }
    }

    /// Estimates the wanted rows of a run. Returns `None` if a joint query may not cover them all.
    fn estimate_weight(&self, contents: Contents) -> Option<u64> {
        let rows = if contents.has(Part::History) { self.lines? } else { 0 };
        let events = if contents.has(Part::System) { self.seconds / SECONDS_BETWEEN_EVENTS } else { 0 };
        (rows <= MAX_JOINT_ROWS && events <= MAX_JOINT_ROWS).then(|| rows + events + OWN_WEIGHT)
    }

    fn is_unchanged(&self, known: &IndexEntry, contents: Contents) -> bool {
        let is_as_of = |part| {
            part == Part::Sweeps || known.as_of(part) == Some(self.fingerprint) && !known.is_missing(part)
        };
        // A run that failed entirely is recorded as missing under `runs`, whatever parts were wanted.
        !known.is_missing(Part::Runs) && !known.gone && contents.parts().all(is_as_of)
    }
}

/// Compares the listed runs with the `known` ones.
pub(super) fn make_plan<'a>(
    listed: Vec<ListedRun>,
    known: impl Fn(&str) -> Option<&'a IndexEntry>,
    contents: Contents,
) -> Plan {
    let mut plan = Plan::default();
    let (mut joint, mut weight) = (Vec::new(), 0);
    for run in listed {
        if let Some(known) = known(&run.id).filter(|known| run.is_unchanged(known, contents)) {
            plan.same += 1;
            plan.inexact += u64::from(contents.parts().any(|part| known.is_inexact(part)));
            continue;
        }
        let Some(own) = run.estimate_weight(contents) else {
            plan.jobs.push(Job::Single(run));
            continue;
        };
        if weight + own > MAX_JOINT_WEIGHT || joint.len() == MAX_JOINT_RUNS {
            plan.jobs.push(Job::Joint(std::mem::take(&mut joint)));
            weight = 0;
        }
        weight += own;
        joint.push(run);
    }
    if !joint.is_empty() {
        plan.jobs.push(Job::Joint(joint));
    }
    plan
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use wandb_mirror::record::{Header, RunRecord};
    use wandb_mirror::{Disk, Store};
    use wandb_storage::Folder;
    use wandb_storage::simulation::{Image, MemoryDisk};

    use super::*;

    fn fingerprint(number: u64) -> Fingerprint {
        serde_json::from_str(&format!("\"{number:x}\"")).unwrap()
    }

    fn run(id: &str, lines: Option<u64>, seconds: u64) -> ListedRun {
        ListedRun { id: id.to_owned(), fingerprint: fingerprint(1), lines, seconds }
    }

    /// Creates a mirror with these records, each with a row.
    fn store(records: &[RunRecord]) -> Store {
        let folder = Folder::claim_on(MemoryDisk::new(Image::default())).unwrap().unwrap();
        let disk = Disk::on(Path::new("memory"), folder).unwrap();
        let mut store = Store::open(disk, Header::new("http://server.test", "e/p")).unwrap();
        for record in records {
            store.append(record, Some("{}")).unwrap();
        }
        store
    }

    fn planned(listed: Vec<ListedRun>, known: &[RunRecord], contents: Contents) -> Plan {
        let store = store(known);
        make_plan(listed, |id| store.entry(id), contents)
    }

    fn sizes(plan: &Plan) -> Vec<usize> {
        let size = |job: &Job| match job {
            Job::Joint(runs) => runs.len(),
            Job::Single(_) => 0,
        };
        plan.jobs.iter().map(size).collect()
    }

    #[test]
    fn small_runs_are_batched_and_long_ones_are_not() {
        let mut listed: Vec<_> = (0..40).map(|number| run(&number.to_string(), Some(10), 100)).collect();
        listed.push(run("long", Some(MAX_JOINT_ROWS + 1), 0));
        listed.push(run("uncounted", None, 0));
        listed.push(run("old", Some(1), MAX_JOINT_ROWS * SECONDS_BETWEEN_EVENTS * 2));
        listed.extend((0..5).map(|number| run(&format!("m{number}"), Some(1_500), 0)));
        let all = planned(listed.clone(), &[], Contents::all());
        assert_eq!(sizes(&all), [32, 0, 0, 0, 10, 2, 1], "{:?}", all.jobs);
        let bare = planned(listed, &[], Contents::only([Part::Runs]));
        assert_eq!(sizes(&bare), [32, 16], "rows have no weight when no rows are wanted");
    }

    #[test]
    fn unchanged_runs_are_not_fetched() {
        let record = |id, as_of, gone, missing: bool| {
            let mut record = RunRecord::new(id, id, fingerprint(as_of));
            record.row = Some(record.as_of);
            record.gone = gone;
            if missing {
                record.missing.insert("files".to_owned(), vec!["why".to_owned()]);
            }
            record
        };
        let known = [
            record("same", 1, false, false),
            record("changed", 2, false, false),
            record("back", 1, true, false),
            record("in part", 1, false, true),
            record("deleted", 1, false, false),
            record("deleted before", 1, true, false),
        ];
        let listed = ["same", "changed", "back", "in part", "new"].map(|id| run(id, Some(1), 0));
        let runs = Contents::only([Part::Runs, Part::Sweeps]);
        let some = planned(listed.to_vec(), &known, runs);
        assert_eq!(some.same, 2);
        assert_eq!(sizes(&some), [3]);
        let more = planned(listed.to_vec(), &known, Contents::all());
        assert_eq!((more.same, sizes(&more)), (0, vec![5]), "a wanted part is absent");
        let not_files = Contents::only([Part::Runs, Part::Sweeps]);
        let in_part = planned(vec![run("in part", Some(1), 0)], &known, not_files);
        assert_eq!(in_part.same, 1, "the missing part is not wanted");
    }
}
