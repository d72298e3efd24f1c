//! Record batches give the same files as their rows.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use arrow_ipc::reader::FileReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use wandb_core::Row;

use crate::arrow::batches;
use crate::columns::{Schema, TableOptions};
use crate::from_arrow::rows_of;
use crate::rows::Batch;
use crate::sink::{Format, Output, SinkError, SinkOptions, SinkReport};

const FORMATS: [Format; 3] = [Format::Csv, Format::Parquet, Format::Arrow];

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

fn rows(count: u32) -> Vec<Row> {
    let texts = ["", "NaN", "a,b", "\\\"q\\\"", "line\\nbreak", "№"];
    let row = |step: u32| {
        let mut row = format!(r#"{{"_step": {step}"#);
        if !step.is_multiple_of(3) {
            let text = texts[step as usize % texts.len()];
            let loss = 1.0 / (f64::from(step) - 7.0);
            let loss = if loss.is_finite() { format!("{loss:?}") } else { "Infinity".to_owned() };
            write!(row, r#", "loss": {loss}, "text": "{text}""#).expect("room");
        }
        if step.is_multiple_of(2) {
            let large = i64::MAX - i64::from(step);
            write!(row, r#", "flag": {}, "large": {large}"#, step.is_multiple_of(4)).expect("room");
        }
        if step % 5 == 4 {
            row += r#", "odd": -0.0"#;
        }
        Row::parse((row + "}").as_bytes()).expect("valid JSON")
    };
    (0..count).map(row).collect()
}

fn table(rows: &[Row]) -> (Schema, RecordBatch) {
    let batches = batches(rows.to_vec(), &TableOptions::default()).expect("room");
    let schema = batches.schema().clone();
    let arrow = batches.arrow_schema();
    let batches: Vec<_> = batches.map(|batch| batch.expect("a batch")).collect();
    (schema, arrow_select::concat::concat_batches(&arrow, &batches).expect("one schema"))
}

/// Writes the rows of `batch`, `at_once` at a time.
fn write(
    format: Format,
    options: &SinkOptions,
    schema: &Schema,
    batch: &RecordBatch,
    at_once: usize,
) -> Result<(Vec<u8>, SinkReport), SinkError> {
    let memory = Memory::default();
    let mut sink = format.sink(Output::writer("memory", memory.clone()), options)?;
    assert!(sink.begin_columns(schema)?);
    for start in (0..batch.num_rows()).step_by(at_once) {
        sink.write_batch(&Batch::Columns(batch.slice(start, at_once.min(batch.num_rows() - start))))?;
    }
    let report = sink.finish()?;
    let bytes = std::mem::take(&mut *memory.0.lock().expect("not poisoned"));
    Ok((bytes, report))
}

fn write_rows(format: Format, options: &SinkOptions, rows: &[Row]) -> (Vec<u8>, SinkReport) {
    let memory = Memory::default();
    let mut sink = format.sink(Output::writer("memory", memory.clone()), options).expect("opens");
    sink.write(rows).expect("room");
    let report = sink.finish().expect("room");
    let bytes = std::mem::take(&mut *memory.0.lock().expect("not poisoned"));
    (bytes, report)
}

fn read(format: Format, bytes: Vec<u8>) -> Vec<RecordBatch> {
    if format == Format::Parquet {
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes));
        let reader = builder.expect("a file").build().expect("a file");
        return reader.map(|batch| batch.expect("a batch")).collect();
    }
    let reader = FileReader::try_new(std::io::Cursor::new(bytes), None).expect("a file");
    reader.map(|batch| batch.expect("a batch")).collect()
}

#[test]
fn batches_give_the_same_table_as_rows() {
    let rows = rows(1_000);
    let (schema, batch) = table(&rows);
    for format in FORMATS {
        let mut options = SinkOptions::default();
        for columns in [&[][..], &["text", "never", "_step"]] {
            options.table.columns = columns.iter().map(|name| (*name).to_owned()).collect();
            let (bytes, report) = write(format, &options, &schema, &batch, 137).expect("room");
            let (row_bytes, row_report) = write_rows(format, &options, &rows);
            assert_eq!((report.rows, report.columns), (row_report.rows, row_report.columns), "{format}");
            assert_eq!(report.bytes, bytes.len() as u64);
            if format == Format::Csv {
                assert_eq!(String::from_utf8(bytes), String::from_utf8(row_bytes));
                continue;
            }
            let (batches, row_batches) = (read(format, bytes), read(format, row_bytes));
            assert_eq!(batches[0].schema(), row_batches[0].schema(), "{format}");
            let rows_in = |batches: &[RecordBatch]| -> Vec<String> {
                let rows = batches.iter().flat_map(|batch| rows_of(batch).expect("rows"));
                rows.map(|row| row.to_json_line()).collect()
            };
            assert_eq!(rows_in(&batches), rows_in(&row_batches), "{format}");
        }
    }
}

#[test]
fn table_without_rows_keeps_its_columns() {
    let (schema, batch) = table(&rows(10));
    for format in FORMATS {
        let (_, report) =
            write(format, &SinkOptions::default(), &schema, &batch.slice(0, 0), 1).expect("room");
        assert_eq!((report.rows, report.columns), (0, Some(schema.column_count())), "{format}");
    }
}

#[test]
fn bytes_do_not_depend_on_batch_size() {
    for count in [90, 3_000] {
        let (schema, batch) = table(&rows(count));
        for format in FORMATS {
            let write =
                |at_once| write(format, &SinkOptions::default(), &schema, &batch, at_once).expect("room").0;
            let whole = write(3_000);
            for at_once in [1, 64, 1_000, 1_025] {
                assert!(write(at_once) == whole, "{format}, {at_once} of {count} rows at once");
            }
        }
    }
}

#[test]
fn pages_give_the_same_bytes_as_rows() {
    use wandb_core::internal::{RowEncoding, read_rows};
    let values =
        [r#""text""#, "1e-05", "-0", "1.50", "12345678901234567890123", "[1e-05,{}]", "null", "true"];
    let rows: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(step, value)| format!(r#"{{"_step":{step},"mixed":{value}}}"#))
        .collect();
    let list = Arc::new(format!("[{}]", rows.join(",")));
    let read = read_rows(&list, 0, RowEncoding::Inline, 0..i64::MAX).expect("nothing unusual");
    let rows: Vec<Row> = rows.iter().map(|row| Row::parse(row.as_bytes()).expect("valid JSON")).collect();
    for format in [Format::Parquet, Format::Arrow] {
        let memory = Memory::default();
        let mut sink =
            format.sink(Output::writer("memory", memory.clone()), &SinkOptions::default()).expect("opens");
        read.pages.iter().for_each(|page| sink.write_batch(&Batch::Page(page.clone())).expect("room"));
        sink.finish().expect("room");
        let bytes = std::mem::take(&mut *memory.0.lock().expect("not poisoned"));
        assert!(bytes == write_rows(format, &SinkOptions::default(), &rows).0, "{format}");
    }
}

#[test]
fn long_text_bytes_do_not_depend_on_batch_size() {
    // More text than is buffered before encoding, in rows of different lengths.
    let row = |step: usize| {
        let text = format!("{step} ").repeat(step * 7_919 % 3_001);
        Row::parse(format!(r#"{{"_step": {step}, "text": "{text}"}}"#).as_bytes()).expect("valid JSON")
    };
    let (schema, batch) = table(&(0..900).map(row).collect::<Vec<_>>());
    let write =
        |at_once| write(Format::Parquet, &SinkOptions::default(), &schema, &batch, at_once).expect("room").0;
    let whole = write(900);
    for at_once in [1, 7, 64, 500] {
        assert!(write(at_once) == whole, "{at_once} rows at once");
    }
    let read = read(Format::Parquet, whole);
    let read = arrow_select::concat::concat_batches(read[0].schema_ref(), &read).expect("one schema");
    assert!(read.columns() == batch.columns());
}

#[test]
fn small_columns_are_not_compressed() {
    use parquet::basic::{Compression, ZstdLevel};
    let options = SinkOptions::default();
    let compressions = |bytes: Vec<u8>| -> Vec<(String, Compression)> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).expect("a file");
        let columns = builder.metadata().row_group(0).columns().iter();
        columns.map(|column| (column.column_path().string(), column.compression())).collect()
    };
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let (few, _) = write_rows(Format::Parquet, &options, &rows(100));
    assert!(compressions(few).iter().all(|(_, found)| *found == Compression::UNCOMPRESSED));
    let (more, _) = write_rows(Format::Parquet, &options, &rows(200));
    for (column, found) in compressions(more) {
        let is_little = matches!(column.as_str(), "flag" | "text");
        let expected = if is_little { Compression::UNCOMPRESSED } else { zstd };
        assert_eq!(found, expected, "{column}");
    }
}

#[test]
fn row_groups_and_columns_keep_their_order() {
    // Enough columns that a slab has the minimum number of rows, and several row groups.
    let schema =
        Schema::given((0..2_000).map(|column| (format!("c{column}"), crate::columns::ColumnType::Int64)));
    let arrow = crate::arrow::arrow_schema(&schema);
    // Numbers without a pattern, so that they do not compress.
    let number = |row: u64, column: u64| {
        let mixed = (row * 7_919 + column + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9).cast_signed()
    };
    let column = |column: u64| -> arrow_array::ArrayRef {
        Arc::new((0..3_000).map(|row| Some(number(row, column))).collect::<arrow_array::Int64Array>())
    };
    let batch = RecordBatch::try_new(arrow, (0..2_000).map(column).collect()).expect("a batch");
    let (bytes, _) = write(Format::Parquet, &SinkOptions::default(), &schema, &batch, 999).expect("room");
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).expect("a file");
    assert!(builder.metadata().num_row_groups() > 1);
    let reader = builder.with_batch_size(3_000).build().expect("a file");
    let read: Vec<_> = reader.map(|read| read.expect("a batch")).collect();
    let read = arrow_select::concat::concat_batches(read[0].schema_ref(), &read).expect("one schema");
    assert!(read.columns() == batch.columns());
}

#[test]
fn write_error_fails_the_sink() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (schema, batch) = table(&rows(1_000));
    let batch = Batch::Columns(batch);
    for format in FORMATS {
        let mut sink = format.sink(Output::writer("a disk", Full), &SinkOptions::default()).expect("opens");
        let begun = sink.begin_columns(&schema).map(drop);
        let written = begun.and_then(|()| (0..200).try_for_each(|_| sink.write_batch(&batch)));
        let error = written.and_then(|()| sink.finish().map(drop)).expect_err("no room");
        assert!(matches!(&error, SinkError::Io { output, .. } if output == "a disk"), "{format}: {error:?}");
    }
}

#[test]
fn too_many_columns_are_written_as_rows() {
    let (schema, _) = table(&rows(10));
    let options = SinkOptions::default().with_table(TableOptions::default().with_max_columns(2));
    for format in FORMATS {
        let mut sink = format.sink(Output::writer("memory", Vec::new()), &options).expect("opens");
        assert!(!sink.begin_columns(&schema).expect("no error"), "{format}");
    }
}
