//! Tables written by column equal those written by row.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use wandb_core::Row;
use wandb_core::internal::{RowEncoding, read_rows};

use super::super::super::columnar::write_spooled;
use super::super::Parquet;
use super::*;
use crate::arrow::{ScatteredBatches, batches};
use crate::columns::random_rows::rows;
use crate::columns::{Nested, TableOptions};
use crate::from_arrow::rows_of;
use crate::rows::TableSpool;

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Spools rows, alternating pages with single rows where possible.
fn gathered(rows: &[Row], options: &TableOptions, at_once: usize) -> (Schema, Spool) {
    let mut gathered = TableSpool::new(options, Nested::Json, None);
    for (index, rows) in rows.chunks(at_once).enumerate() {
        let lines: Vec<String> = rows.iter().map(Row::to_json_line).collect();
        let list = Arc::new(format!("[{}]", lines.join(",")));
        match read_rows(&list, 0, RowEncoding::Inline, i64::MIN..i64::MAX) {
            Some(read) if index % 2 == 0 => {
                read.pages.iter().try_for_each(|page| gathered.page(page)).expect("room");
            }
            _ => gathered.rows(rows).expect("room"),
        }
    }
    gathered.finish()
}

fn by_column(rows: &[Row], options: &TableOptions, at_once: usize) -> Vec<u8> {
    let memory = Memory::default();
    let (schema, spool) = gathered(rows, options, at_once);
    write(schema, spool, Output::writer("memory", memory.clone())).expect("room");
    std::mem::take(&mut *memory.0.lock().expect("not poisoned"))
}

fn by_row(rows: &[Row], options: &TableOptions) -> Vec<u8> {
    let memory = Memory::default();
    let (schema, spool) = gathered(rows, options, 1);
    write_spooled(Parquet, schema, spool, Output::writer("memory", memory.clone())).expect("room");
    std::mem::take(&mut *memory.0.lock().expect("not poisoned"))
}

fn read(bytes: Vec<u8>) -> Option<RecordBatch> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).expect("a file");
    let batches = builder.with_batch_size(1 << 20).build().expect("a file");
    let batches: Vec<RecordBatch> = batches.map(|batch| batch.expect("a batch")).collect();
    let schema = batches.first()?.schema();
    Some(arrow_select::concat::concat_batches(&schema, &batches).expect("one schema"))
}

proptest! {
    #[test]
    fn columns_and_rows_give_the_same_table(rows in rows(), most in prop_oneof![Just(50_000_usize), 1_usize..9]) {
        for nested in Nested::ALL {
            let options = TableOptions::default().with_nested(nested).with_max_columns(most);
            let wide = by_column(&rows, &options, 3);
            prop_assert!(wide == by_column(&rows, &options, 7), "bytes depend on batch sizes");
            // Compare the debug text, in which nulls are equal, and so are NaNs.
            let (wide, narrow) = (read(wide), read(by_row(&rows, &options)));
            prop_assert_eq!(format!("{wide:?}"), format!("{narrow:?}"));
        }
    }

    #[test]
    fn scattered_batches_equal_those_of_rows(rows in rows(), most in prop_oneof![Just(50_000_usize), 1_usize..9]) {
        for nested in [Nested::Json, Nested::Dotted] {
            let options = TableOptions::default().with_nested(nested).with_max_columns(most);
            let (schema, spool) = gathered(&rows, &options, 3);
            let scattered = ScatteredBatches::new(Arc::new(schema), spool).expect("readable");
            let scattered: Vec<_> = scattered.map(|batch| batch.expect("a batch")).collect();
            let expected: Vec<_> = batches(rows.clone(), &options).expect("room").map(|batch| batch.expect("a batch")).collect();
            prop_assert_eq!(format!("{scattered:?}"), format!("{expected:?}"));
        }
    }
}

/// Returns rows with a few of many keys, and some with objects.
fn sparse(count: usize, columns: usize) -> Vec<Row> {
    let row = |step: usize| {
        let text = "x".repeat(step % 50);
        let mut row = format!(r#"{{"_step":{step},"text":"{text}""#);
        for key in 0..5 {
            let column = (step * 7_919 + key * 104_729) % columns;
            let value = match column % 4 {
                0 => format!("{step}.5"),
                1 => step.to_string(),
                2 => format!(r#""v{step}""#),
                _ => format!(r#"{{"a":{},"b":{{"c":{step}}}}}"#, step.is_multiple_of(2)),
            };
            write!(row, r#","k{column}":{value}"#).expect("room");
        }
        Row::parse((row + "}").as_bytes()).expect("valid JSON")
    };
    (0..count).map(row).collect()
}

#[test]
fn several_row_groups_and_slices_hold_every_row() {
    let rows = sparse(1_500, 40);
    for nested in [Nested::Json, Nested::Struct] {
        let options = TableOptions::default().with_nested(nested);
        let bytes = by_column(&rows, &options, 100);
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes.clone()));
        assert_eq!(builder.expect("a file").metadata().num_row_groups(), 2);
        assert!(read(bytes) == read(by_row(&rows, &options)), "{nested}");
    }
}

#[test]
fn wide_tables_of_every_format_hold_every_row() {
    use crate::sink::{Format, SinkOptions};
    let rows = sparse(500, 2_500);
    let line = |rows: &[Row]| -> Vec<String> {
        let map = |row: &Row| row.clone().into_iter().collect::<std::collections::BTreeMap<_, _>>();
        rows.iter().map(|row| format!("{:?}", map(row))).collect()
    };
    for format in [Format::Parquet, Format::Arrow, Format::Csv] {
        let memory = Memory::default();
        let options = SinkOptions::default();
        let mut sink = format.sink(Output::writer("memory", memory.clone()), &options).expect("opens");
        rows.chunks(100).try_for_each(|rows| sink.write(rows)).expect("room");
        let report = sink.finish().expect("room");
        assert!(report.columns.is_some_and(|columns| columns > 1_500), "{report:?}");
        let bytes = std::mem::take(&mut *memory.0.lock().expect("not poisoned"));
        let read: Vec<Row> = match format {
            Format::Parquet => rows_of(&read(bytes).expect("rows")).expect("rows"),
            Format::Arrow => {
                let reader = arrow_ipc::reader::FileReader::try_new(std::io::Cursor::new(bytes), None);
                let batches = reader.expect("a file").map(|batch| batch.expect("a batch"));
                batches.flat_map(|batch| rows_of(&batch).expect("rows")).collect()
            }
            _ => {
                let mut reader = csv::Reader::from_reader(bytes.as_slice());
                let width = reader.headers().expect("a header").len();
                assert_eq!(Some(width), report.columns);
                assert_eq!(
                    reader
                        .into_records()
                        .filter(|row| row.as_ref().is_ok_and(|row| row.len() == width))
                        .count(),
                    500
                );
                continue;
            }
        };
        assert!(line(&read) == line(&rows), "{format}");
    }
}
