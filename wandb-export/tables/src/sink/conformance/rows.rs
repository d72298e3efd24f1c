//! Rows read back equal the rows written.

use proptest::prelude::*;
use wandb_core::{Row, Value};

use super::read_back::{delimiter, nested, read_back};
use super::{cases, formats, parse, write, write_chunks};
use crate::columns::random_rows::{as_tabled, rows, without_nulls};
use crate::columns::{Finding, Nested, Reason};
use crate::sink::Format;

/// Returns the part of a row that `format` can represent. CSV tells an empty string from a missing value only
/// by quotes, which its readers ignore.
fn tellable(format: Format, row: &Row, nested: Nested) -> Value {
    let tabled = as_tabled(row, nested);
    if delimiter(format).is_some() { without_empty_strings(&tabled, nested) } else { without_nulls(&tabled) }
}

fn without_empty_strings(value: &Value, nested: Nested) -> Value {
    let Value::Map(map) = value else { return value.clone() };
    let kept = map.iter().filter(|(_, value)| value.as_str() != Some("")).map(|(key, value)| {
        let whole = nested == Nested::Json || value.get("_type").is_some();
        (key, if whole { value.clone() } else { without_empty_strings(value, nested) })
    });
    Value::Map(kept.filter(|(_, value)| !is_empty_map(value)).collect())
}

fn is_empty_map(value: &Value) -> bool {
    value.as_map().is_some_and(wandb_core::Map::is_empty)
}

fn assert_same(format: Format, nested: Nested, written: &[Row], read: &[Row]) {
    assert_eq!(written.len(), read.len(), "{format}, {nested}");
    for (written, read) in written.iter().zip(read) {
        let (expected, found) = (tellable(format, written, nested), tellable(format, read, nested));
        assert!(
            expected.is_identical_to(&found),
            "{format}, {nested}\nwritten {}\nread    {}",
            expected.to_json(),
            found.to_json()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rows_survive_a_round_trip(rows in rows()) {
        for (format, options) in cases() {
            let (bytes, report) = write(format, &options, &rows);
            // Without columns, there is nothing to count rows by.
            if report.columns == Some(0) && format != Format::Arrow {
                continue;
            }
            if let Some(read) = read_back(format, &bytes, &rows, &options) {
                assert_same(format, nested(format, &options), &rows, &read);
            }
        }
    }
}

#[test]
fn json_lines_keep_everything() {
    let lines = [
        r#"{"b":1,"a":1.0,"_step":9223372036854775807,"n":null,"big":18446744073709551616}"#,
        r#"{"nan":"NaN","inf":"-Infinity","list":[1,2.5,null,{}],"o":{"_type":"histogram"},"é\n":"\"x\""}"#,
        "{}",
    ];
    let (bytes, report) = write(Format::Jsonl, &cases()[0].1, &parse(&lines));
    assert_eq!(String::from_utf8(bytes).expect("text"), lines.map(|line| format!("{line}\n")).concat());
    assert_eq!(report.columns, None);
}

#[test]
fn no_rows_give_a_valid_file() {
    for (format, options) in cases() {
        let (bytes, report) = write(format, &options, &[]);
        assert_eq!(report.rows, 0);
        if let Some(read) = read_back(format, &bytes, &[], &options) {
            assert_eq!(read, [], "{format}");
        }
    }
}

#[test]
fn requested_columns_exist_without_rows() {
    for (format, mut options) in cases() {
        options.table.columns = vec!["loss".to_owned(), "acc".to_owned()];
        let (bytes, report) = write(format, &options, &[]);
        if format != Format::Jsonl {
            assert_eq!(report.columns, Some(2), "{format}");
            let text = String::from_utf8_lossy(&bytes);
            assert!(text.contains("loss") && text.contains("acc"), "{format}: {text}");
        }
    }
}

#[test]
fn bytes_do_not_depend_on_spool_or_write_size() {
    let rows: Vec<Row> = (0..10_000)
        .map(|step| {
            let odd = if step % 3 == 0 { r#", "text": "ünï\"co\nde""# } else { "" };
            let line = format!(r#"{{"_step": {step}, "loss": {}.5{odd}, "eval": {{"acc": 0.1}}}}"#, step * 7);
            Row::parse(line.as_bytes()).expect("valid JSON")
        })
        .collect();
    for (format, mut options) in formats() {
        let (in_memory, _) = write_chunks(format, &options, &rows, 10_000);
        if let Some(read) = read_back(format, &in_memory, &rows, &options) {
            assert_same(format, nested(format, &options), &rows, &read);
        }
        options.table.memory = 1000;
        let (on_disk, _) = write_chunks(format, &options, &rows, 333);
        assert!(in_memory == on_disk, "{format} depends on spool or write size");
    }
}

#[test]
fn less_common_keys_go_into_the_rest() {
    let rows = parse(&[
        r#"{"a": 1, "b": {"x": 1.5, "y": "NaN"}, "c": "c\"d", "_step": 0}"#,
        r#"{"d": [1, {"e": null}], "c": "e", "_step": 1, "rest": true}"#,
        r#"{"_step": 2, "f": null}"#,
        r#"{"_step": 3, "c": "NaN", "big": 18446744073709551616, "b": {"y": -0.5}}"#,
    ]);
    for (format, mut options) in cases() {
        let (whole, all) = write_chunks(format, &options, &rows, 4);
        for most in 1..9 {
            options.table.max_columns = most;
            let (bytes, report) = write_chunks(format, &options, &rows, 4);
            for at_once in 1..4 {
                assert!(
                    write_chunks(format, &options, &rows, at_once).0 == bytes,
                    "{format}, {most} columns"
                );
            }
            if format == Format::Jsonl {
                assert!(bytes == whole, "JSON Lines has no column limit");
                continue;
            }
            assert!(report.columns.is_some_and(|columns| columns <= most), "{format}: {report:?}");
            let rest = |finding: &Finding| matches!(finding.reason, Reason::TooManyKeys { .. });
            let is_less = all.columns.is_some_and(|all| most < all);
            assert_eq!(report.findings.iter().any(rest), is_less, "{format}, {most} columns");
            if let Some(read) = read_back(format, &bytes, &rows, &options) {
                assert_same(format, nested(format, &options), &rows, &read);
            }
        }
    }
}
