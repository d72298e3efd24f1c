//! Rows of histories are exactly those logged.

use futures_util::{FutureExt, TryStreamExt};
use serde::Deserialize;
use serde_json::json;
use wandb_export::{Error, ErrorKind, Row, Value};
use wandb_local_server::NewRun;

use crate::support::{RUN, blocking, gapped_run, on_both, server, team};

/// Rows with values that W&B's JSON can hold and other formats lose.
const STRANGE: [&str; 9] = [
    r#"{"_step":0,"x":NaN,"y":Infinity,"z":-Infinity}"#,
    r#"{"_step":1,"x":"NaN","y":"Infinity","z":"-Infinity"}"#,
    r#"{"_step":2,"x":9223372036854775807,"y":-9223372036854775808}"#,
    r#"{"_step":3,"x":18446744073709551616123456789}"#,
    r#"{"_step":4,"x":null,"y":{},"z":[]}"#,
    r#"{"_step":5,"x":1.0,"y":1,"z":-0.0}"#,
    r#"{"_step":6,"x":5e-324,"y":1.7976931348623157e308,"z":0.1}"#,
    r#"{"_step":7,"große/η":"日本\n\t\"\\\u0000","":"no name"}"#,
    r#"{"_step":8,"nested":{"a":{"b":[1,{"c":null}]}},"_type":"x"}"#,
];

#[test]
fn values_survive_exactly() {
    let server = server();
    let history = STRANGE.map(str::to_owned).to_vec();
    server.store().add_run(NewRun { history, ..NewRun::new("e", "p", "strange") });
    let logged = STRANGE.map(|text| Row::parse(text.as_bytes()).expect("a row"));
    on_both(&server, async |api| {
        let rows = api.scan_history("e/p/strange").await.expect("a path").rows().await.expect("rows");
        assert_eq!(rows.len(), logged.len());
        for (row, logged) in rows.iter().zip(&logged) {
            let is_identical = row.len() == logged.len()
                && row.iter().zip(logged.iter()).all(|((key, value), (logged_key, logged))| {
                    key == logged_key && value.is_identical_to(logged)
                });
            assert!(is_identical, "{row:?} is not {logged:?}");
        }
    });
}

#[test]
fn history_with_gaps_is_read_whole() {
    let server = server();
    gapped_run(&server, "e/p/gaps", 40);
    let steps: Vec<_> = (0..40).map(|n| Some(50 + n * 10)).collect();
    on_both(&server, async |api| {
        for size in [1, 9, 10, 37, 5_000] {
            let history = api.scan_history("e/p/gaps").await.expect("a path").page_size(size);
            let mut reader = history.open().await.expect("a reader");
            let mut read = Vec::new();
            while let Some(batch) = reader.next_batch().await.expect("rows") {
                assert!(!batch.is_empty());
                read.extend(batch.iter().map(Row::step));
            }
            assert_eq!(read, steps, "pages of {size}");
            assert_eq!(reader.rows(), 40);
            let end = reader.finish().await.expect("an end");
            assert_eq!((end.rows, end.growth, end.is_complete()), (40, None, true), "{end:?}");
        }
    });
}

#[test]
fn empty_run_has_no_rows() {
    let server = server();
    server.store().add_run(NewRun::new("e", "p", "empty"));
    on_both(&server, async |api| {
        let run = api.run("e/p/empty").await.expect("a run");
        assert_eq!(run.scan_history().rows().await.expect("rows"), []);
        assert_eq!(run.history().rows().await.expect("samples"), []);
        assert_eq!(run.system_metrics().rows().await.expect("system metrics"), []);
        let source = wandb_export::HistorySource::Exported;
        assert_eq!(run.scan_history().source(source).rows().await.expect("exported rows"), []);
        let mut batches = run.scan_history().record_batches().await.expect("batches");
        assert!(batches.next().is_none());
    });
}

#[derive(Debug, Deserialize)]
struct Logged {
    #[serde(rename = "_step")]
    step: i64,
    loss: f64,
    acc: Option<f64>,
}

#[test]
fn rows_deserialize_into_user_types() {
    let server = server();
    let rows = [
        r#"{"_step":0,"loss":1,"acc":0.5}"#,
        r#"{"_step":1,"loss":NaN}"#,
        r#"{"_step":2,"loss":"Infinity","acc":"NaN"}"#,
    ];
    let history = rows.map(str::to_owned).to_vec();
    server.store().add_run(NewRun { history, ..NewRun::new("e", "p", "typed") });
    on_both(&server, async |api| {
        let history = api.scan_history("e/p/typed").await.expect("a path");
        let [first, second, third] = &history.rows_as::<Logged>().await.expect("rows")[..] else {
            panic!("three rows");
        };
        assert_eq!((first.step, first.loss, first.acc), (0, 1.0, Some(0.5)));
        assert!(second.step == 1 && second.loss.is_nan() && second.acc.is_none());
        assert!(third.loss == f64::INFINITY && third.acc.is_some_and(f64::is_nan));
    });
}

#[test]
fn type_error_names_the_step_and_field() {
    let server = server();
    let rows = [json!({ "_step": 0, "loss": 1 }), json!({ "_step": 1, "loss": "none" })];
    server.store().add_run(NewRun::new("e", "p", "typed").rows(rows));
    on_both(&server, async |api| {
        let error = api.scan_history("e/p/typed").await.expect("a path").rows_as::<Logged>().await;
        let error = error.expect_err("text is not a number");
        assert!(matches!(error, Error::Type { .. }), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Failed);
        let text = error.with_causes();
        for part in ["step 1 of e/p/typed", "Logged", "loss"] {
            assert!(text.contains(part), "{text}");
        }
    });
}

#[test]
fn stream_gives_the_same_rows() {
    let server = server();
    team(&server);
    on_both(&server, async |api| {
        let history = api.scan_history(RUN).await.expect("a path").page_size(4);
        let rows = history.clone().rows().await.expect("rows");
        let streamed: Vec<_> = history.stream().try_collect().await.expect("rows");
        let text = |rows: &[Row]| rows.iter().map(Row::to_json_line).collect::<String>();
        assert_eq!(rows.len(), 25);
        assert_eq!(text(&rows), text(&streamed));
    });
}

#[test]
fn dropped_stream_cancels_its_requests() {
    let server = server();
    gapped_run(&server, "e/p/long", 1_000);
    let api = blocking(&server);
    let first = api.scan_history("e/p/long").expect("a path").page_size(10).iter();
    let steps: Vec<_> = first.take(2).map(|row| row.expect("a row").step()).collect();
    assert_eq!(steps, [Some(50), Some(60)]);
    assert!(server.store().requests().len() < 100, "most of the thousand windows are not requested");
}

#[test]
fn keys_select_rows_and_columns() {
    let server = server();
    team(&server);
    on_both(&server, async |api| {
        let history = api.scan_history(RUN).await.expect("a path");
        let all_of = history.clone().keys(["loss", "acc"]).rows().await.expect("rows");
        assert!(all_of.iter().all(|row| row.keys().all(|key| ["_step", "loss", "acc"].contains(&key))));
        assert_eq!(all_of.iter().map(Row::step).collect::<Vec<_>>(), [0, 5, 10, 15, 20].map(Some));
        let any_of = history.clone().keys(["note", "count"]).any().rows().await.expect("rows");
        assert_eq!(any_of.iter().map(Row::step).collect::<Vec<_>>(), [3, 9].map(Some));
        assert_eq!(any_of[1].get("count"), Some(&Value::Int(9_007_199_254_740_993)));
        assert_eq!(any_of[1].get("note"), None, "missing, not null");
        let none = history.keys(["never logged"]).rows().await.expect("rows");
        assert_eq!(none, []);
    });
}

#[test]
fn invalid_options_are_rejected_before_any_request() {
    let server = server();
    on_both(&server, async |api| {
        let samples = async || api.history("e/p/r").await.expect("a path");
        let all = async || api.scan_history("e/p/r").await.expect("a path");
        let system = async || api.system_metrics("e/p/r").await.expect("a path");
        let refused = [
            samples().await.samples(0).rows().boxed(),
            samples().await.keys([""]).rows().boxed(),
            samples().await.x_axis("epoch").rows().boxed(),
            all().await.any().rows().boxed(),
            all().await.min_step(1).max_step(1).rows().boxed(),
            all().await.max_step(0).rows().boxed(),
            system().await.any().rows().boxed(),
            system().await.samples(0).rows().boxed(),
        ];
        for (number, rows) in refused.into_iter().enumerate() {
            let error = rows.await.expect_err("invalid options");
            assert_eq!(error.kind(), ErrorKind::Usage, "{number}: {error}");
        }
        assert!(api.run("a/b/c/d").await.is_err_and(|error| error.kind() == ErrorKind::Usage));
    });
    assert_eq!(server.store().requests(), []);
}
