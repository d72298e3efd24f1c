//! Seed data: a sweep.

use std::path::Path;

use serde_json::{Value, json};
use wandb_local_server::{LocalServer, NewRun, NewSweep, Options};

/// The path of the sweep of [`sweep`].
pub(crate) const SWEEP: &str = "local-team/vision/sw33p";

/// Adds a sweep that maximises `val.acc`, with seven runs, three of which have no number for it.
pub(crate) fn sweep(server: &LocalServer) {
    let store = server.store();
    store.add_sweep(NewSweep {
        display_name: Some("learning rates".to_owned()),
        config: "method: grid\nmetric:\n  goal: maximize\n  name: val.acc\n".to_owned(),
        run_count_expected: Some(9),
        ..NewSweep::new("local-team", "vision", "sw33p")
    });
    let summaries = [
        ("r0", json!({ "val": { "acc": 0.5 }, "loss": 1 })),
        ("r1", json!({ "val": { "acc": "Infinity" }, "loss": "NaN" })),
        ("r2", json!({ "val": { "acc": 0.75 }, "loss": 0.25 })),
        ("r3", json!({ "val.acc": 0.75, "loss": "-Infinity" })),
        ("r4", json!({ "val": { "acc": "NaN" }, "loss": 0.125 })),
        ("r5", json!({ "val": { "acc": null } })),
        ("r6", json!({})),
    ];
    for (n, (id, summary)) in summaries.into_iter().enumerate() {
        store.add_run(of_sweep(id, n, &summary));
    }
    store.add_run(NewRun::new("local-team", "vision", "other").summary(&json!({ "val": { "acc": 9 } })));
}

fn of_sweep(id: &str, n: usize, summary: &Value) -> NewRun {
    NewRun {
        sweep: Some("sw33p".to_owned()),
        display_name: Some(format!("sweep-{n}")),
        created_at: Some(format!("2024-03-0{}T10:00:00Z", n + 1).parse().expect("a time")),
        ..NewRun::new("local-team", "vision", id).config(&json!({ "n": n })).summary(summary)
    }
}

/// A server with runs recorded from the official SDK.
pub(crate) fn recorded() -> LocalServer {
    let mut options = Options::default();
    options.fixtures =
        Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../xtask/fixtures/recording.tar.zst"));
    LocalServer::start(options).expect("the recorded runs")
}
