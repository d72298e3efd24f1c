//! Seed data for mirrors, and the files of a mirror.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use wandb_local_server::{LocalServer, NewRun, NewSweep};

use crate::support::tree;

/// The path of the project.
pub(super) const PROJECT: &str = "local-team/archive";

/// Adds the project, with runs of all sizes, files, logs and a sweep.
pub(super) fn fill(server: &LocalServer) {
    let store = server.store();
    for number in 0..10_u32 {
        let rows = if number == 4 { 3_000 } else { number * 7 };
        let row = |step: u32| match step % 5 {
            0 => format!(r#"{{"_step":{step},"loss":{},"note":"№ {step}"}}"#, 1.0 / f64::from(step + 1)),
            1 => format!(r#"{{"_step":{step},"loss":NaN,"nested":{{"a":{step}}}}}"#),
            _ => format!(r#"{{"_step":{step},"loss":{},"count":{step}}}"#, f64::from(step)),
        };
        let id = format!("run-{number}");
        store.add_run(NewRun {
            display_name: Some(format!("quiet-river-{number}")),
            created_at: Some(format!("2024-03-01T10:00:0{number}Z").parse().expect("a time")),
            history: (0..rows).map(row).collect(),
            events: (0..number)
                .map(|at| json!({ "_runtime": at, "system.cpu": at * 2 }).to_string())
                .collect(),
            log: (0..number * 3).map(|line| format!("epoch {line}: fine")).collect(),
            ..NewRun::new("local-team", "archive", &id)
                .config(&json!({ "lr": 0.1, "net": { "depth": number } }))
                .summary(&json!({ "acc": f64::from(number) / 10.0 }))
        });
        let path = format!("{PROJECT}/{id}");
        for file in 0..number % 4 {
            let content = vec![b'a' + u8::try_from(file).expect("a digit"); 20_000 * file as usize + 5];
            store.add_file(&path, &format!("media/{file}.bin"), content).expect("a run");
        }
    }
    store.add_sweep(NewSweep::new("local-team", "archive", "sw1"));
}

/// The files of a mirror for readers, without its internal files. Empty if the folder does not exist.
pub(super) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = if folder.is_dir() { tree(folder) } else { BTreeMap::new() };
    files.retain(|name, _| !Path::new(name).iter().any(|part| part == ".wandb-export"));
    files
}

/// Whether a file belongs to a single run, so that its content does not depend on other runs.
pub(super) fn is_run_file(name: &str) -> bool {
    name.contains('/')
}
