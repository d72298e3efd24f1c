//! Tables that the reader returns, compared with a straightforward second reading by `serde_json`.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use wandb_core::Row;

use super::{
    JoinKind, RowOptions, TableDefect, TableDocument, TableFileError, TableHeader, TableReader, TableStore,
};

/// Files in memory, in the order of a manifest.
#[derive(Default)]
struct Files(Vec<(String, String)>);

impl Files {
    fn of<const N: usize>(files: [(&str, Json); N]) -> Arc<Self> {
        Arc::new(Self(files.map(|(path, text)| (path.to_owned(), text.to_string())).to_vec()))
    }
}

impl TableStore for Files {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let file = self.0.iter().find(|(name, _)| name == path);
        let (_, text) = file.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Box::new(io::Cursor::new(text.clone().into_bytes())))
    }

    fn paths(&self) -> io::Result<Vec<String>> {
        Ok(self.0.iter().map(|(path, _)| path.clone()).collect())
    }
}

fn read(mut table: TableReader) -> Result<(Vec<Row>, Vec<TableDefect>), TableFileError> {
    let mut rows = Vec::new();
    while let Some(batch) = table.next_batch()? {
        assert!(!batch.is_empty());
        rows.extend(batch);
    }
    assert!(table.next_batch()?.is_none(), "the end stays the end");
    Ok((rows, table.defects().to_vec()))
}

fn read_all(files: Arc<Files>, path: &str) -> Result<(Vec<Row>, Vec<TableDefect>), TableFileError> {
    read(TableReader::open(files, path, &RowOptions::default())?)
}

fn lines(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.to_json_line().trim_end().to_owned()).collect()
}

fn one(text: &str, options: &RowOptions) -> Result<(Vec<Row>, Vec<TableDefect>), TableFileError> {
    let files = Arc::new(Files(vec![("a.table.json".to_owned(), text.to_owned())]));
    read(TableReader::open(files, "a.table.json", options)?)
}

#[test]
fn types_may_follow_the_rows() {
    let text = r#"{"data": [[1714564800250, "NaN"], [null, null], [0.5, "x"]], "columns": ["at", "text"], "ncols": 2, "nrows": 3,
        "column_types": {"wb_type": "typedDict", "params": {"type_map": {
            "at": {"wb_type": "union", "params": {"allowed_types": [{"wb_type": "none"}, {"wb_type": "timestamp"}]}},
            "text": {"wb_type": "string"}}}}}"#;
    let (rows, defects) = one(text, &RowOptions::default()).expect("a table");
    assert_eq!(defects, []);
    assert_eq!(
        lines(&rows),
        [
            r#"{"at":"2024-05-01T12:00:00.25Z","text":"NaN"}"#,
            r#"{"at":null,"text":null}"#,
            r#"{"at":"1970-01-01T00:00:00.0005Z","text":"x"}"#,
        ]
    );
    let (rows, _) = one(text, &RowOptions::default().raw(true)).expect("a table");
    assert_eq!(lines(&rows)[0], r#"{"at":1714564800250,"text":"NaN"}"#);
}

#[test]
fn numbers_keep_their_digits() {
    let text = r#"{"columns": ["x"], "data": [[NaN], [-Infinity], [9007199254740993], [18446744073709551616], [1.0], [1e-7], [-0.0]]}"#;
    let (rows, defects) = one(text, &RowOptions::default()).expect("a table");
    let values: Vec<_> = rows.iter().map(|row| row.get("x").expect("a value").to_json()).collect();
    assert_eq!(
        values,
        ["\"NaN\"", "\"-Infinity\"", "9007199254740993", "18446744073709551616", "1.0", "1e-7", "-0.0"]
    );
    assert_eq!(defects, []);
}

#[test]
fn rows_of_wrong_length_lose_nothing() {
    let text = r##"{"columns": ["a", "#4", "a"], "data": [[1, 2, 3], [1], [1, 2, 3, 4, 5], {"x": 1}, [], [1, 2, 3]]}"##;
    let (rows, defects) = one(text, &RowOptions::default()).expect("a table");
    assert_eq!(
        lines(&rows),
        [
            r##"{"a":1,"#4":2,"a#2":3}"##,
            r#"{"a":1}"#,
            r###"{"a":1,"#4":2,"a#2":3,"##4":4,"#5":5}"###,
            r###"{"##4":{"x":1}}"###,
            "{}",
            r##"{"a":1,"#4":2,"a#2":3}"##,
        ]
    );
    assert_eq!(defects, [TableDefect::UnevenRows { rows: 4, first: 1 }]);
}

#[test]
fn step_comes_before_the_columns() {
    let text = r#"{"columns": ["_step", "x"], "data": [[5, 1]]}"#;
    let step = |step| lines(&one(text, &RowOptions::default().step(step)).expect("a table").0).remove(0);
    assert_eq!(step(Some(7)), r#"{"_step":7,"_step#2":5,"x":1}"#);
    assert_eq!(step(None), r#"{"_step":null,"_step#2":5,"x":1}"#);
    let (rows, _) = one(text, &RowOptions::default()).expect("a table");
    assert_eq!(lines(&rows), [r#"{"_step":5,"x":1}"#]);
}

#[test]
fn lone_surrogates_are_counted() {
    let (rows, defects) =
        one(r#"{"columns": ["a"], "data": [["\ud800x"], ["y"]]}"#, &RowOptions::default()).expect("a table");
    assert_eq!(rows[0].get("a").and_then(|text| text.as_str()), Some("\u{fffd}x"));
    assert_eq!(defects, [TableDefect::TextAltered { count: 1 }]);
}

#[test]
fn description_is_compared_with_the_rows() {
    let text = r#"{"columns": ["a"], "data": [[1]], "nrows": 2, "ncols": 3}"#;
    let (_, defects) = one(text, &RowOptions::default()).expect("a table");
    assert_eq!(
        defects,
        [TableDefect::Rows { expected: 2, found: 1 }, TableDefect::Columns { expected: 3, found: 1 }]
    );
}

#[test]
fn arrays_in_other_files_are_reported() {
    let types = json!({"wb_type": "typedDict", "params": {"type_map": {
        "a": {"wb_type": "ndarray", "params": {"shape": [2, 2], "serialization_path": {"path": "a.npz", "key": "a"}}}}}});
    let table = json!({"columns": ["a"], "data": [[null]], "column_types": types});
    let (_, defects) = one(&table.to_string(), &RowOptions::default()).expect("a table");
    let expected = TableDefect::ArraysLeftOut { column: "a".to_owned(), path: "a.npz".to_owned() };
    assert_eq!(defects, [expected]);
}

#[test]
fn other_files_are_no_tables() {
    for text in [
        "{}",
        r#"{"columns": ["a"]}"#,
        r#"{"data": [[1]]}"#,
        r#"{"columns": 5, "data": []}"#,
        r#"{"columns": [], "data": 5}"#,
    ] {
        let error = one(text, &RowOptions::default()).expect_err("no table");
        assert!(matches!(error, TableFileError::NotATable { .. }), "{text}: {error}");
    }
    let twice = one(r#"{"columns": ["a"], "data": [[1]], "data": [[2]]}"#, &RowOptions::default());
    assert!(matches!(twice, Err(TableFileError::NotATable { .. })));
    let damaged =
        one(r#"{"columns": ["a"], "data": [[1], [x]]}"#, &RowOptions::default()).expect_err("damaged");
    assert_eq!(damaged.to_string(), "reading row 1");
}

#[test]
fn parts_follow_each_other() {
    let files = Files::of([
        ("all.partitioned-table.json", json!({"_type": "partitioned-table", "parts_path": "parts"})),
        ("parts/b.table.json", json!({"columns": ["x"], "data": [[1]]})),
        ("parts-not/c.table.json", json!({"columns": ["x"], "data": [[9]]})),
        ("parts/a.table.json", json!({"columns": ["x", "y"], "data": [[2, 3]], "nrows": 2})),
    ]);
    let (rows, defects) = read_all(files, "all.partitioned-table.json").expect("a table");
    assert_eq!(lines(&rows), [r#"{"x":1}"#, r#"{"x":2,"y":3}"#]);
    assert_eq!(defects, [TableDefect::Rows { expected: 2, found: 1 }]);
    let empty = Files::of([("t.json", json!({"_type": "partitioned-table", "parts_path": "parts"}))]);
    assert!(read_all(empty, "t.json").expect_err("no parts").to_string().contains("no parts in parts"));
}

#[test]
fn increments_are_sorted_and_counted() {
    let part = |number: u64, rows: Json| json!({"_type": "table", "columns": ["x"], "data": rows, "nrows": 1, "log_mode": "INCREMENTAL", "increment_num": number});
    let files = Files::of([
        ("10-3.k.table.json", part(10, json!([[5]]))),
        ("1-2.k.table.json", part(1, json!([[3], [4]]))),
        ("0-1.k.table.json", part(0, json!([[1], [2]]))),
        ("odd.k.table.json", part(0, json!([[0]]))),
    ]);
    assert!(matches!(
        TableDocument::read(files.open("0-1.k.table.json").expect("a file")).expect("a table"),
        TableDocument::Incremental(_)
    ));
    let (rows, defects) = read_all(files, "10-3.k.table.json").expect("a table");
    let values: Vec<_> =
        rows.iter().map(|row| row.get("x").and_then(wandb_core::Value::as_i64).expect("a number")).collect();
    assert_eq!(values[1..], [1, 2, 3, 4, 5]);
    assert_eq!(values[0], 0, "a file without a number comes first, as in the SDK");
    assert_eq!(
        defects,
        [
            TableDefect::OrderUnknown { path: "odd.k.table.json".to_owned() },
            TableDefect::IncrementsMissing { numbers: (2..10).collect() },
        ]
    );
}

fn tables_to_join() -> Arc<Files> {
    Files::of([
        (
            "j.json",
            json!({"_type": "joined-table", "table1": "l.table.json", "table2": "r.table.json", "join_key": ["id", "k"]}),
        ),
        (
            "l.table.json",
            json!({"columns": ["id", "a"], "data": [[1, "x"], [2, "y"], [null, "z"], [1.0, "w"]]}),
        ),
        ("r.table.json", json!({"columns": ["k", "a"], "data": [[1, "p"], [1, "q"], [null, "r"], [3, "s"]]})),
    ])
}

#[test]
fn joined_tables_keep_rows_without_counterpart() {
    let (rows, defects) = read_all(tables_to_join(), "j.json").expect("a table");
    assert_eq!(
        lines(&rows),
        [
            r#"{"1.id":1,"1.a":"x","2.k":1,"2.a":"p"}"#,
            r#"{"1.id":1,"1.a":"x","2.k":1,"2.a":"q"}"#,
            r#"{"1.id":2,"1.a":"y"}"#,
            r#"{"1.id":null,"1.a":"z"}"#,
            r#"{"1.id":1.0,"1.a":"w","2.k":1,"2.a":"p"}"#,
            r#"{"1.id":1.0,"1.a":"w","2.k":1,"2.a":"q"}"#,
            r#"{"2.k":null,"2.a":"r"}"#,
            r#"{"2.k":3,"2.a":"s"}"#,
        ]
    );
    assert_eq!(defects, []);
}

#[test]
fn kinds_of_joins_differ_in_rows_without_counterpart() {
    let count = |kind| {
        let files = tables_to_join();
        let [left, right] = ["l.table.json", "r.table.json"].map(|path| {
            TableReader::open(Arc::clone(&files) as Arc<dyn TableStore>, path, &RowOptions::default())
                .expect("a table")
        });
        let keys = ["id".to_owned(), "k".to_owned()];
        let table = TableReader::join(left, right, keys, kind, &RowOptions::default().step(Some(3)))
            .expect("a table");
        let names: Vec<_> = table.column_names().map(str::to_owned).collect();
        assert_eq!(names, ["_step", "1.id", "1.a", "2.k", "2.a"]);
        let (rows, _) = read(table).expect("rows");
        assert!(rows.iter().all(|row| row.step() == Some(3)));
        rows.len()
    };
    assert_eq!([JoinKind::Inner, JoinKind::Left, JoinKind::Outer].map(count), [4, 6, 8]);
}

#[test]
fn tables_that_refer_to_themselves_end() {
    let files = Files::of([(
        "j.json",
        json!({"_type": "joined-table", "table1": "j.json", "table2": "j.json", "join_key": "id"}),
    )]);
    assert!(read_all(files, "j.json").expect_err("endless").to_string().contains("too many tables"));
    let files = Files::of([
        (
            "j.json",
            json!({"_type": "joined-table", "table1": "l.json", "table2": "l.json", "join_key": "none"}),
        ),
        ("l.json", json!({"columns": ["id"], "data": []})),
    ]);
    assert!(read_all(files, "j.json").expect_err("no column").to_string().contains("no column \"none\""));
}

/// A table of random cells, with rows of any length.
fn tables() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_filter("JSON has no others", |float| float.is_finite()).prop_map(Json::from),
        ".{0,8}".prop_map(Json::from),
    ];
    let cell = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map(".{0,4}", inner, 0..4)
                .prop_map(|map: BTreeMap<String, Json>| map.into_iter().collect()),
        ]
    });
    let label = prop_oneof!["[abc#0-9]{0,3}".prop_map(Json::from), (0..5).prop_map(Json::from)];
    let columns = prop::collection::vec(label, 0..5);
    let rows = prop::collection::vec(prop::collection::vec(cell, 0..6), 0..30);
    (columns, rows, any::<bool>()).prop_map(|(columns, rows, is_first)| {
        // `serde_json` sorts keys here, so a key that begins with z comes after the rows.
        let key = if is_first { "aaa" } else { "zzz" };
        json!({"columns": columns, "nrows": rows.len(), "ncols": columns.len(), "data": rows, key: {"data": [1]}})
    })
}

proptest! {
    #[test]
    fn every_cell_is_returned_once(table in tables()) {
        let text = table.to_string();
        let header = TableHeader::read(text.as_bytes()).expect("a table");
        let (rows, defects) = one(&text, &RowOptions::default()).expect("a table");
        let expected = table["data"].as_array().expect("rows");
        prop_assert_eq!(rows.len(), expected.len());
        prop_assert_eq!(header.rows(), expected.len() as u64);
        let width = header.columns().len();
        for (row, cells) in rows.iter().zip(expected) {
            let cells = cells.as_array().expect("cells");
            let line: Json = serde_json::from_str(&row.to_json_line()).expect("JSON");
            prop_assert_eq!(line.as_object().expect("an object").len(), cells.len());
            // Cells of rows as long as the table have the names of the columns.
            for (column, cell) in header.columns().iter().zip(cells) {
                prop_assert_eq!(&line[column.name()], cell);
            }
            let values: Vec<Json> =
                row.iter().map(|(_, value)| serde_json::from_str(&value.to_json()).expect("JSON")).collect();
            prop_assert_eq!(&values, cells);
        }
        let uneven = expected.iter().filter(|row| row.as_array().expect("cells").len() != width).count();
        let reported = defects.iter().map(|defect| match defect {
            TableDefect::UnevenRows { rows, .. } => *rows,
            defect => panic!("{defect}"),
        });
        prop_assert_eq!(reported.sum::<u64>(), uneven as u64);
    }

    #[test]
    fn damaged_tables_do_not_panic(table in tables(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut text = table.to_string().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        let files = Arc::new(Files(vec![("a".to_owned(), String::from_utf8_lossy(&text).into_owned())]));
        // Any result is right; a text that only differs in a cell is still a table.
        let _ = read_all(files, "a");
    }
}
