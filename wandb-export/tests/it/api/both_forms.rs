//! Differences between the async and the blocking API.

use wandb_export::sink::{Sink, SinkError, SinkReport};
use wandb_export::{Row, blocking as blocking_form};

use crate::support::{RUN, asynchronous, blocking, on_both, server, team};

#[test]
fn blocking_api_matches_async_api() {
    let server = server();
    team(&server);
    let api = blocking(&server);
    assert_eq!(api.viewer().expect("a user").username.as_deref(), Some("local"));
    let projects: Vec<_> =
        api.projects("local-team").map(|project| project.expect("a project").name).collect();
    assert_eq!(projects, ["vision", "language"]);
    let run = api.run(RUN).expect("a run");
    assert_eq!((run.id.as_str(), run.name.as_deref()), ("abc123", Some("bright-sun-1")));
    let mut reader = run.scan_history().open().expect("a reader");
    while reader.next_batch().expect("rows").is_some() {}
    assert_eq!(reader.rows(), 25);
    assert!(reader.finish().expect("an end").is_complete());
    let ids: Vec<_> = api
        .runs("local-team/vision")
        .expect("a path")
        .iter()
        .map(|run| run.expect("a run").id.clone())
        .collect();
    assert_eq!(ids, ["abc123", "abd124", "zzz999"]);
    let steps = run.scan_history().keys(["acc"]).iter();
    assert_eq!(steps.map(|row| row.expect("a row").step()).collect::<Vec<_>>(), [0, 5, 10, 15, 20].map(Some));
    assert!(api.stats().requests >= 7, "{:?}", api.stats());
}

#[test]
fn blocking_calls_work_inside_a_tokio_runtime() {
    let server = server();
    team(&server);
    let count = |api: &blocking_form::Api| api.scan_history(RUN).expect("a path").rows().expect("rows").len();
    for workers in [None, Some(1)] {
        let mut builder = match workers {
            None => tokio::runtime::Builder::new_current_thread(),
            Some(workers) => {
                let mut builder = tokio::runtime::Builder::new_multi_thread();
                builder.worker_threads(workers);
                builder
            }
        };
        let runtime = builder.enable_all().build().expect("a runtime");
        let rows = runtime.block_on(async {
            let api = blocking(&server);
            let here = count(&api);
            let elsewhere = tokio::spawn(async move { count(&api) }).await.expect("no panic");
            (here, elsewhere)
        });
        assert_eq!(rows, (25, 25));
    }
}

#[test]
fn record_batches_share_one_schema() {
    let server = server();
    team(&server);
    on_both(&server, async |api| {
        let history = api.scan_history(RUN).await.expect("a path").page_size(4);
        let batches = history.record_batches().await.expect("batches");
        let schema = batches.arrow_schema();
        let names: Vec<_> = schema.fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, ["_step", "loss", "acc", "note", "extra", "count"]);
        let batches: Vec<_> = batches.map(|batch| batch.expect("a batch")).collect();
        assert!(batches.iter().all(|batch| batch.schema() == schema));
        assert_eq!(batches.iter().map(arrow_array::RecordBatch::num_rows).sum::<usize>(), 25);
    });
}

#[test]
fn failing_sink_ends_the_export_with_its_error() {
    let server = server();
    team(&server);
    on_both(&server, async |api| {
        let history = api.scan_history(RUN).await.expect("a path").page_size(1);
        let error = history.write(Box::new(FullSink)).await.expect_err("the sink is full");
        assert!(error.to_string().contains("memory"), "{error}");
    });
}

#[test]
fn clones_share_statistics_and_server() {
    let server = server();
    team(&server);
    asynchronous(&server, async |api| {
        let clone = api.clone();
        api.run(RUN).await.expect("a run");
        clone.viewer().await.expect("a user");
        assert_eq!(api.stats().requests, 2);
        assert_eq!(clone.base_url().to_string().trim_end_matches('/'), server.base_url());
    });
}

/// A sink that rejects all rows.
struct FullSink;

impl Sink for FullSink {
    fn write(&mut self, _: &[Row]) -> Result<(), SinkError> {
        Err(SinkError::Closed { output: "memory".to_owned() })
    }

    fn finish(self: Box<Self>) -> Result<SinkReport, SinkError> {
        panic!("a failed sink must not be finished");
    }
}
