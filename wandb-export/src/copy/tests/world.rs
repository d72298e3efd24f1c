//! A simulated project and attempts to mirror it.

use std::path::Path;
use std::time::Duration;

use futures_util::future::{Either, select};
use serde_json::json;
use wandb_core::client::{Client, RetryPolicy};
use wandb_core::simulation::{Faults, Report, Simulation};
use wandb_core::{PathDefaults, ProjectPath};
use wandb_local_server::{NewRun, NewSweep, Options, Store};
use wandb_mirror::Disk;
use wandb_storage::Folder;
use wandb_storage::simulation::{Image, MemoryDisk, Trouble};

use super::super::report::ProjectReport;
use super::super::{Contents, Mirror, Part};
use crate::api::Api;
use crate::error::Error;

pub(super) const PROJECT: &str = "local-team/p";

/// The limit of requests in flight.
pub(super) const AT_ONCE: usize = 4;

/// An attempt to bring a mirror up to date.
pub(super) struct Attempt {
    pub(super) seed: u64,
    pub(super) contents: Contents,
    pub(super) faults: Faults,
    pub(super) trouble: Trouble,
    pub(super) stop: Option<Stop>,
    pub(super) verify: bool,
    pub(super) compare: bool,
}

/// When and how an attempt is stopped.
pub(super) struct Stop {
    pub(super) after: Duration,
    /// Whether the process is killed. Otherwise, the future is dropped.
    pub(super) is_kill: bool,
}

/// The outcome of an attempt.
pub(super) struct Outcome {
    /// `None` if it was stopped early.
    pub(super) ended: Option<Result<ProjectReport, Error>>,
    pub(super) network: Report,
    /// The number of changes made on the disk.
    pub(super) done: u64,
    /// The number of disk operations requested, including reads.
    pub(super) asked: u64,
}

/// Creates a project without runs.
pub(super) fn empty_project() -> Store {
    let store = Store::without_server(Options::default()).expect("a schema");
    store.add_project("local-team", "p");
    store
}

/// Creates a project with a few runs of all kinds, determined by the seed.
pub(super) fn project(seed: u64) -> Store {
    let store = empty_project();
    let mut rng = fastrand::Rng::with_seed(seed);
    for number in 0..rng.u32(0..7) {
        // Some systems do not distinguish these two names.
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

/// Returns the project of the seed and its undisturbed mirror.
pub(super) fn mirrored(seed: u64) -> (Store, Image, Outcome) {
    let (store, mut image) = (project(seed), Image::default());
    let outcome = Attempt::calm(seed).run(&store, &mut image);
    (store, image, outcome)
}

/// Returns a row of a history. The types of its columns vary.
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

/// Returns all parts but files: threads write those, and a simulation cannot wait for threads.
pub(super) fn contents() -> Contents {
    Contents::all().without(Part::Files)
}

impl Attempt {
    /// Creates an attempt without faults.
    pub(super) fn calm(seed: u64) -> Self {
        Self {
            seed,
            contents: contents(),
            faults: Faults::none(),
            trouble: Trouble::None,
            stop: None,
            verify: false,
            compare: false,
        }
    }

    pub(super) fn run(self, store: &Store, image: &mut Image) -> Outcome {
        let Self { seed, contents, faults, trouble, stop, verify, compare } = self;
        let served = store.clone();
        let simulation = Simulation::new(seed, faults, move |request| served.answer(request));
        let policy = RetryPolicy::default().with_max_attempts(12).with_max_attempts_if_persistent(12);
        let key = Options::DEFAULT_API_KEY.parse().expect("a key");
        let client = Client::builder(simulation.transport(), "http://server.test".parse().expect("a URL"))
            .api_key(&key)
            .retry(policy)
            .seed(seed)
            .concurrency(AT_ONCE);
        let api = Api::with_client(client.build(), PathDefaults::default());
        let memory = MemoryDisk::failing(std::mem::take(image), trouble, seed);
        let project: ProjectPath = PROJECT.parse().expect("a path");
        let mirror = Mirror::for_project(api.clone(), project.clone());
        let mirror = mirror.contents(contents).verify(verify).compare(compare);
        let ended = simulation.run(async {
            let claimed = Folder::claim_on(memory.clone());
            let open =
                |folder: Option<Folder>| Disk::on(Path::new("memory"), folder.expect("no other process"));
            let disk = match claimed.and_then(open) {
                Ok(disk) => disk,
                Err(error) => return Some(Err(Error::io("opening the disk", error))),
            };
            let sync = Box::pin(mirror.sync_on_disk(project, disk));
            let Some(Stop { after, is_kill }) = stop else { return Some(sync.await) };
            match select(sync, Box::pin(api.client().sleep(after))).await {
                Either::Left((ended, _)) => Some(ended),
                Either::Right(((), sync)) => {
                    if is_kill {
                        memory.end();
                    }
                    drop(sync);
                    None
                }
            }
        });
        let ended = ended.unwrap_or_else(|stuck| panic!("{stuck}"));
        *image = memory.take();
        Outcome { ended, network: simulation.report(), done: memory.done(), asked: memory.asked() }
    }
}

impl Outcome {
    /// Returns the report. Panics unless the mirror is complete.
    pub(super) fn complete(self, seed: u64) -> ProjectReport {
        let report = self.ended.expect("it ends").unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(report.missing.is_empty(), "seed {seed}: {:?}", report.missing);
        report
    }
}
