//! Measures how fast a log is read, in bytes per second: `cargo bench -p wandb-runlog`.
//!
//! The log has a history of 13 columns, with a summary before each row, as SDKs since 0.17 write it. The order of the
//! items differs from row to row.

#[path = "../src/log/writing.rs"]
mod writing;

use std::fmt::Display;

use divan::Bencher;
use divan::counter::BytesCount;
use prost::Message;
use wandb_runlog::log::LogReader;
use wandb_runlog::{Facts, HistoryReader, Selection};

const ROWS: u32 = 20_000;

fn main() {
    divan::main();
}

#[derive(Clone, PartialEq, Message)]
struct Item {
    #[prost(string, repeated, tag = "2")]
    nested_key: Vec<String>,
    #[prost(string, tag = "16")]
    value_json: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Step {
    #[prost(int64, tag = "1")]
    num: i64,
}

/// A row or a summary change, which have the same format except for the step.
#[derive(Clone, PartialEq, Message)]
struct Items {
    #[prost(message, repeated, tag = "1")]
    items: Vec<Item>,
    #[prost(message, optional, tag = "2")]
    step: Option<Step>,
}

#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(int64, tag = "1")]
    num: i64,
    #[prost(message, optional, tag = "2")]
    history: Option<Items>,
    #[prost(message, optional, tag = "3")]
    summary: Option<Items>,
}

fn item(key: impl Display, json: impl Display) -> Item {
    Item { nested_key: vec![key.to_string()], value_json: json.to_string() }
}

fn items(step: u32, random: &mut u64) -> Vec<Item> {
    let time = f64::from(step) * 0.251;
    let mut items = vec![item("_step", step), item("_runtime", time), item("_timestamp", 1.7e9 + time)];
    items.extend((0..10).map(|column| {
        let value = (f64::from(step) * 0.001 + f64::from(column)).sin();
        item(format_args!("metric_{column:02}"), value)
    }));
    for end in (1..items.len()).rev() {
        *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(end, (*random >> 33) as usize % (end + 1));
    }
    items
}

fn log() -> Vec<u8> {
    let mut random = 1;
    let records = (0..ROWS).flat_map(|step| {
        let items = items(step, &mut random);
        let num = i64::from(step) * 2 + 1;
        let summary = Items { items: items.clone(), step: None };
        let history = Items { items, step: Some(Step { num: step.into() }) };
        [
            Record { num, summary: Some(summary), history: None },
            Record { num: num + 1, history: Some(history), summary: None },
        ]
    });
    let records: Vec<_> = records.map(|record| record.encode_to_vec()).collect();
    writing::write_log(&records).0
}

/// Reads only the records and verifies their checksums.
#[divan::bench]
fn records(bencher: Bencher<'_, '_>) {
    let log = log();
    bencher.counter(BytesCount::new(log.len())).bench(|| {
        let mut reader = LogReader::new(&log[..]);
        let mut records = 0;
        while reader.next_entry().expect("a slice can be read").is_some() {
            records += 1;
        }
        assert_eq!(records, 2 * ROWS);
    });
}

/// Reads records into pages of rows.
#[divan::bench]
fn rows(bencher: Bencher<'_, '_>) {
    let log = log();
    bencher.counter(BytesCount::new(log.len())).bench(|| {
        let mut reader = HistoryReader::new(&log[..], Selection::default());
        let mut rows = 0;
        while let Some(some) = reader.next_rows().expect("a slice can be read") {
            rows += some.len();
        }
        assert_eq!(rows, ROWS as usize);
    });
}

/// Reads one column of the rows.
#[divan::bench]
fn rows_with_one_key(bencher: Bencher<'_, '_>) {
    let log = log();
    bencher.counter(BytesCount::new(log.len())).bench(|| {
        let mut reader = HistoryReader::new(&log[..], Selection::default().all_of(["metric_03"]));
        let mut rows = 0;
        while let Some(some) = reader.next_rows().expect("a slice can be read") {
            rows += some.len();
        }
        assert_eq!(rows, ROWS as usize);
    });
}

/// Reads the facts of the run and its final summary.
#[divan::bench]
fn facts(bencher: Bencher<'_, '_>) {
    let log = log();
    bencher
        .counter(BytesCount::new(log.len()))
        .bench(|| Facts::read(|| Ok(&log[..])).expect("a slice can be read"));
}
