//! Fuzzes the whole program, from its arguments to its files, with a server that sends arbitrary responses. The
//! program never panics, ends within a bound of virtual time, stays within its memory, and loses no item because of
//! another bad one.
//!
//! `WANDB_FUZZ_SECONDS` is the duration (3 by default) and `WANDB_FUZZ_SEED` the first seed. A failure prints its seed.

#![expect(clippy::print_stdout, reason = "prints seeds and statistics")]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser as _;
use fastrand::Rng;
use serde_json::json;
use wandb_core::Environment;
use wandb_core::simulation::{Faults, Simulation};
use wandb_local_server::{ExportOptions, NewArtifact, NewRun, NewSweep, NewView, Options, Store};

use super::super::args::Arguments;
use super::super::exit::{Failure, Outcome};
use super::super::session::Session;
use super::super::{connect, perform};
use super::hostile::{Frequency, HostileServer, MAX_FILE_BYTES, Misbehaviour};

/// Commands to fuzz; `{out}` is a folder.
const COMMANDS: &[&str] = &[
    "whoami",
    "projects local-team -o {out}/out.jsonl",
    "runs local-team/p -o {out}/out.jsonl",
    "runs local-team/p -o {out}/out.parquet",
    "run local-team/p/run1 -o {out}/out.jsonl",
    "project local-team/p -o {out}/out.csv",
    "project local-team/p -o {out}/out.parquet",
    "compare local-team/p/run1 local-team/p/run2 -o {out}/out.csv",
    "sweep local-team/p/sw1 -o {out}/out.jsonl",
    "history local-team/p/run1 -o {out}/out.csv",
    "history local-team/p/run1 --keys loss,acc -o {out}/out.jsonl",
    "history local-team/p/run1 --all -o {out}/out.csv",
    "history local-team/p/run1 --all -o {out}/out.parquet --nested struct",
    "history local-team/p/run1 --all --keys loss --source exported -o {out}/out.arrow",
    "history local-team/p/run1 --all --source exported -o {out}/out.jsonl",
    "history local-team/p/run1 --all --stream system -o {out}/out.csv",
    "files local-team/p/run1 -o {out}/out.jsonl",
    "files local-team/p/run1 --all --download -o {out}/files",
    "artifacts local-team/p -o {out}/out.jsonl",
    "artifacts local-team/p/run1 -o {out}/out.jsonl",
    "artifacts local-team/p --download -o {out}/files",
    "artifact local-team/p/data:v1 -o {out}/out.jsonl",
    "artifact local-team/p/data:v1 --files -o {out}/out.csv",
    "artifact local-team/p/data:latest --download -o {out}/files",
    "media local-team/p/run1 -o {out}/out.jsonl",
    "media local-team/p/run1 --summary --download -o {out}/media",
    "table local-team/p/run1 --key t -o {out}/out.csv",
    "table local-team/p/run1 --key hist --all -o {out}/out.parquet",
    "reports local-team/p --content -o {out}/out.jsonl",
    "reports local-team/p --download -o {out}/reports",
    "logs local-team/p/run1 -o {out}/out.log",
    "command local-team/p/run1",
    "mirror local-team/p -o {out}/mirror",
    "mirror local-team -o {out}/mirror",
    "set summary local-team/p/run2 acc=0.5",
];

/// Commands that list items, with the items of their lists.
const LISTS: &[(&str, &[&str])] = &[
    ("projects local-team -o {out}/out.jsonl", &["p", "q"]),
    ("runs local-team/p -o {out}/out.jsonl", &["run1", "run2", "run3", "run4"]),
    ("project local-team/p -o {out}/out.jsonl", &["run1", "run2", "run3", "run4"]),
    (
        "files local-team/p/run1 -o {out}/out.jsonl",
        &["model.bin", "media/a.png", "notes.txt", "t.table.json"],
    ),
];

/// Maximum virtual time of a command, including retries with waits of `--max-wait`.
const TIME_LIMIT: Duration = Duration::from_secs(24 * 3600);

/// Maximum resident memory in KiB: the budget of `--memory`, the longest response, and the program with its server.
const MAX_RESIDENT: u64 = 640 << 10;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// A project with runs, metrics, logs, files and a sweep.
fn store() -> Store {
    let store = Store::without_server(Options::default()).expect("a schema");
    store.add_project("local-team", "q");
    for number in 1..=4_u32 {
        let rows = (0..number * 20).map(|step| {
            json!({ "_step": step, "loss": 1.0 / f64::from(step + 1), "acc": step, "net": { "depth": { "a": step } },
                    "text": format!("row {step}"), "hist": { "_type": "histogram", "bins": [0, 1, 2], "values": [3, 4] } })
        });
        let events = (0..8).map(|at| json!({ "system.cpu": at, "_runtime": at * 15 }).to_string());
        let run = NewRun::new("local-team", "p", &format!("run{number}"))
            .config(&json!({ "lr": 0.1, "number": number, "net": { "depth": number } }))
            .summary(&json!({ "acc": f64::from(number), "best": { "loss": 0.1 },
                "t": { "_type": "table-file", "path": "t.table.json", "nrows": 2 },
                "shot": { "_type": "image-file", "path": "media/a.png" } }))
            .rows(rows);
        store.add_run(NewRun {
            display_name: Some(format!("name {number}")),
            created_at: Some(format!("2024-03-0{number}T10:00:00Z").parse().expect("a time")),
            events: events.collect(),
            log: (0..20).map(|line| format!("line {line}")).collect(),
            sweep: (number > 2).then(|| "sw1".to_owned()),
            ..run
        });
    }
    store.add_sweep(NewSweep::new("local-team", "p", "sw1"));
    for (name, length) in [("model.bin", 50_000), ("media/a.png", 100), ("notes.txt", 0)] {
        store.add_file("local-team/p/run1", name, vec![7; length]).expect("a run");
    }
    for text in ["one", "two"] {
        let artifact = NewArtifact::new("local-team", "p", "data", "dataset").run("run1");
        let artifact = artifact.file("a.txt", "same").file("b/c.txt", text).file("copy", "same");
        store.add_artifact(artifact.reference("far", "s3://bucket/far", "etag", None)).expect("a version");
    }
    store.use_artifact("local-team/p/run1", "local-team/p/data:v0").expect("a run");
    let table = r#"{"columns": ["a", "b"], "data": [[1, "x"], [2, null]]}"#;
    store.add_file("local-team/p/run1", "t.table.json", table.to_owned()).expect("a run");
    store.add_view(NewView::report("local-team", "p", "Results"));
    store.export_run("local-team/p/run1", &ExportOptions::default()).expect("a run");
    store
}

/// Outcome of a command.
struct CommandOutcome {
    result: Result<Outcome, Failure>,
    requests: u64,
    /// Lines of the output, sorted.
    lines: BTreeSet<String>,
}

fn run(seed: u64, store: Store, command: &str, misbehaviour: Misbehaviour) -> CommandOutcome {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("UTF-8");
    let words = command.split(' ').map(|word| word.replace("{out}", out));
    let words = ["wandb-export".to_owned(), "--no-progress".to_owned()].into_iter().chain(words);
    let arguments = Arguments::try_parse_from(words).expect("a command line");
    let simulation = Simulation::new(seed, Faults::none(), |_| http::Response::default());
    let hostile = Arc::new(HostileServer::new(simulation.transport(), store, seed, misbehaviour));
    let api = connect::api_builder(&arguments.connection)
        .environment(Environment::default())
        .base_url("http://server.test")
        .max_file_size(MAX_FILE_BYTES)
        .api_key(Options::DEFAULT_API_KEY.parse().expect("a key"))
        .connect_over(Arc::clone(&hostile) as _)
        .expect("a client");
    let session = Session::new(api, &arguments.connection);
    let ended = simulation.run_with_threads(TIME_LIMIT, perform(session, arguments.command));
    let result = ended.unwrap_or_else(|stuck| panic!("{stuck}, after {} requests", hostile.requests()));
    assert_eq!(hostile.excess(), 0, "a body was read too far: {result:?}");
    let text = std::fs::read_to_string(folder.path().join("out.jsonl")).unwrap_or_default();
    let lines = text.lines().map(str::to_owned).collect();
    assert_contained(folder.path(), command);
    CommandOutcome { result, requests: hostile.requests(), lines }
}

/// Checks that the folder holds only outputs, with no temporary file and no file whose name led out of its folder.
fn assert_contained(folder: &Path, command: &str) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        assert!(command.contains(&format!("{{out}}/{name}")), "`{command}` left {name}");
    }
}

/// Peak resident memory of this process in KiB, if this test has a process to itself.
fn peak_resident() -> Option<u64> {
    std::env::var_os("NEXTEST")?;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Tries seeds until the time is up, and names the seed that failed.
fn for_each_seed(name: &str, try_seed: impl Fn(u64)) {
    let seconds = number("WANDB_FUZZ_SECONDS").unwrap_or(3);
    let first = number("WANDB_FUZZ_SEED");
    let begin = first.unwrap_or_else(|| Rng::new().u64(..1 << 40));
    let (start, mut tried) = (Instant::now(), 0);
    println!("{name}: from seed {begin}, for {seconds} s");
    while tried == 0 || start.elapsed() < Duration::from_secs(seconds) {
        let seed = begin + tried;
        let has_passed = catch_unwind(AssertUnwindSafe(|| try_seed(seed))).is_ok();
        assert!(has_passed, "reproduce with WANDB_FUZZ_SEED={seed} WANDB_FUZZ_SECONDS=0");
        if let Some(peak) = peak_resident() {
            assert!(peak <= MAX_RESIDENT, "seed {seed}: {peak} KiB were resident");
        }
        tried += 1;
    }
    println!("{name}: {tried} seeds, peak {} KiB", peak_resident().unwrap_or_default());
}

#[test]
fn program_survives_any_answer() {
    for_each_seed("any answer", |seed| {
        let mut rng = Rng::with_seed(seed);
        let command = COMMANDS[rng.usize(0..COMMANDS.len())];
        let frequency = match rng.u8(0..4) {
            0 | 1 => Frequency::Once(rng.u64(0..6)),
            2 => Frequency::From(rng.u64(0..6)),
            _ => Frequency::Share(rng.f64()),
        };
        println!("seed {seed}: {frequency:?} {command}");
        let ended = run(seed, store(), command, Misbehaviour::Answers(frequency));
        assert!(ended.requests < 20_000, "{} requests", ended.requests);
    });
}

#[test]
fn bad_node_loses_no_other_node() {
    // All runs share one store, because a store contains the time of its creation.
    let store = store();
    let whole: Vec<BTreeSet<String>> =
        LISTS.iter().map(|(command, _)| run(0, store.clone(), command, Misbehaviour::None).lines).collect();
    for_each_seed("one bad node", |seed| {
        let mut rng = Rng::with_seed(seed);
        let at = rng.usize(0..LISTS.len());
        let (command, items) = LISTS[at];
        let item = items[rng.usize(0..items.len())];
        println!("seed {seed}: {item} in {command}");
        let ended = run(seed, store.clone(), command, Misbehaviour::Node(item));
        // At most the bad item itself may be missing.
        let lost: Vec<_> = whole[at].difference(&ended.lines).collect();
        assert!(lost.len() <= 1, "lost for {item}: {lost:?}\n{:?}", ended.result);
        let is_short = ended.lines.len() < whole[at].len();
        let is_done = matches!(ended.result, Ok(Outcome::Done | Outcome::Unsupported));
        assert!(!(is_short && is_done), "{item} is missing, but the command succeeded");
    });
}
