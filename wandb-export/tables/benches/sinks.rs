//! Measures the write throughput of each output format: `cargo bench -p wandb-tables`.
//!
//! The input is 16 windows of 5 000 rows with 13 columns. Throughput counts the bytes of their JSON text.

use std::fmt::Write as _;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::BytesCount;
use wandb_core::Row;
use wandb_core::internal::{RowEncoding, read_rows};
use wandb_tables::{Batch, Format, Output, Sink, SinkOptions};

const WINDOWS: u32 = 16;
const ROWS: u32 = 5_000;

fn main() {
    divan::main();
}

fn json(window: u32) -> String {
    let mut list = String::from("[");
    for step in window * ROWS..(window + 1) * ROWS {
        let time = f64::from(step) * 0.25;
        let start = if step % ROWS == 0 { "" } else { "," };
        write!(list, r#"{start}{{"_step":{step},"_runtime":{time},"_timestamp":{}"#, 1.7e9 + time)
            .expect("writing to a string");
        for column in 0..10 {
            let value = (f64::from(step) * 0.001 + f64::from(column)).sin();
            write!(list, r#","metric_{column:02}":{value}"#).expect("writing to a string");
        }
        list.push('}');
    }
    list.push(']');
    list
}

fn pages() -> (usize, Vec<Batch>) {
    let windows: Vec<String> = (0..WINDOWS).map(json).collect();
    let bytes = windows.iter().map(String::len).sum();
    let pages = windows.into_iter().flat_map(|text| {
        read_rows(&Arc::new(text), 0, RowEncoding::Inline, 0..i64::MAX).expect("plain rows").pages
    });
    (bytes, pages.map(Batch::Page).collect())
}

fn open(format: Format) -> Box<dyn Sink> {
    let output = Output::writer("nowhere", std::io::sink());
    format.sink(output, &SinkOptions::default()).expect("an enabled format")
}

const FORMATS: [Format; 4] = [Format::Csv, Format::Jsonl, Format::Parquet, Format::Arrow];

/// Writes pages, which is the form of histories.
#[divan::bench(args = FORMATS, sample_count = 10)]
fn write_pages(bencher: Bencher<'_, '_>, format: Format) {
    let (bytes, pages) = pages();
    bencher.counter(BytesCount::new(bytes)).bench(|| {
        let mut sink = open(format);
        for page in &pages {
            sink.write_batch(page).expect("writing to nowhere");
        }
        sink.finish().expect("writing to nowhere")
    });
}

/// Writes rows, which is the form of all other data.
#[divan::bench(args = FORMATS, sample_count = 10)]
fn write_rows(bencher: Bencher<'_, '_>, format: Format) {
    let (bytes, pages) = pages();
    let rows: Vec<Vec<Row>> = pages.into_iter().map(|page| page.into_rows().expect("plain rows")).collect();
    bencher.counter(BytesCount::new(bytes)).bench(|| {
        let mut sink = open(format);
        for rows in &rows {
            sink.write(rows).expect("writing to nowhere");
        }
        sink.finish().expect("writing to nowhere")
    });
}
