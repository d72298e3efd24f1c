//! A test suite for the guarantees of every sink.

mod columns;
mod faults;
mod files;
mod pages;
mod read_back;
mod rows;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use wandb_core::Row;

use super::{Format, Output, SinkOptions, SinkReport};
use crate::columns::{Nested, TableOptions};

/// A writer whose contents can be read from outside.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns every format of this build with each of its layouts of nested values.
fn cases() -> Vec<(Format, SinkOptions)> {
    let nested = |format: Format| match format {
        Format::Jsonl => vec![Nested::Dotted],
        format if format.has_structs() => Nested::ALL.to_vec(),
        _ => vec![Nested::Dotted, Nested::Json],
    };
    Format::compiled()
        .flat_map(|format| {
            nested(format).into_iter().map(move |nested| {
                let table = TableOptions::default().with_nested(nested);
                (format, SinkOptions::default().with_table(table))
            })
        })
        .collect()
}

/// Returns every format of this build once.
fn formats() -> Vec<(Format, SinkOptions)> {
    let mut cases = cases();
    cases.dedup_by_key(|(format, _)| *format);
    cases
}

/// Writes `rows` as `format`, `at_once` at a time.
fn write_chunks(
    format: Format,
    options: &SinkOptions,
    rows: &[Row],
    at_once: usize,
) -> (Vec<u8>, SinkReport) {
    let memory = Memory::default();
    let mut sink = format.sink(Output::writer("memory", memory.clone()), options).expect("opens");
    for rows in rows.chunks(at_once) {
        sink.write(rows).expect("memory takes everything");
    }
    let report = sink.finish().expect("memory takes everything");
    let bytes = std::mem::take(&mut *memory.0.lock().expect("not poisoned"));
    assert_eq!(report.bytes, bytes.len() as u64, "{format} miscounts its bytes");
    assert_eq!(report.rows, rows.len() as u64, "{format} miscounts its rows");
    (bytes, report)
}

fn write(format: Format, options: &SinkOptions, rows: &[Row]) -> (Vec<u8>, SinkReport) {
    write_chunks(format, options, rows, 7)
}

fn parse(lines: &[&str]) -> Vec<Row> {
    lines.iter().map(|line| Row::parse(line.as_bytes()).expect("valid JSON")).collect()
}
