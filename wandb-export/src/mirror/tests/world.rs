//! A simulated project, and what a mirror makes of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use futures_util::future::{Either, select};
use serde_json::json;
use wandb_core::PathDefaults;
use wandb_core::client::{Client, RetryPolicy};
use wandb_core::simulation::{Faults, Report, Simulation};
use wandb_local_server::{NewRun, NewSweep, Options, Store};

use super::super::disk::Disk;
use super::super::report::ProjectReport;
use super::super::{Contents, Mirror, Part};
use super::Budget;
use crate::api::Api;
use crate::error::Error;

pub(super) const PROJECT: &str = "local-team/p";

/// Requests that may be in flight at once.
pub(super) const AT_ONCE: usize = 4;

/// What becomes of one attempt at a mirror.
pub(super) struct Attempt {
    /// `None` if it was stopped before its end.
    pub(super) ended: Option<Result<ProjectReport, Error>>,
    pub(super) network: Report,
    /// What is left of the disk's budget.
    pub(super) left: i64,
}

/// A project with a few runs of all kinds, which follow from the seed.
pub(super) fn project(seed: u64) -> Store {
    let store = Store::without_server(Options::default()).expect("a schema");
    let mut rng = fastrand::Rng::with_seed(seed);
    store.add_project("local-team", "p");
    for number in 0..rng.u32(0..7) {
        // Some systems take these two for one.
        let id = match number {
            0 => "run".to_owned(),
            1 => "RUN".to_owned(),
            _ => format!("run{number}"),
        };
        let rows = match rng.u32(0..20) {
            0 => 2_100,
            1..5 => 0,
            _ => rng.u32(1..40),
        };
        let history = (0..rows).map(|step| row(step * 3, &mut rng)).collect();
        let events =
            (0..rng.u32(0..4)).map(|at| json!({ "system.cpu": at, "_runtime": at * 15 }).to_string());
        let log = (0..rng.u32(0..5)).map(|line| format!("line {line}"));
        store.add_run(NewRun {
            display_name: Some(format!("name {number}")),
            created_at: Some(format!("2024-03-0{}T10:00:00Z", 9 - number).parse().expect("a time")),
            history,
            events: events.collect(),
            log: log.collect(),
            ..NewRun::new("local-team", "p", &id)
                .config(&json!({ "lr": 0.1, "number": number, "net": { "depth": number } }))
                .summary(&json!({ "acc": f64::from(number) }))
        });
    }
    if rng.bool() {
        store.add_sweep(NewSweep::new("local-team", "p", "sw1"));
    }
    store
}

/// A row of a history. What its columns hold changes now and then.
pub(super) fn row(step: u32, rng: &mut fastrand::Rng) -> String {
    let mut row = json!({ "_step": step, "loss": f64::from(step) / 7.0 });
    match rng.u32(0..12) {
        0 => row["count"] = json!(step),
        1 => row["count"] = json!(0.5),
        2 => row["note"] = json!("text"),
        3 => row["note"] = json!(3),
        4 => row["nested"] = json!({ "a": step }),
        5 => row["loss"] = json!("NaN"),
        6 => row["run_id"] = json!("mine"),
        _ => {}
    }
    row.to_string()
}

/// Everything but files, which are written by threads that no simulation can wait for.
pub(super) fn contents() -> Contents {
    Contents::all().without(Part::Files)
}

/// Brings all parts of the mirror in `folder` up to date, unless it is stopped `after` some time or the disk fails.
pub(super) fn attempt(
    store: &Store,
    seed: u64,
    faults: Faults,
    folder: &Path,
    budget: i64,
    after: Option<Duration>,
) -> Attempt {
    attempt_parts(store, contents(), (seed, faults), folder, budget, after)
}

/// The same for some parts.
pub(super) fn attempt_parts(
    store: &Store,
    contents: Contents,
    (seed, faults): (u64, Faults),
    folder: &Path,
    budget: i64,
    after: Option<Duration>,
) -> Attempt {
    let served = store.clone();
    let simulation = Simulation::new(seed, faults, move |request| served.answer(request));
    let policy = RetryPolicy { attempts: 12, doubtful_attempts: 12, ..RetryPolicy::default() };
    let key = Options::DEFAULT_API_KEY.parse().expect("a key");
    let client = Client::builder(simulation.transport(), "http://server.test".parse().expect("a URL"))
        .api_key(&key)
        .retry(policy)
        .seed(seed)
        .concurrency(AT_ONCE);
    let api = Api::over(client.build(), PathDefaults::default());
    let budget = Budget::new(budget);
    let disk =
        Disk::failing(folder, budget.clone()).expect("a folder").expect("nobody else is at work on it");
    let project: wandb_core::ProjectPath = PROJECT.parse().expect("a path");
    let mirror = Mirror::of_project(api.clone(), project.clone()).contents(contents);
    let ended = simulation.run(async {
        let sync = Box::pin(mirror.project_on(project, disk));
        let Some(after) = after else { return Some(sync.await) };
        match select(sync, Box::pin(api.client().sleep(after))).await {
            Either::Left((ended, _)) => Some(ended),
            Either::Right(_) => None,
        }
    });
    let ended = ended.unwrap_or_else(|stuck| panic!("{stuck}"));
    Attempt { ended, network: simulation.report(), left: budget.left() }
}

/// Every file of a mirror that is for readers.
pub(super) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(&inside).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.ends_with(".wandb-export") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("inside").to_string_lossy().replace('\\', "/");
                files.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    files
}
