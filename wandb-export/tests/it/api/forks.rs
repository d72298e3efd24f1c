//! Forked runs on a server.

use futures_util::FutureExt;
use serde_json::{Value, json};
use wandb_export::{Api, Issue, ScanHistory};
use wandb_local_server::{LocalServer, NewRun};

use crate::support::{on_both, server};

fn add(server: &LocalServer, id: &str, from: Option<(&str, i64)>, steps: std::ops::Range<i64>) {
    let mut config = json!({"lr": {"value": 0.1, "desc": null}, "_wandb": {"value": {"t": {}}}});
    if let Some((parent, step)) = from {
        config["_wandb"]["value"]["branch_point"] = json!({"run_id": parent, "step": step});
    }
    let rows = steps.map(|step| json!({"_step": step, "of": id}));
    let run = NewRun { config: config.to_string(), ..NewRun::new("e", "p", id) };
    server.store().add_run(run.rows(rows));
}

/// A run, a fork of it at step 4, and a fork of that at step 6.
fn forks() -> LocalServer {
    let server = server();
    add(&server, "root", None, 0..10);
    add(&server, "fork", Some(("root", 4)), 5..9);
    add(&server, "twig", Some(("fork", 6)), 7..8);
    server
}

async fn history(api: &Api, id: &str) -> ScanHistory {
    api.scan_history(&format!("e/p/{id}")).await.expect("a path").with_parent()
}

async fn read(history: ScanHistory) -> (Vec<String>, Vec<Issue>) {
    let mut reader = history.open().boxed().await.expect("a reader");
    let mut rows = Vec::new();
    while let Some(batch) = reader.next_batch().await.expect("rows") {
        let text = |row: &wandb_export::Row| {
            let of = row.get("of").and_then(|of| of.as_str().map(str::to_owned)).expect("a run");
            format!("{}{}", row.step().expect("a step"), &of[..1])
        };
        rows.extend(batch.iter().map(text));
    }
    (rows, reader.finish().await.expect("an end").issues)
}

#[test]
fn parent_rows_precede_the_fork() {
    let server = forks();
    on_both(&server, async |api| {
        let expected = ["0r", "1r", "2r", "3r", "4r", "5f", "6f", "7t"];
        assert_eq!(read(history(&api, "twig").await).await, (expected.map(str::to_owned).to_vec(), vec![]));
        let middle = history(&api, "twig").await.min_step(4).max_step(7).keys(["of"]);
        assert_eq!(read(middle).await.0, ["4r", "5f", "6f"]);
        let own = api.scan_history("e/p/fork").await.expect("a path");
        assert_eq!(read(own).await.0, ["5f", "6f", "7f", "8f"], "by default, a fork has only its own rows");
        assert_eq!(read(history(&api, "root").await).await.0.len(), 10, "a run that is not a fork");
    });
}

#[test]
fn missing_parent_is_reported() {
    let server = forks();
    server.store().remove_run("e/p/root").expect("a run");
    add(&server, "loop", Some(("loop", 3)), 0..2);
    add(&server, "a", Some(("b", 3)), 4..5);
    add(&server, "b", Some(("a", 3)), 2..5);
    on_both(&server, async |api| {
        let (rows, issues) = read(history(&api, "twig").await).await;
        assert_eq!(rows, ["5f", "6f", "7t"]);
        assert!(
            matches!(&issues[..], [Issue::ParentMissing { parent, .. }] if parent.run() == "root"),
            "{issues:?}"
        );
        assert_eq!(read(history(&api, "loop").await).await.1, [], "a rewound run continues from itself");
        let (rows, issues) = read(history(&api, "a").await).await;
        assert_eq!(rows, ["2b", "3b", "4a"]);
        assert!(matches!(&issues[..], [Issue::ParentMissing { .. }]), "{issues:?}");
    });
}

#[test]
fn fork_with_fewer_rows_than_counted_is_reported() {
    let server = forks();
    let limits = wandb_local_server::RowLimits { counted: Some(5), ..Default::default() };
    server.store().limit_rows("e/p/fork", limits).expect("a run");
    on_both(&server, async |api| {
        let (rows, issues) = read(history(&api, "fork").await).await;
        assert_eq!(rows.len(), 9);
        assert!(matches!(&issues[..], [Issue::RowsMissing { counted: 5, received: 4, .. }]), "{issues:?}");
    });
}

#[test]
fn program_shows_forks_and_parent_rows() {
    let program = crate::support::Program::new(forks());
    let run = program.run(&["run", "e/p/fork", "-f", "jsonl"]);
    let row: Value = serde_json::from_str(&run.stdout).expect("a row");
    assert_eq!(row["branch"], json!({"run": "root", "metric": "_step", "value": 4}));
    let history = program.run(&["history", "e/p/twig", "--all", "--with-parent", "-f", "jsonl"]);
    assert_eq!((history.code, history.stdout.lines().count()), (Some(0), 8));
}
