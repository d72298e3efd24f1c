//! Pages are written like their rows.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wandb_core::Row;
use wandb_core::internal::{RowEncoding, read_rows};

use super::{Memory, cases, write};
use crate::columns::random_rows::rows;
use crate::rows::Batch;
use crate::sink::{Format, Output, SinkOptions, SinkReport};

/// Returns pages of at most `at_once` rows, and the same rows one by one.
fn pages(rows: &[Row], at_once: usize) -> (Vec<Batch>, Vec<Row>) {
    let with_steps: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(step, row)| {
            let others = row.iter().filter(|(key, _)| *key != "_step");
            let entries = others.map(|(key, value)| (key.to_owned(), value.clone()));
            let step = i64::try_from(step).expect("few");
            entries.chain([("_step".to_owned(), step.into())]).collect::<Row>().to_json_line()
        })
        .collect();
    let pages = with_steps.chunks(at_once).flat_map(|lines| {
        let list = format!("[{}]", lines.join(","));
        read_rows(&Arc::new(list), 0, RowEncoding::Inline, 0..i64::MAX).expect("nothing unusual").pages
    });
    let rows = with_steps.iter().map(|line| Row::parse(line.as_bytes()).expect("valid JSON"));
    (pages.map(Batch::Page).collect(), rows.collect())
}

fn write_pages(format: Format, options: &SinkOptions, pages: &[Batch]) -> (Vec<u8>, SinkReport) {
    let memory = Memory::default();
    let mut sink = format.sink(Output::writer("memory", memory.clone()), options).expect("opens");
    for page in pages {
        sink.write_batch(page).expect("memory takes everything");
    }
    let report = sink.finish().expect("memory takes everything");
    let bytes = std::mem::take(&mut *memory.0.lock().expect("not poisoned"));
    (bytes, report)
}

fn check(rows: &[Row], at_once: usize, asked_for: &[&str], memory: usize) {
    let (pages, rows) = pages(rows, at_once);
    for (format, mut options) in cases() {
        options.table.columns = asked_for.iter().map(|&name| name.to_owned()).collect();
        let (expected, expected_report) = write(format, &options, &rows);
        options.table.memory = memory;
        let (bytes, report) = write_pages(format, &options, &pages);
        assert_eq!(report, expected_report, "{format} {:?}", options.table.nested);
        let text = String::from_utf8_lossy;
        assert!(
            bytes == expected,
            "{format} {:?}: {} is not {}",
            options.table.nested,
            text(&bytes),
            text(&expected)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn pages_give_the_same_bytes_as_rows(
        rows in rows(),
        at_once in 1_usize..6,
        asked_for in vec(select(vec!["loss", "a", "a.b", "eval", "never", "_step"]), 0..3),
        memory in select(vec![0, 100, 2 << 20]),
    ) {
        check(&rows, at_once, &asked_for, memory);
    }
}

#[test]
fn many_large_pages_give_the_same_bytes() {
    let rows: Vec<Row> = (0..20_000)
        .map(|step| {
            let later = if step > 15_000 { r#", "late": [1, "x"]"# } else { "" };
            let row = format!(r#"{{"loss": {}.5, "name": "n{}"{later}}}"#, step, step % 7);
            Row::parse(row.as_bytes()).expect("valid JSON")
        })
        .collect();
    check(&rows, 3_000, &[], 2 << 20);
    check(&rows, 1_000, &["name"], 10_000);
}
