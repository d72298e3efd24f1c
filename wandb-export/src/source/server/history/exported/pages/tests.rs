//! Checks that pages read in pieces contain the same values as whole pages.

use std::sync::Arc;

use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, Float64Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray};
use arrow_schema::{DataType, Field, Fields};
use arrow_select::concat::concat_batches;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

use super::*;

/// The settings for writing a file.
#[derive(Debug, Clone, Copy)]
struct WriteSettings {
    codec: Compression,
    version: WriterVersion,
    has_dictionary: bool,
}

fn settings() -> impl Strategy<Value = WriteSettings> {
    let codec = prop_oneof![
        Just(Compression::UNCOMPRESSED),
        Just(Compression::SNAPPY),
        Just(Compression::GZIP(GzipLevel::default())),
        Just(Compression::ZSTD(ZstdLevel::default())),
    ];
    (codec, any::<bool>(), any::<bool>()).prop_map(|(codec, is_new, has_dictionary)| {
        let version = if is_new { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
        WriteSettings { codec, version, has_dictionary }
    })
}

/// Creates rows with a text, a text in an object, a list of numbers, and a number. Any of them may be missing.
fn rows(lengths: &[Option<usize>]) -> RecordBatch {
    let texts = lengths.iter().enumerate().map(|(row, length)| {
        let letter = char::from(b'a' + u8::try_from(row % 5).expect("a letter")).to_string();
        length.map(|length| letter.repeat(length))
    });
    let texts: ArrayRef = Arc::new(texts.collect::<StringArray>());
    let fields: Fields = vec![Field::new("text", DataType::Utf8, true)].into();
    let has_value = lengths.iter().map(Option::is_some).collect::<Vec<_>>().into();
    let nested: ArrayRef = Arc::new(StructArray::new(fields, vec![Arc::clone(&texts)], Some(has_value)));
    let lists = lengths.iter().map(|length| {
        length.map(|length| {
            (0..length / 16).map(|n| (n % 7 != 3).then(|| f64::from(u32::try_from(n).expect("few"))))
        })
    });
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(lists));
    let numbers: ArrayRef =
        Arc::new(lengths.iter().map(|length| length.map(|_| 0.5)).collect::<Float64Array>());
    let steps: ArrayRef = Arc::new(Int64Array::from_iter_values((0..).take(lengths.len())));
    let columns =
        [("_step", steps), ("text", texts), ("nested", nested), ("list", lists), ("number", numbers)];
    let columns = columns.map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
}

/// Writes a file whose pages are as large as its row groups.
fn file(batch: &RecordBatch, settings: WriteSettings, group_rows: usize) -> Bytes {
    let properties = WriterProperties::builder()
        .set_compression(settings.codec)
        .set_writer_version(settings.version)
        .set_dictionary_enabled(settings.has_dictionary)
        .set_dictionary_page_size_limit(1 << 30)
        .set_data_page_size_limit(1 << 30)
        .set_data_page_row_count_limit(usize::MAX)
        .set_max_row_group_row_count(Some(group_rows))
        .build();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).expect("a writer");
    writer.write(batch).expect("room");
    writer.close().expect("room");
    file.into()
}

fn read(file: &Bytes, plan: &ReadPlan, footer: &Footer, rows: Option<&Range<usize>>) -> Result<RecordBatch> {
    let mut batches = Vec::new();
    let reader = plan.read(file, footer, 7, rows)?;
    let schema = arrow_array::RecordBatchReader::schema(&reader);
    for batch in reader {
        batches.push(batch?);
    }
    Ok(concat_batches(&schema, &batches)?)
}

/// Creates a plan that reads every column in pieces, whatever the size of its pages.
fn split_plan(file: &Bytes, footer: &Footer) -> ReadPlan {
    let columns = (0..footer.fields().len()).collect();
    let mut plan = ReadPlan::new(file, footer, footer.nonempty_groups(), columns).expect("headers");
    for &group in &plan.groups {
        let leaves = footer.metadata().row_group(group).num_columns();
        plan.large.extend((0..leaves).map(|leaf| (group, leaf)));
    }
    plan
}

fn assert_same(file: &Bytes, plan: &ReadPlan, batch: &RecordBatch) {
    let footer = Footer::read(file).expect("a footer");
    assert_eq!(&read(file, plan, &footer, None).expect("readable"), batch);
    for rows in [0..3, 5..batch.num_rows(), batch.num_rows() / 2..batch.num_rows() / 2 + 1] {
        let rows = rows.start.min(batch.num_rows())..rows.end.min(batch.num_rows());
        if !rows.is_empty() {
            let found = read(file, plan, &footer, Some(&rows)).expect("readable");
            assert_eq!(found, batch.slice(rows.start, rows.len()), "{rows:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn small_pages_of_split_columns_are_unchanged(
        lengths in prop::collection::vec(prop::option::weighted(0.8, 0_usize..200), 1..60),
        group_rows in 1_usize..40,
        settings in settings(),
    ) {
        // Version 2 pages without a dictionary cannot be split, but small ones need no splitting.
        let batch = rows(&lengths);
        let file = file(&batch, settings, group_rows);
        let footer = Footer::read(&file).expect("a footer");
        assert_same(&file, &split_plan(&file, &footer), &batch);
    }
}

/// Creates rows with cells of up to 400 KB.
fn large() -> RecordBatch {
    let length = |row: usize| (row % 9 != 4).then_some(row * 30_001 % 400_000);
    rows(&(0..40).map(length).collect::<Vec<_>>())
}

#[test]
fn large_pages_of_any_codec_are_split() {
    let batch = large();
    for (codec, has_dictionary) in [
        (Compression::UNCOMPRESSED, false),
        (Compression::SNAPPY, true),
        (Compression::GZIP(GzipLevel::default()), false),
        (Compression::ZSTD(ZstdLevel::default()), true),
    ] {
        let file =
            file(&batch, WriteSettings { codec, version: WriterVersion::PARQUET_1_0, has_dictionary }, 40);
        let footer = Footer::read(&file).expect("a footer");
        let plan = split_plan(&file, &footer);
        let whole = ReadPlan { large: HashSet::new(), ..plan.clone() };
        assert_eq!(read(&file, &whole, &footer, None).expect("readable"), batch);
        assert_eq!(read(&file, &plan, &footer, None).expect("readable"), batch);
    }
}

/// Writes a file with one text column in one page, as other programs do.
fn one_page(version: WriterVersion, has_dictionary: bool, cells: &[ByteArray]) -> Bytes {
    let schema = "message rows { optional binary _step (UTF8); }";
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let properties = WriterProperties::builder()
        .set_writer_version(version)
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(has_dictionary)
        .set_dictionary_page_size_limit(1 << 30)
        .set_data_page_size_limit(1 << 30)
        .set_write_batch_size(1 << 20)
        .set_encoding(parquet::basic::Encoding::PLAIN)
        .build();
    let mut file = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut file, schema, Arc::new(properties)).expect("a writer");
    let mut group = writer.next_row_group().expect("a row group");
    let mut column = group.next_column().expect("readable").expect("a column");
    if let ColumnWriter::ByteArrayColumnWriter(typed) = column.untyped() {
        let levels: Vec<i16> = (0..cells.len() * 2).map(|row| i16::from(row % 2 == 0)).collect();
        typed.write_batch(cells, Some(&levels), None).expect("room");
    }
    column.close().expect("room");
    group.close().expect("room");
    writer.close().expect("room");
    file.into()
}

#[test]
fn one_huge_page_takes_the_memory_of_few_rows() {
    let cells: Vec<ByteArray> = (0..100_u8)
        .map(|cell| ByteArray::from(vec![b'a' + cell % 26; 100_000 + usize::from(cell)]))
        .collect();
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for has_dictionary in [true, false] {
            let file = one_page(version, has_dictionary, &cells);
            let footer = Footer::read(&file).expect("a footer");
            let plan = ReadPlan::new(&file, &footer, vec![0], vec![0]).expect("headers");
            assert!(plan.large.contains(&(0, 0)), "{version:?} {has_dictionary}");
            let max = plan.batch_rows(1 << 20, 1, 8_192);
            assert!(max as u64 * 50_000 <= MAX_BATCH, "{max} rows at once");
            let mut pages = SplitPages::new(file.clone(), footer.metadata().row_group(0).column(0));
            let mut values = 0;
            while let Some(page) = pages.get_next_page().expect("readable") {
                assert!(page.buffer().len() < 1 << 20, "a page of {} bytes", page.buffer().len());
                values += page.num_values();
            }
            assert_eq!(values, 200);
            let batch = read(&file, &plan, &footer, None).expect("readable");
            let texts: &StringArray = arrow_array::cast::AsArray::as_string(batch.column(0));
            assert!(texts.iter().step_by(2).eq(cells.iter().map(|cell| cell.as_utf8().ok())));
            assert!(texts.iter().skip(1).step_by(2).all(|text| text.is_none()));
        }
    }
}

#[test]
fn unsplittable_page_error_names_a_way_out() {
    let cells: Vec<ByteArray> = (0..60_u8).map(|cell| ByteArray::from(vec![cell; 100_000])).collect();
    let schema = Arc::new(parse_message_type("message rows { required binary _step; }").expect("a schema"));
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_data_page_size_limit(1 << 30)
        .set_write_batch_size(1 << 20)
        .set_encoding(parquet::basic::Encoding::DELTA_BYTE_ARRAY)
        .build();
    let mut file = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut file, schema, Arc::new(properties)).expect("a writer");
    let mut group = writer.next_row_group().expect("a row group");
    let mut column = group.next_column().expect("readable").expect("a column");
    if let ColumnWriter::ByteArrayColumnWriter(typed) = column.untyped() {
        typed.write_batch(&cells, None, None).expect("room");
    }
    column.close().expect("room");
    group.close().expect("room");
    writer.close().expect("room");
    let file = Bytes::from(file);
    let footer = Footer::read(&file).expect("a footer");
    let plan = ReadPlan::new(&file, &footer, vec![0], vec![0]).expect("headers");
    assert!(plan.large.contains(&(0, 0)));
    let error = read(&file, &plan, &footer, None).expect_err("one value after the other");
    assert!(error.to_string().contains("--source live"), "{error}");
}
