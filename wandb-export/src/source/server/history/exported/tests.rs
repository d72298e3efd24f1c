//! Tests both paths from files to rows, on files served by an in-memory storage.

mod files;
mod storage;

use std::ops::Range;

use futures_util::TryStreamExt;
use proptest::prelude::*;
use wandb_core::blocking::block_on;
use wandb_core::{Map, PathDefaults, Row, RunPath, Value};
use wandb_graphql::{Keys, Selection};
use wandb_tables::Batch;
use wandb_tables::random_rows::as_tabled;
use wandb_tables::{
    ColumnType, Field, FieldKind, Nested, Schema, SchemaAdapter, TableOptions, batches, rows_of,
};

use self::files::{encode, test_files};
use self::storage::{Behaviour, Storage};
use super::super::row_issues::LateRows;
use super::file_layout::FileLayout;
use super::inspect::RowFilter;
use super::merge_files;
use crate::error::Error;
use crate::source::memory_size::{BATCH_BYTES, estimate_row_bytes};

/// The result of one path: rows from the files, and rows of the table.
#[derive(Debug)]
struct Read {
    rows: Vec<Row>,
    table: Option<(Schema, Vec<Row>)>,
}

fn run() -> RunPath {
    RunPath::parse("e/p/r", &PathDefaults::default()).expect("a path")
}

fn wanted(steps: Range<i64>, selection: Selection) -> RowFilter {
    RowFilter { run: "e/p/r".to_owned(), steps, selection, late: LateRows::default() }
}

/// Reads the files by column. `None` if that is not possible.
fn by_column(storage: &Storage, wanted: &RowFilter) -> Result<Option<Read>, Error> {
    block_on(async {
        let FileLayout::Ordered(mut test_files) =
            FileLayout::inspect(&storage.client(), &run(), &storage.urls(), wanted).await?
        else {
            return Ok(None);
        };
        let Some(schema) = std::mem::take(&mut test_files.columns).into_schema(&[]) else { return Ok(None) };
        let columns: Vec<_> = test_files.batches().try_collect().await?;
        let mut fit = SchemaAdapter::new(schema.clone());
        let (mut rows, mut tabled) = (Vec::new(), Vec::new());
        for batch in columns {
            rows.extend(rows_of(&batch)?);
            tabled.extend(rows_of(&fit.batch(&Batch::Columns(batch))?)?);
        }
        Ok(Some(Read { rows, table: Some((schema, tabled)) }))
    })
}

/// Reads the files row by row.
fn by_row(storage: &Storage, wanted: &RowFilter) -> Result<Vec<Row>, Error> {
    block_on(async {
        let client = storage.client();
        let files = match FileLayout::inspect(&client, &run(), &storage.urls(), wanted).await? {
            FileLayout::Ordered(test_files) => test_files.into_files().collect(),
            FileLayout::Mixed { files, .. } => files,
        };
        let (mut batches, _) = merge_files(&client, files, wanted.clone()).await?;
        let mut rows = Vec::new();
        while let Some(batch) = batches.try_next().await? {
            rows.extend(batch.into_rows()?);
        }
        Ok(rows)
    })
}

fn lines(rows: &[Row]) -> Vec<String> {
    rows.iter().map(Row::to_json_line).collect()
}

fn canonical(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| sorted(&as_tabled(row, Nested::Json))).collect()
}

/// Returns a row's text independent of the order of its keys.
fn sorted(row: &Value) -> String {
    let mut entries: Vec<_> = row.as_map().into_iter().flat_map(Map::iter).collect();
    entries.sort_by_key(|(key, _)| key.to_owned());
    format!("{entries:?}")
}

fn types(schema: &Schema) -> Vec<(String, ColumnType)> {
    let column = |field: &Field| match field.kind() {
        FieldKind::Column(column_type) => Some((field.name().to_owned(), *column_type)),
        _ => None,
    };
    let mut types: Vec<_> = schema.fields().iter().filter_map(column).collect();
    types.sort_by(|one, other| one.0.cmp(&other.0));
    types
}

fn selection(keys: &[&str], any: bool) -> Selection {
    if keys.is_empty() {
        return Selection::Everything;
    }
    let keys = Keys::new(keys.iter().copied()).expect("good keys");
    if any { Selection::AnyOf(keys) } else { Selection::AllOf(keys) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn both_paths_give_the_same_rows(
        test_files in test_files(),
        keys in prop::sample::subsequence(vec!["a", "b", "c", "never"], 0..3),
        any in any::<bool>(),
        bounds in prop::option::weighted(0.3, (-20_i64..60, 0_i64..80)),
        knows_ranges in any::<bool>(),
    ) {
        let behaviour = Behaviour { knows_ranges, ..Behaviour::default() };
        let storage = Storage::new(test_files.iter().map(encode).collect(), behaviour);
        let steps = bounds.map_or(i64::MIN..i64::MAX, |(from, width)| from..from + width);
        let wanted = wanted(steps, selection(&keys, any));
        let slow = by_row(&storage, &wanted).expect("readable");
        let Some(fast) = by_column(&storage, &wanted).expect("readable") else { return Ok(()) };
        prop_assert_eq!(lines(&fast.rows), lines(&slow));
        let (schema, tabled) = fast.table.expect("a table");
        prop_assert_eq!(canonical(&tabled), canonical(&slow));
        if keys.is_empty() && bounds.is_none() {
            let inferred = batches(slow, &TableOptions::default()).expect("room");
            let (found, inferred) = (types(&schema), types(inferred.schema()));
            prop_assert_eq!(found, inferred);
        }
    }
}

/// Creates two files with two row groups each and two hundred columns.
fn wide(behaviour: Behaviour) -> Storage {
    Storage::new((0..2).map(|file| files::wide(file * 4_000, 4_000, 200)).collect(), behaviour)
}

#[test]
fn few_of_many_columns_fetch_few_bytes() {
    let storage = wide(Behaviour::default());
    let keys = selection(&["column_007", "column_100", "column_101"], false);
    let read =
        by_column(&storage, &wanted(i64::MIN..i64::MAX, keys)).expect("readable").expect("plain columns");
    assert_eq!(read.rows.len(), 8_000);
    // Three columns and the steps, eight bytes per value.
    let chunks = 4 * 8_000 * 8;
    let reads = 4 * (64 << 10);
    assert!(storage.sent() < chunks * 12 / 10 + reads, "{} bytes", storage.sent());
    assert!(storage.sent() * 20 < storage.size(), "{} of {} bytes", storage.sent(), storage.size());
}

#[test]
fn unwanted_row_groups_are_not_fetched() {
    let storage = wide(Behaviour::default());
    let wanted = wanted(3_000..3_500, Selection::Everything);
    let read = by_column(&storage, &wanted).expect("readable").expect("plain columns");
    assert_eq!(read.rows.len(), 500);
    assert!(storage.sent() < storage.size() / 3, "{} of {} bytes", storage.sent(), storage.size());
}

#[test]
fn whole_files_are_one_request_after_two_reads() {
    let storage = wide(Behaviour::default());
    let read = by_column(&storage, &wanted(i64::MIN..i64::MAX, Selection::Everything)).expect("readable");
    assert_eq!(read.expect("plain columns").rows.len(), 8_000);
    assert_eq!(storage.requests(), 6);
    assert!(
        storage.sent() < storage.size() + 4 * (64 << 10),
        "{} of {} bytes",
        storage.sent(),
        storage.size()
    );
}

#[test]
fn storages_without_ranges_send_each_file_once() {
    let storage = wide(Behaviour { knows_ranges: false, ..Behaviour::default() });
    let read = by_column(&storage, &wanted(i64::MIN..i64::MAX, selection(&["column_007"], false)));
    assert_eq!(read.expect("readable").expect("plain columns").rows.len(), 8_000);
    assert_eq!((storage.requests(), storage.sent()), (2, storage.size()));
}

#[test]
fn cut_bodies_are_completed_with_or_without_etags() {
    let whole = wide(Behaviour::default());
    let expected = by_column(&whole, &wanted(i64::MIN..i64::MAX, Selection::Everything)).expect("readable");
    let expected = lines(&expected.expect("plain columns").rows);
    for (has_tags, knows_ranges) in [(true, true), (false, true), (false, false)] {
        let storage = wide(Behaviour { cuts: true, has_tags, knows_ranges, ..Behaviour::default() });
        for _ in 0..2 {
            let read = by_column(&storage, &wanted(i64::MIN..i64::MAX, Selection::Everything));
            assert_eq!(lines(&read.expect("readable").expect("plain columns").rows), expected);
        }
    }
}

#[test]
fn other_url_schemes_are_not_requested() {
    let storage = Storage::new(vec![files::wide(0, 100, 2)], Behaviour::default());
    let all = wanted(i64::MIN..i64::MAX, Selection::Everything);
    let urls = ["s3://bucket/history.parquet".to_owned()];
    let read = block_on(FileLayout::inspect(&storage.client(), &run(), &urls, &all));
    assert!(matches!(read, Err(Error::Exported { .. })));
    assert_eq!(storage.requests(), 0);
}

#[test]
fn small_files_are_one_request() {
    let storage = Storage::new(vec![files::wide(0, 100, 2)], Behaviour::default());
    let read = by_column(&storage, &wanted(i64::MIN..i64::MAX, Selection::Everything)).expect("readable");
    assert_eq!(read.expect("plain columns").rows.len(), 100);
    assert_eq!((storage.requests(), storage.sent()), (1, storage.size()));
}

#[test]
fn files_that_change_after_inspection_are_errors() {
    for knows_ranges in [true, false] {
        // Two reads per file, then other files of the same length. Only the tag differs.
        let reads = if knows_ranges { 4 } else { 2 };
        let storage = wide(Behaviour { knows_ranges, changes_after: Some(reads), ..Behaviour::default() });
        let read = by_column(&storage, &wanted(i64::MIN..i64::MAX, Selection::Everything));
        if knows_ranges {
            let error = read.expect_err("another file");
            assert!(matches!(&error, Error::Request(source) if source.is_changed()), "{error:?}");
        } else {
            assert_eq!(read.expect("all there").expect("plain columns").rows.len(), 8_000);
        }
    }
}

#[test]
fn errors_about_non_parquet_files_name_the_run() {
    for bytes in [&b""[..], b"PAR1", b"PAR1 is not all that it takes", b"PAR1....\xff\xff\xff\x7fPAR1"] {
        let storage = Storage::new(vec![bytes.to_vec().into()], Behaviour::default());
        let error =
            by_column(&storage, &wanted(i64::MIN..i64::MAX, Selection::Everything)).expect_err("no file");
        assert!(error.to_string().contains("e/p/r"), "{error}");
    }
}

#[test]
fn errors_about_absurd_footers_name_the_run() {
    let lists = [0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x0f];
    let one_child = [0x55, 2, 0];
    let deep = [&[0x29, 0xfc, 0xa0, 0x8d, 0x06][..], &one_child.repeat(100_000), &[0x55, 0, 0, 0]].concat();
    for (footer, reason) in [(&lists[..], "cannot be read"), (&deep, "nested deeper than 128 levels")] {
        let length = u32::try_from(footer.len()).expect("short").to_le_bytes();
        let file = [b"PAR1", footer, &length, b"PAR1"].concat();
        let storage = Storage::new(vec![file.into()], Behaviour::default());
        let error = by_column(&storage, &wanted(0..i64::MAX, Selection::Everything)).expect_err("absurd");
        assert!(error.to_string().contains("e/p/r") && error.with_causes().contains(reason), "{error}");
    }
}

#[test]
fn steps_that_contradict_statistics_are_errors() {
    let storage = Storage::new(vec![files::with_false_statistics()], Behaviour::default());
    let read = by_column(&storage, &wanted(i64::MIN..i64::MAX, Selection::Everything));
    assert!(read.expect_err("lies").to_string().contains("statistics"));
}

#[test]
fn overrunning_bodies_are_cut_at_their_range() {
    let files = || (0..2).map(|file| files::wide(file * 500, 500, 200)).collect();
    let storage = Storage::new(files(), Behaviour { overruns: true, ..Behaviour::default() });
    let all = wanted(i64::MIN..i64::MAX, Selection::Everything);
    let read = by_column(&storage, &all).expect("readable").expect("plain columns");
    let expected = by_column(&Storage::new(files(), Behaviour::default()), &all)
        .expect("readable")
        .expect("plain columns");
    assert_eq!(lines(&read.rows), lines(&expected.rows));
    assert_eq!(lines(&by_row(&storage, &all).expect("readable")).len(), 1_000);
    // Bytes in flight when a body is dropped, per request. Each body would last for 500 MB.
    let surplus = storage.requests() as u64 * 500_000;
    assert!(storage.sent() < 3 * storage.size() + surplus, "{} of {}", storage.sent(), storage.size());
}

#[test]
fn large_cells_come_in_batches_sized_by_bytes() {
    let files = (0..3).map(|file| files::large_cells(file * 10, 10, 200_000)).collect();
    let storage = Storage::new(files, Behaviour::default());
    let wanted = wanted(0..i64::MAX, Selection::Everything);
    let (mut rows, mut largest) = (0, 0);
    block_on(async {
        let client = storage.client();
        let FileLayout::Mixed { files, .. } =
            FileLayout::inspect(&client, &run(), &storage.urls(), &wanted).await.expect("readable")
        else {
            panic!("lists are nested values");
        };
        let (mut batches, _) = merge_files(&client, files, wanted.clone()).await.expect("readable");
        while let Some(batch) = batches.try_next().await.expect("readable") {
            let batch = batch.into_rows().expect("rows");
            rows += batch.len();
            largest = largest.max(batch.iter().map(estimate_row_bytes).sum());
        }
    });
    assert_eq!(rows, 30);
    let row = 200_000 + 20_000 * 48;
    assert!(largest < BATCH_BYTES + row + 1_000, "a batch of {largest} bytes");
}

#[test]
fn damaged_files_are_errors_or_rows() {
    let file = files::large_cells(0, 40, 500);
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |max: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % max as u64).expect("small")
    };
    for _ in 0..400 {
        let mut bytes = file.to_vec();
        for _ in 0..=next(3) {
            // Half of the changes hit the footer, which is about a thousand bytes long.
            let length = bytes.len();
            let at = if next(2) == 0 { length - 1 - next(1_000) } else { next(length) };
            bytes[at] = u8::try_from(next(256)).expect("a byte");
        }
        let storage = Storage::new(vec![bytes.into()], Behaviour::default());
        let wanted = wanted(0..i64::MAX, Selection::Everything);
        let rows = by_row(&storage, &wanted).map_or(0, |rows| rows.len());
        assert!(rows <= 1_000_000);
        let _ = by_column(&storage, &wanted);
    }
}

fn numbers(rows: &[Row]) -> Vec<(Option<i64>, i64)> {
    let number = |row: &Row| row.get("n").and_then(Value::as_i64).expect("each row has its number");
    rows.iter().map(|row| (row.step(), number(row))).collect()
}

#[test]
fn float_steps_are_read_by_column_as_integers() {
    let storage = Storage::new(vec![files::numbered(&[Some(3), Some(3), Some(7)], 2)], Behaviour::default());
    let wanted = wanted(i64::MIN..i64::MAX, Selection::Everything);
    let read = by_column(&storage, &wanted).expect("readable").expect("plain columns");
    assert_eq!(lines(&read.rows)[2], "{\"_step\":7,\"n\":2}\n");
    assert_eq!(numbers(&read.rows), [(Some(3), 0), (Some(3), 1), (Some(7), 2)]);
    let (schema, _) = read.table.expect("a table");
    assert_eq!(
        types(&schema),
        [("_step".to_owned(), ColumnType::Int64), ("n".to_owned(), ColumnType::Int64)]
    );
}

#[test]
fn rows_without_steps_keep_their_position() {
    let steps = [None, Some(4), None, Some(5)];
    let storage = Storage::new(vec![files::numbered(&steps, 3)], Behaviour::default());
    let wanted = wanted(0..i64::MAX, Selection::Everything);
    assert!(by_column(&storage, &wanted).expect("readable").is_none(), "their order depends on each row");
    let rows = by_row(&storage, &wanted).expect("readable");
    assert_eq!(numbers(&rows), [(None, 0), (Some(4), 1), (None, 2), (Some(5), 3)]);
}

#[test]
fn unsorted_rows_are_sorted() {
    let steps: Vec<_> = [5, 6, 7, 0, 1, 6, 8].map(Some).to_vec();
    let expected = [(0, 3), (1, 4), (5, 0), (6, 1), (6, 5), (7, 2), (8, 6)].map(|(step, n)| (Some(step), n));
    // In overlapping row groups, and in a single one, where the disorder shows only when it is read.
    for group_rows in [3, 100] {
        let storage = Storage::new(vec![files::numbered(&steps, group_rows)], Behaviour::default());
        let wanted = wanted(0..i64::MAX, Selection::Everything);
        assert_eq!(numbers(&by_row(&storage, &wanted).expect("readable")), expected);
        let read = by_column(&storage, &wanted).expect("readable").expect("plain columns");
        let late = wanted.late.count();
        assert_eq!(read.rows.len(), 7);
        assert_eq!(late > 0, numbers(&read.rows) != expected, "late rows are counted");
    }
}

#[test]
fn a_row_in_two_files_appears_once() {
    let file = |steps: &[i64]| files::numbered(&steps.iter().copied().map(Some).collect::<Vec<_>>(), 100);
    let storage = Storage::new(vec![file(&[0, 1, 1, 2]), file(&[0, 1, 2, 2])], Behaviour::default());
    let rows = by_row(&storage, &wanted(0..i64::MAX, Selection::Everything)).expect("readable");
    let expected = [(0, 0), (1, 1), (1, 2), (2, 2), (2, 3)].map(|(step, n)| (Some(step), n));
    assert_eq!(numbers(&rows), expected);
}

#[test]
fn structs_without_values_are_omitted() {
    let storage = Storage::new(vec![files::structs()], Behaviour::default());
    let rows = by_row(&storage, &wanted(0..i64::MAX, Selection::Everything)).expect("readable");
    let expected = [
        "{\"_step\":0,\"nested\":{\"a\":1,\"b\":\"x\"}}\n",
        "{\"_step\":1,\"nested\":{\"a\":2}}\n",
        "{\"_step\":2}\n",
        "{\"_step\":3}\n",
    ];
    assert_eq!(lines(&rows), expected);
}
