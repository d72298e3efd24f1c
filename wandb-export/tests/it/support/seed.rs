//! Seed data: runs.

use serde_json::json;
use wandb_local_server::{LocalServer, NewRun, RunState};

/// The path of the run of [`team`] that has a history.
pub(crate) const RUN: &str = "local-team/vision/abc123";

/// Adds two projects, one of them with three runs.
pub(crate) fn team(server: &LocalServer) {
    let store = server.store();
    store.add_project("local-team", "language");
    store.add_run(NewRun {
        display_name: Some("bright-sun-1".to_owned()),
        tags: vec!["baseline".to_owned(), "paper".to_owned()],
        notes: Some("the first one, \"naïve\"".to_owned()),
        group: Some("seeds".to_owned()),
        created_at: Some("2024-03-01T10:00:00Z".parse().expect("a time")),
        history: history(),
        events: (0..3)
            .map(|n| {
                json!({ "_runtime": n * 15, "system.cpu": 12.5 + f64::from(n), "system.memory": 40 + n })
                    .to_string()
            })
            .collect(),
        ..NewRun::new("local-team", "vision", "abc123")
            .config(&json!({
                "lr": 0.1,
                "optimizer": { "name": "adam", "betas": [0.9, 0.999] },
                "_wandb": { "cli_version": "0.31.0" },
            }))
            .summary(&json!({ "_step": 24, "acc": 0.9, "best": { "loss": 0.03 }, "loss": 0.04 }))
    });
    store.add_run(NewRun {
        display_name: Some("dark-moon-2".to_owned()),
        state: RunState::Failed,
        created_at: Some("2024-03-02T10:00:00Z".parse().expect("a time")),
        ..NewRun::new("local-team", "vision", "abd124")
            .config(&json!({ "lr": 0.01, "optimizer": { "name": "sgd", "betas": [] } }))
            .summary(&json!({ "acc": 0.95, "loss": "NaN" }))
    });
    store.add_run(NewRun {
        display_name: Some("red-tide-3".to_owned()),
        created_at: Some("2024-03-03T10:00:00Z".parse().expect("a time")),
        ..NewRun::new("local-team", "vision", "zzz999").config(&json!({ "lr": 0.5 }))
    });
}

/// 25 rows, with `acc` only at every fifth step, and with values that text formats easily lose.
fn history() -> Vec<String> {
    (0..25)
        .map(|step| {
            let loss = 1.0 / f64::from(step + 1);
            let more = match step {
                3 => r#","note":"été 日本, \"quoted\"""#,
                7 => r#","extra":NaN"#,
                9 => r#","count":9007199254740993"#,
                _ if step % 5 == 0 => r#","acc":0.5"#,
                _ => "",
            };
            format!(r#"{{"_step":{step},"loss":{loss:?}{more}}}"#)
        })
        .collect()
}

/// Adds a run at `path` that logs only every tenth step, beginning with step 50.
pub(crate) fn gapped_run(server: &LocalServer, path: &str, rows: i64) {
    let mut parts = path.split('/');
    let mut part = || parts.next().expect("entity/project/run");
    let run = NewRun::new(part(), part(), part());
    server.store().add_run(run.rows((0..rows).map(|n| json!({ "_step": 50 + n * 10, "loss": n }))));
}
