use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;

use super::*;
use crate::columns::{ColumnType, TableError};
use crate::from_arrow::rows_of;

fn rows(count: usize) -> impl Iterator<Item = Row> + Send + 'static {
    (0..count).map(|step| Row::parse(format!(r#"{{"_step": {step}}}"#).as_bytes()).expect("valid JSON"))
}

fn row(text: &str) -> Row {
    Row::parse(text.as_bytes()).expect("valid JSON")
}

#[test]
fn batches_are_bounded_and_in_order() {
    let options = TableOptions::default().with_memory(1000);
    let inferred = batches(rows(20_000), &options).expect("a table");
    let given = batches_with(Schema::given([("_step", ColumnType::Int64)]), rows(20_000));
    assert_eq!(inferred.arrow_schema(), given.arrow_schema());
    for batches in [inferred, given] {
        let batches: Vec<RecordBatch> = batches.collect::<Result<_, _>>().expect("batches");
        assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [8192, 8192, 3616]);
        let steps =
            batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec());
        assert!(steps.eq(0..20_000));
    }
}

#[test]
fn given_schema_converts_fitting_values() {
    let schema = Schema::given([
        ("i", ColumnType::Int64),
        ("f", ColumnType::Float64),
        ("b", ColumnType::Bool),
        ("s", ColumnType::Utf8),
        ("j", ColumnType::Json),
    ]);
    let text = r#"{"j":{"a":1.5},"s":"x","b":true,"f":9007199254740994,"i":-1}"#;
    let batch = batches_with(schema, [row(text), row(r#"{"f": "NaN", "i": null}"#)])
        .next()
        .expect("one")
        .expect("fits");
    let lines: String = rows_of(&batch).expect("readable").iter().map(Row::to_json_line).collect();
    assert_eq!(
        lines,
        "{\"i\":-1,\"f\":9007199254740994.0,\"b\":true,\"s\":\"x\",\"j\":{\"a\":1.5}}\n{\"f\":\"NaN\"}\n"
    );
}

#[test]
fn given_schema_rejects_misfits() {
    let error = |column_type, text: &str| {
        let schema = Schema::given([("x", column_type)]);
        batches_with(schema, [row(text)]).next().expect("a row").expect_err("does not fit")
    };
    for (column_type, text) in [
        (ColumnType::Int64, r#"{"x": 1.0}"#),
        (ColumnType::Int64, r#"{"x": "NaN"}"#),
        (ColumnType::Float64, r#"{"x": 9007199254740993}"#),
        (ColumnType::Float64, r#"{"x": 18446744073709551617}"#),
        (ColumnType::Float64, r#"{"x": "word"}"#),
        (ColumnType::Bool, r#"{"x": 1}"#),
        (ColumnType::Utf8, r#"{"x": 1}"#),
        (ColumnType::Utf8, r#"{"x": []}"#),
    ] {
        let error = error(column_type, text);
        assert!(matches!(&error, TableError::Misfit { column, .. } if column == "x"), "{text}: {error:?}");
    }
    for text in [r#"{"y": 1}"#, r#"{"x": {"y": 1}}"#] {
        let error = error(ColumnType::Int64, text);
        assert!(matches!(error, TableError::UnknownKey { .. }), "{text}: {error:?}");
    }
}
