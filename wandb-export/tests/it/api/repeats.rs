//! Histories with repeated steps or wrong counts from the server are complete or reported as short.

use futures_util::FutureExt;
use serde_json::json;
use wandb_export::{
    Api, Error, HistoryReader, HistoryReport, HistorySource, Issue, Row, ScanHistory, SystemMetrics,
};
use wandb_local_server::{
    ExportOptions, Fault, FaultKind, Faults, GeneratedRun, LocalServer, NewRun, RowLimits,
};

use crate::support::{on_both, server};

const PATH: &str = "e/p/repeats";

fn add(server: &LocalServer, rows: impl IntoIterator<Item = serde_json::Value>) {
    server.store().add_run(NewRun::new("e", "p", "repeats").rows(rows));
}

fn limit(server: &LocalServer, limits: RowLimits) {
    server.store().limit_rows(PATH, limits).expect("a run");
}

async fn read(
    opening: impl Future<Output = Result<HistoryReader, Error>> + Send,
) -> (Vec<String>, HistoryReport) {
    let mut reader = opening.boxed().await.expect("a reader");
    let mut rows: Vec<Row> = Vec::new();
    while let Some(batch) = reader.next_batch().await.expect("rows") {
        rows.extend(batch);
    }
    let lines = rows.iter().map(|row| row.to_json_line().trim_end().to_owned()).collect();
    (lines, reader.finish().await.expect("an end"))
}

async fn all(api: &Api) -> ScanHistory {
    api.scan_history(PATH).await.expect("a path")
}

async fn system(api: &Api) -> SystemMetrics {
    api.system_metrics(PATH).await.expect("a path")
}

fn missing(end: &HistoryReport) -> Option<(u64, u64, &'static str)> {
    end.issues.iter().find_map(|issue| match issue {
        Issue::RowsMissing { counted, received, stream, .. } => Some((*counted, *received, *stream)),
        _ => None,
    })
}

#[test]
fn rows_after_the_last_step_are_found_by_count() {
    let server = server();
    add(&server, (0..3_000).map(|step| json!({"_step": step})));
    limit(&server, RowLimits { last_step: Some(1_500), ..RowLimits::default() });
    on_both(&server, async |api| {
        let (rows, end) = read(all(&api).await.open()).await;
        assert_eq!((rows.len(), end.issues), (3_000, vec![]));
        let (rows, end) = read(all(&api).await.max_step(1_000).open()).await;
        assert_eq!((rows.len(), end.issues), (1_000, vec![]), "the count is only known for whole histories");
    });
}

#[test]
fn history_with_fewer_rows_than_counted_is_reported() {
    let server = server();
    add(&server, (0..30).map(|step| json!({"_step": step, "a": step})));
    limit(&server, RowLimits { counted: Some(33), ..RowLimits::default() });
    on_both(&server, async |api| {
        let (rows, end) = read(all(&api).await.open()).await;
        assert_eq!((rows.len(), missing(&end)), (30, Some((33, 30, "history"))));
        assert!(!end.is_complete());
        let (rows, end) = read(all(&api).await.keys(["a"]).open()).await;
        assert_eq!((rows.len(), missing(&end)), (30, None));
    });
}

#[test]
fn crowded_step_is_completed_from_exported_files() {
    let server = server();
    let rows = (0..4_000).map(|row| json!({"_step": (row / 3_500) * 7, "row": row}));
    add(&server, rows);
    limit(&server, RowLimits { rows: Some(2_000), ..RowLimits::default() });
    on_both(&server, async |api| {
        let (rows, end) = read(all(&api).await.open()).await;
        assert_eq!((rows.len(), missing(&end)), (2_500, Some((4_000, 2_500, "history"))));
    });
    server.store().export_run(PATH, &ExportOptions::default()).expect("an export");
    on_both(&server, async |api| {
        let (rows, end) = read(all(&api).await.open()).await;
        assert_eq!((rows.len(), end.issues), (4_000, vec![]));
    });
}

#[test]
fn history_without_repeats_requests_each_page_once() {
    let server = server();
    server.store().generate_run(&GeneratedRun::new("e", "p", "repeats", 20_000));
    on_both(&server, async |api| {
        server.store().clear_requests();
        let (rows, end) = read(all(&api).await.page_size(1_000).open()).await;
        assert_eq!((rows.len(), end.issues), (20_000, vec![]));
        let requests = server.store().requests();
        assert_eq!(requests.len(), 22, "the pages, and the extent before and after");
    });
}

#[test]
fn exported_and_live_rows_are_joined_by_content() {
    let server = server();
    // Each step is logged twice with the same content. The last row is live.
    let row = |step: i32, x: i32| json!({"_step": step, "x": x});
    add(&server, (0..10).map(|step| row(step, 0)).chain([row(10, 0)]));
    let mut options = ExportOptions::default();
    options.live_tail = 1;
    for rows_per_part in [100, 4] {
        add(&server, (0..10).flat_map(|step| [row(step, 0), row(step, 0)]).chain([row(10, 0)]));
        options.rows_per_part = rows_per_part;
        server.store().export_run(PATH, &options).expect("an export");
        on_both(&server, async |api| {
            let (rows, end) = read(all(&api).await.source(HistorySource::Exported).open()).await;
            let (live, _) = read(all(&api).await.open()).await;
            assert_eq!((rows, end.issues), (live, vec![]));
        });
    }
}

#[test]
fn steps_in_any_notation_are_integers() {
    let server = server();
    let rows = ["0", "1.0", "2e0", "null", "3.00", "3"].map(|step| format!(r#"{{"_step":{step},"x":1}}"#));
    server.store().add_run(NewRun { history: rows.to_vec(), ..NewRun::new("e", "p", "repeats") });
    let expected = ["0", "1", "2", "null", "3", "3"].map(|step| format!(r#"{{"_step":{step},"x":1}}"#));
    on_both(&server, async |api| {
        assert_eq!(read(all(&api).await.open()).await.0, expected);
        assert_eq!(read(all(&api).await.keys(["x"]).open()).await.0.len(), 6);
    });
}

#[test]
fn failing_live_query_falls_back_to_exports() {
    let server = server();
    add(&server, (0..50).map(|step| json!({"_step": step, "x": step})));
    let failing = Fault::chance(1.0, FaultKind::DataNull("context deadline exceeded".to_owned()));
    let faults = || Faults { faults: vec![failing.clone().on("HistoryPage")], ..Faults::default() };
    server.store().set_faults(faults());
    on_both(&server, async |api| {
        let mut reader = all(&api).await.open().boxed().await.expect("a reader");
        let error = reader.next_batch().await.expect_err("no live rows").to_string();
        assert!(error.contains("--source exported"), "{error}");
    });
    server.store().export_run(PATH, &ExportOptions::default()).expect("an export");
    on_both(&server, async |api| {
        let (rows, end) = read(all(&api).await.open()).await;
        assert_eq!(rows.len(), 50);
        let issue = &end.issues[..];
        assert!(matches!(issue, [Issue::LiveQueryFailed { from_step: 0, .. }]), "{issue:?}");
        assert!(end.is_complete());
    });
}

#[test]
fn short_system_metrics_are_requested_another_way() {
    let server = server();
    let events = (0..3_000).map(|at| json!({"system.cpu": at, "_runtime": at}).to_string());
    server.store().add_run(NewRun { events: events.collect(), ..NewRun::new("e", "p", "repeats") });
    limit(&server, RowLimits { samples: Some(10_000), ..RowLimits::default() });
    on_both(&server, async |api| {
        let (rows, end) = read(system(&api).await.open()).await;
        assert_eq!((rows.len(), end.issues), (3_000, vec![]));
    });
    limit(&server, RowLimits { rows: Some(900), ..RowLimits::default() });
    on_both(&server, async |api| {
        server.store().clear_requests();
        let (rows, end) = read(system(&api).await.open()).await;
        assert_eq!((rows.len(), missing(&end)), (900, Some((3_000, 900, "system metrics"))));
        assert_eq!(server.store().requests().len(), 4);
        let (rows, end) = read(system(&api).await.samples(100).open()).await;
        assert_eq!((rows.len(), end.issues), (100, vec![]), "samples are not counted");
    });
}

#[test]
fn system_metrics_are_filtered_by_key_locally() {
    let server = server();
    let events = (0..10).map(|at| match at % 2 {
        0 => json!({"system.cpu": at, "system.gpu.0.gpu": 1, "_runtime": at}),
        _ => json!({"system.cpu": at, "_runtime": at}),
    });
    let events = events.map(|event| event.to_string()).collect();
    server.store().add_run(NewRun { events, ..NewRun::new("e", "p", "repeats") });
    on_both(&server, async |api| {
        let (rows, end) = read(system(&api).await.keys(["system.gpu.0.gpu"]).open()).await;
        assert_eq!((rows.len(), end.issues), (5, vec![]));
        assert_eq!(rows[1], r#"{"_runtime":2,"system.gpu.0.gpu":1}"#);
        let (rows, end) = read(system(&api).await.keys(["system.gpu.1.gpu"]).open()).await;
        assert_eq!((rows.len(), end.unlogged), (0, vec!["system.gpu.1.gpu".to_owned()]));
    });
}

#[test]
fn null_rows_are_counted_and_reported() {
    let server = server();
    add(&server, (0..10).map(|step| json!({"_step": step, "loss": 0.5})));
    limit(&server, RowLimits { null_every: Some(4), ..RowLimits::default() });
    on_both(&server, async |api| {
        let (rows, end) = read(all(&api).await.open()).await;
        let said: Vec<_> = end.issues.iter().map(ToString::to_string).collect();
        let empty = format!("the server listed 2 empty entries among the rows of {PATH}");
        assert_eq!(rows.len(), 8);
        assert!(said.contains(&empty) && missing(&end) == Some((10, 8, "history")), "{said:?}");
        let samples = api.history(PATH).await.expect("a path");
        for opening in [all(&api).await.keys(["loss"]).open().boxed(), samples.open().boxed()] {
            let (rows, end) = read(opening).await;
            let said: Vec<_> = end.issues.iter().map(ToString::to_string).collect();
            assert_eq!((rows.len(), said), (8, vec![empty.clone()]));
        }
    });
}
