//! Runs that grow while they are read.

use serde_json::json;
use wandb_export::{HistoryFollower, HistorySource, Row, ScanHistory};
use wandb_local_server::{ExportOptions, Fault, FaultKind, Faults, LocalServer, NewRun, RunState};

use crate::support::{on_both, server};

const PATH: &str = "e/p/growing";

fn rows(steps: std::ops::Range<i64>) -> Vec<String> {
    steps.map(|step| json!({ "_step": step, "loss": step * 2 }).to_string()).collect()
}

/// A server with a running run that has reached step 99.
fn running() -> LocalServer {
    let server = server();
    let run = NewRun { state: RunState::Running, history: rows(0..100), ..NewRun::new("e", "p", "growing") };
    server.store().add_run(run);
    server
}

/// Reads `history` while 50 rows are added, and checks that it ends at the initial last step.
async fn read_while_it_grows(server: &LocalServer, history: ScanHistory) {
    server.store().add_run(NewRun {
        state: RunState::Running,
        history: rows(0..100),
        ..NewRun::new("e", "p", "growing")
    });
    let mut reader = history.open().await.expect("a reader");
    server.store().append_history(PATH, rows(100..120)).expect("the run");
    let mut steps = Vec::new();
    while let Some(batch) = reader.next_batch().await.expect("rows") {
        if steps.is_empty() {
            server.store().append_history(PATH, rows(120..150)).expect("the run");
        }
        steps.extend(batch.iter().map(Row::step));
    }
    assert_eq!(steps, (0..100).map(Some).collect::<Vec<_>>());
    let end = reader.finish().await.expect("an end");
    assert!(end.is_complete(), "all initial rows are read: {end:?}");
    let growth = end.growth.expect("the run has grown");
    assert_eq!((growth.read_to, growth.last_step, growth.new_rows), (Some(99), Some(149), Some(50)));
}

#[test]
fn live_rows_end_at_the_initial_last_step() {
    let server = running();
    on_both(&server, async |api| {
        for size in [7, 10_000] {
            let history = api.scan_history(PATH).await.expect("a path").page_size(size);
            read_while_it_grows(&server, history).await;
        }
    });
}

#[test]
fn rows_after_an_old_export_are_read_once() {
    for list_live in [true, false] {
        let server = server();
        on_both(&server, async |api| {
            server.store().add_run(NewRun { history: rows(0..60), ..NewRun::new("e", "p", "growing") });
            let mut options = ExportOptions::default();
            (options.rows_per_part, options.list_live) = (25, list_live);
            server.store().export_run(PATH, &options).expect("an export");
            server.store().append_history(PATH, rows(60..100)).expect("the run");
            let history = api.scan_history(PATH).await.expect("a path").source(HistorySource::Exported);
            let mut reader = history.open().await.expect("a reader");
            server.store().append_history(PATH, rows(100..130)).expect("the run");
            let mut steps = Vec::new();
            while let Some(batch) = reader.next_batch().await.expect("rows") {
                steps.extend(batch.iter().map(Row::step));
            }
            assert_eq!(steps, (0..100).map(Some).collect::<Vec<_>>(), "list_live: {list_live}");
            assert!(reader.finish().await.expect("an end").growth.is_some());
        });
    }
}

#[test]
fn reader_can_stop_before_the_end() {
    let server = running();
    // With small pages, many requests are in flight when the reader stops.
    on_both(&server, async |api| {
        let history = api.scan_history(PATH).await.expect("the run").page_size(2);
        let mut reader = history.open().await.expect("a reader");
        let rows = reader.next_batch().await.expect("rows").expect("at least a page");
        assert_eq!(rows.first().and_then(Row::step), Some(0));
        assert_eq!(reader.finish().await.expect("an end").rows, rows.len() as u64);
    });
}

async fn followed(mut following: HistoryFollower) -> (Vec<i64>, usize) {
    let (mut steps, mut failures) = (Vec::new(), 0);
    loop {
        match following.next_batch().await {
            Ok(Some(rows)) => steps.extend(rows.iter().filter_map(Row::step)),
            Ok(None) => return (steps, failures),
            Err(_) => failures += 1,
        }
        assert!(steps.len() <= 200 && failures < 10, "{steps:?}");
    }
}

#[test]
fn follow_resumes_after_a_failure() {
    let server = running();
    on_both(&server, async |api| {
        let history = api.scan_history(PATH).await.expect("a path").min_step(20).max_step(50).page_size(10);
        let following = history.follow().await.expect("a run to follow");
        let refused = Fault::next(1, FaultKind::Status(403)).on("HistoryPage");
        server.store().set_faults(Faults { faults: vec![refused], ..Faults::default() });
        assert_eq!(followed(following).await, ((20..50).collect(), 1));
    });
}

#[test]
fn follow_works_without_a_known_last_step() {
    let server = running();
    server.store().set_missing_fields(&[("Run", "historyKeys")]).expect("a field of the schema");
    on_both(&server, async |api| {
        let history = api.scan_history(PATH).await.expect("a path").max_step(50);
        let following = history.follow().await.expect("a run to follow");
        assert_eq!(followed(following).await, ((0..50).collect(), 0));
    });
}
