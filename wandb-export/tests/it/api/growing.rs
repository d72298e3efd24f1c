//! Runs that go on while they are read.

use serde_json::json;
use wandb_export::{Follow, History, Row, Source};
use wandb_local_server::{ExportOptions, Fault, FaultKind, Faults, LocalServer, NewRun, RunState};

use crate::support::{on_both, server};

const PATH: &str = "e/p/growing";

fn rows(steps: std::ops::Range<i64>) -> Vec<String> {
    steps.map(|step| json!({ "_step": step, "loss": step * 2 }).to_string()).collect()
}

/// A run that has got to step 99.
fn running() -> LocalServer {
    let server = server();
    let run = NewRun { state: RunState::Running, history: rows(0..100), ..NewRun::new("e", "p", "growing") };
    server.store().add_run(run);
    server
}

/// Reads `history` while 50 rows arrive, and checks that it ends where the run was at first.
async fn read_while_it_grows(server: &LocalServer, history: History) {
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
    assert!(end.is_complete(), "all that there was at the start is there: {end:?}");
    let growth = end.growth.expect("the run has grown");
    assert_eq!((growth.read_to, growth.last_step, growth.new_rows), (Some(99), Some(149), Some(50)));
}

#[test]
fn live_rows_end_where_the_run_was_at_first_and_the_growth_is_told() {
    let server = running();
    on_both(&server, async |api| {
        for size in [7, 10_000] {
            let history = api.history(PATH).await.expect("a path").all().page_size(size);
            read_while_it_grows(&server, history).await;
        }
    });
}

#[test]
fn a_run_that_has_ended_has_not_grown() {
    let server = running();
    server.store().set_run_state(PATH, RunState::Finished).expect("the run");
    on_both(&server, async |api| {
        let mut reader = api.history(PATH).await.expect("a path").all().open().await.expect("a reader");
        while reader.next_batch().await.expect("rows").is_some() {}
        assert_eq!(reader.finish().await.expect("an end").growth, None);
    });
}

#[test]
fn rows_behind_an_old_export_are_read_once_and_up_to_the_first_last_step() {
    for list_live in [true, false] {
        let server = server();
        on_both(&server, async |api| {
            server.store().add_run(NewRun { history: rows(0..60), ..NewRun::new("e", "p", "growing") });
            let mut options = ExportOptions::default();
            (options.rows_per_part, options.list_live) = (25, list_live);
            server.store().export_run(PATH, &options).expect("an export");
            server.store().append_history(PATH, rows(60..100)).expect("the run");
            let history = api.history(PATH).await.expect("a path").all().source(Source::Exported);
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
fn a_reader_may_stop_before_the_end() {
    let server = running();
    // So small pages that many more of them are asked for meanwhile.
    on_both(&server, async |api| {
        let history = api.history(PATH).await.expect("the run").all().page_size(2);
        let mut reader = history.open().await.expect("a reader");
        let rows = reader.next_batch().await.expect("rows").expect("at least a page");
        assert_eq!(rows.first().and_then(Row::step), Some(0));
        assert_eq!(reader.finish().await.expect("an end").rows, rows.len() as u64);
    });
}

async fn followed(mut following: Follow) -> (Vec<i64>, usize) {
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
fn whoever_follows_a_run_goes_on_after_a_failure_where_it_was() {
    let server = running();
    on_both(&server, async |api| {
        let history = api.history(PATH).await.expect("a path").all().min_step(20).max_step(50).page_size(10);
        let following = history.follow().await.expect("a run to follow");
        let refused = Fault::next(1, FaultKind::Status(403)).on("HistoryPage");
        server.store().set_faults(Faults { faults: vec![refused], ..Faults::default() });
        assert_eq!(followed(following).await, ((20..50).collect(), 1));
    });
}

#[test]
fn a_run_is_followed_where_the_server_does_not_tell_its_last_step() {
    let server = running();
    server.store().set_missing_fields(&[("Run", "historyKeys")]).expect("a field of the schema");
    on_both(&server, async |api| {
        let history = api.history(PATH).await.expect("a path").all().max_step(50);
        let following = history.follow().await.expect("a run to follow");
        assert_eq!(followed(following).await, ((0..50).collect(), 0));
    });
}

#[test]
fn a_run_is_followed_no_further_than_to_the_last_step_asked_for() {
    let server = running();
    on_both(&server, async |api| {
        let history = api.history(PATH).await.expect("a path").all().min_step(20).max_step(50);
        let following = history.follow().await.expect("a run to follow");
        assert_eq!(followed(following).await, ((20..50).collect(), 0));
    });
}
