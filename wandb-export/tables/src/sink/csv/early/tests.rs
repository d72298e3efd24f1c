//! The output is the same as with a known schema, whatever was guessed.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use wandb_core::Row;
use wandb_core::internal::{RowEncoding, read_rows};

use super::super::dialect::Dialect;
use super::super::encoder;
use crate::columns::random_rows::rows;
use crate::columns::{Nested, TableOptions};
use crate::rows::Batch;
use crate::sink::{Format, Output, Sink, SinkOptions, SinkReport};

/// Memory limits that spool all rows, some, or none.
const MEMORY: [usize; 5] = [0, 1, 60, 300, 1 << 20];

/// The form in which rows are passed to a sink.
#[derive(Debug, Clone, Copy)]
enum Handed {
    Rows,
    Page,
}

/// Returns the rows as lines, with steps added.
fn with_steps(rows: &[Row]) -> Vec<String> {
    let line = |(step, row): (usize, &Row)| {
        let others = row.iter().filter(|(key, _)| *key != "_step");
        let entries = others.map(|(key, value)| (key.to_owned(), value.clone()));
        let step = i64::try_from(step).expect("few");
        [("_step".to_owned(), step.into())].into_iter().chain(entries).collect::<Row>().to_json_line()
    };
    rows.iter().enumerate().map(line).collect()
}

fn parse<S: AsRef<str>>(lines: &[S]) -> Vec<Row> {
    lines.iter().map(|line| Row::parse(line.as_ref().as_bytes()).expect("valid JSON")).collect()
}

fn page(lines: &[String]) -> Batch {
    let list = Arc::new(format!("[{}]", lines.join(",")));
    Batch::Page(
        read_rows(&list, 0, RowEncoding::Inline, 0..i64::MAX).expect("nothing unusual").pages.remove(0),
    )
}

fn finish(sink: Box<dyn Sink>, path: &Path) -> (String, SinkReport) {
    let report = sink.finish().expect("room");
    let text = fs::read_to_string(path).expect("written");
    assert_eq!(report.bytes, text.len() as u64);
    fs::remove_file(path).expect("there");
    assert_eq!(fs::read_dir(path.parent().expect("a directory")).expect("listed").count(), 0);
    (text, report)
}

/// Returns the output of a sink that writes the rows after all of them are known.
fn expected(options: &TableOptions, rows: &[Row], path: &Path) -> (String, SinkReport) {
    let mut sink = Box::new(encoder::sink(Dialect::Csv, Output::file(path).expect("opens"), options));
    sink.write(rows).expect("room");
    finish(sink, path)
}

/// Writes the rows in parts, and compares the output.
fn check(options: &TableOptions, lines: &[String], parts: &[(usize, Handed)]) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("out.csv");
    let expected = expected(options, &parse(lines), &path);
    for memory in MEMORY {
        let options = SinkOptions::default().with_table(options.clone().with_memory(memory));
        let mut sink = Format::Csv.sink(Output::file(&path).expect("opens"), &options).expect("opens");
        let mut rest = lines;
        for &(length, form) in parts.iter().cycle() {
            let (part, others) = rest.split_at(length.min(rest.len()));
            match form {
                Handed::Rows => sink.write(&parse(part)).expect("room"),
                Handed::Page if part.is_empty() => {}
                Handed::Page => sink.write_batch(&page(part)).expect("room"),
            }
            rest = others;
            if rest.is_empty() {
                break;
            }
        }
        assert_eq!(finish(sink, &path), expected, "{memory} bytes of memory");
    }
}

fn parts() -> impl Strategy<Value = Vec<(usize, Handed)>> {
    vec((1_usize..5, prop_oneof![1 => Just(Handed::Rows), 3 => Just(Handed::Page)]), 1..4)
}

fn options() -> impl Strategy<Value = TableOptions> {
    let names = prop::sample::select(vec!["loss", "a", "a.b", "eval", "list", "never", "_step"]);
    let nested = prop::sample::select(vec![Nested::Dotted, Nested::Json]);
    (vec(names, 0..3), nested)
        .prop_map(|(names, nested)| TableOptions::default().with_columns(names).with_nested(nested))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn output_does_not_depend_on_guesses(options in options(), rows in rows(), parts in parts()) {
        check(&options, &with_steps(&rows), &parts);
    }

    /// The same without steps, so that there may be one column or none.
    #[test]
    fn output_with_few_columns_ignores_guesses(options in options(), rows in rows(), length in 1_usize..5) {
        let lines: Vec<String> = rows.iter().map(Row::to_json_line).collect();
        check(&options, &lines, &[(length, Handed::Rows)]);
    }
}

fn csv(memory: usize, parts: &[&[&str]]) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("out.csv");
    let options = SinkOptions::default().with_table(TableOptions::default().with_memory(memory));
    let mut sink = Format::Csv.sink(Output::file(&path).expect("opens"), &options).expect("opens");
    for part in parts {
        let lines: Vec<String> = part.iter().map(|&line| line.to_owned()).collect();
        sink.write_batch(&page(&lines)).expect("room");
    }
    finish(sink, &path).0
}

#[test]
fn late_columns_and_types_apply_to_first_rows() {
    for memory in MEMORY {
        let parts: [&[&str]; 4] = [
            &[r#"{"_step":0,"name":"a,b","loss":1e-05}"#, r#"{"_step":1,"name":"","loss":"NaN"}"#],
            &[r#"{"_step":2,"loss":2.50,"late":"x"}"#],
            &[r#"{"_step":3,"name":5}"#],
            &[r#"{"_step":4,"loss":[1],"late":"y"}"#],
        ];
        assert_eq!(
            csv(memory, &parts),
            "_step,name,loss,late\n\
             0,\"\"\"a,b\"\"\",1e-05,\n\
             1,\"\"\"\"\"\",\"\"\"NaN\"\"\",\n\
             2,,2.50,x\n\
             3,5,,\n\
             4,,[1],y\n",
            "{memory} bytes of memory"
        );
    }
}

#[test]
fn non_finite_numbers_agree_in_pages_and_rows() {
    let form = [(1, Handed::Page), (1, Handed::Page), (1, Handed::Rows)];
    for number in ["NaN", "Infinity", "-Infinity", "1e999", "\"NaN\""] {
        for other in ["0.5", "[1]", "\"word\"", "\"NaN\"", "null", "true"] {
            let line = |(step, value)| format!(r#"{{"_step":{step},"x":{value}}}"#);
            let lines: Vec<String> = [number, other, number].into_iter().enumerate().map(line).collect();
            check(&TableOptions::default(), &lines, &form);
        }
    }
}

#[test]
fn large_table_is_written_before_the_last_row() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("out.csv");
    let options = SinkOptions::default().with_table(TableOptions::default().with_memory(2 << 20));
    let mut sink = Format::Csv.sink(Output::file(&path).expect("opens"), &options).expect("opens");
    let written = || {
        let files = fs::read_dir(directory.path()).expect("listed");
        files.map(|file| file.and_then(|file| file.metadata()).expect("there").len()).sum::<u64>()
    };
    let line = |step: usize| format!(r#"{{"_step":{step},"text":"{}"}}"#, "x".repeat(1000));
    let lines: Vec<String> = (0..2000).map(line).collect();
    sink.write_batch(&page(&lines)).expect("room");
    assert_eq!(written(), 0);
    let lines: Vec<String> = (2000..4000).map(line).collect();
    sink.write_batch(&page(&lines)).expect("room");
    assert!(written() > 4_000_000);
    sink.write_batch(&page(&[r#"{"_step":4000,"text":"x","late":1}"#.to_owned()])).expect("room");
    assert_eq!(written(), 0, "taken back");
    let (text, report) = finish(sink, &path);
    assert!(text.starts_with("_step,text,late\n0,x") && text.ends_with("x,\n4000,x,1\n"));
    assert_eq!((report.rows, report.columns), (4001, Some(3)));
}
