//! Measures how fast answers are parsed, in bytes per second: `cargo bench -p wandb-core`.
//!
//! The answer is one window of 5 000 rows of 13 columns in the servers' format: JSON text inside JSON strings.

use std::fmt::Write as _;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::BytesCount;
use wandb_core::internal::{PackedPage, RowEncoding, read_rows};
use wandb_core::page::Page;
use wandb_core::{Row, Value};

const ROWS: u32 = 5_000;

fn main() {
    divan::main();
}

/// The rows as JSON text.
fn rows() -> Vec<String> {
    (0..ROWS)
        .map(|step| {
            let time = f64::from(step) * 0.25;
            let mut row = format!(r#"{{"_step":{step},"_runtime":{time},"_timestamp":{}"#, 1.7e9 + time);
            for column in 0..10 {
                let value = (f64::from(step) * 0.001 + f64::from(column)).sin();
                write!(row, r#","metric_{column:02}":{value}"#).expect("a string takes everything");
            }
            row.push('}');
            row
        })
        .collect()
}

fn answer() -> Arc<String> {
    let rows: Vec<String> = rows().into_iter().map(|row| Value::from(row).to_json()).collect();
    Arc::new(format!("[{}]", rows.join(",")))
}

fn page(answer: &Arc<String>) -> Page {
    let read = read_rows(answer, 0, RowEncoding::Text, 0..i64::from(ROWS)).expect("nothing unusual");
    read.pages.into_iter().next().expect("one page")
}

/// Builds a page from an answer: unescapes, parses and checks in a single pass.
#[divan::bench]
fn read_pages(bencher: Bencher<'_, '_>) {
    let answer = answer();
    bencher.counter(BytesCount::new(answer.len())).bench(|| page(&answer));
}

/// Parses one row at a time, the fallback for answers with anything unusual in them.
#[divan::bench]
fn read_rows_one_by_one(bencher: Bencher<'_, '_>) {
    let answer = answer();
    bencher.counter(BytesCount::new(answer.len())).bench(|| {
        let texts = Value::parse(answer.as_bytes()).expect("valid");
        let texts = texts.as_list().expect("a list").iter().filter_map(Value::as_str);
        texts.map(|text| Row::parse(text.as_bytes()).expect("valid")).collect::<Vec<_>>()
    });
}

/// Unescapes and parses with `serde_json` into `serde_json::Value`, as a baseline.
#[divan::bench]
fn read_with_serde_json(bencher: Bencher<'_, '_>) {
    let answer = answer();
    bencher.counter(BytesCount::new(answer.len())).bench(|| {
        let texts: Vec<String> = serde_json::from_str(&answer).expect("valid");
        let row = |text: &String| serde_json::from_str::<serde_json::Value>(text).expect("valid");
        texts.iter().map(row).collect::<Vec<_>>()
    });
}

/// Packs a page into its compact form in memory.
#[divan::bench]
fn pack(bencher: Bencher<'_, '_>) {
    let answer = answer();
    let page = page(&answer);
    let mut packed = PackedPage::default();
    bencher.counter(BytesCount::new(answer.len())).bench_local(|| page.pack(&mut packed));
}

/// Writes a page as JSON Lines.
#[divan::bench]
fn write_json_lines(bencher: Bencher<'_, '_>) {
    let answer = answer();
    let page = page(&answer);
    bencher.counter(BytesCount::new(answer.len())).bench(|| {
        let mut lines = String::new();
        page.write_json_lines(&mut lines);
        lines
    });
}
