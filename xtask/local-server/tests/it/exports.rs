//! Parquet exports with a live tail.

use std::collections::HashSet;

use arrow::array::AsArray as _;
use arrow::datatypes::{Float64Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use wandb_local_server::{ExportOptions, NewRun};

use crate::client::Client;

fn options(rows_per_part: usize, live_tail: usize) -> ExportOptions {
    let mut options = ExportOptions::default();
    options.rows_per_part = rows_per_part;
    options.live_tail = live_tail;
    options
}

fn parquet(client: &Client) -> Value {
    client.run("r", "parquetHistory(liveKeys: [\"_step\"]) { parquetUrls liveData }")["parquetHistory"]
        .clone()
}

fn urls(answer: &Value) -> Vec<String> {
    answer["parquetUrls"].as_array().unwrap().iter().map(|url| url.as_str().unwrap().to_owned()).collect()
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "steps are small")]
fn parts_and_live_rows_make_up_the_history() {
    let client = Client::start();
    let store = client.server.store();
    let rows = (0..25).map(|step| {
        let value = if step == 7 { json!("NaN") } else { json!(f64::from(step) / 2.0) };
        json!({"_step": step * 10, "x": value, "n": {"a": step}, "sparse": (step % 5 == 0).then_some("text")})
    });
    store.add_run(NewRun::new("e", "p", "r").rows(rows));
    assert_eq!(parquet(&client)["parquetUrls"], json!([]));
    assert_eq!(parquet(&client)["liveData"].as_array().unwrap().len(), 25);

    store.export_run("e/p/r", &options(10, 3)).unwrap();
    let (once, again) = (parquet(&client), parquet(&client));
    assert_eq!(once["liveData"], json!([{"_step": 220}, {"_step": 230}, {"_step": 240}]));
    let paths = |answer: &Value| {
        urls(answer).iter().map(|url| url.split('?').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(paths(&once).len(), 3);
    assert_ne!(paths(&once), paths(&again), "the order of the files changes");
    assert_eq!(HashSet::<String>::from_iter(paths(&once)), HashSet::from_iter(paths(&again)));

    let mut found = Vec::new();
    for url in urls(&once) {
        let bytes = bytes::Bytes::from(client.get(&url, &[]).body);
        for batch in ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let steps = batch.column_by_name("_step").unwrap().as_primitive::<Float64Type>();
            let x = batch.column_by_name("x").unwrap().as_primitive::<Float64Type>();
            let nested = batch.column_by_name("n").unwrap().as_struct().column(0).as_primitive::<Int64Type>();
            for row in 0..batch.num_rows() {
                let step = (nested.value(row) * 10) as f64;
                assert_eq!(steps.value(row).to_bits(), step.to_bits(), "steps are floats");
                let expected = if nested.value(row) == 7 { f64::NAN } else { nested.value(row) as f64 / 2.0 };
                assert_eq!(x.value(row).to_bits(), expected.to_bits());
                found.push(nested.value(row) * 10);
            }
        }
    }
    found.sort_unstable();
    assert_eq!(found, (0..22).map(|step| step * 10).collect::<Vec<_>>());
}

#[test]
fn rows_after_the_export_are_live_unless_hidden() {
    let client = Client::start();
    let store = client.server.store();
    store.add_run(NewRun::new("e", "p", "r").rows((0..4).map(|step| json!({"_step": step}))));
    store.export_run("e/p/r", &options(100, 0)).unwrap();
    assert_eq!(parquet(&client)["liveData"], json!([]));
    store.append_history("e/p/r", vec![r#"{"_step":4}"#.into()]).unwrap();
    assert_eq!(parquet(&client)["liveData"], json!([{"_step": 4}]));
    let mut silent = options(100, 2);
    silent.list_live = false;
    store.export_run("e/p/r", &silent).unwrap();
    assert_eq!(parquet(&client)["liveData"], json!([]));
    assert!(store.export_run("e/p/zzz", &silent).is_err());
}
