//! Reads back the rows of a file, with an independent reader where there is one.

use wandb_core::Row;
#[cfg(feature = "csv")]
use wandb_core::Value;

use crate::columns::Nested;
#[cfg(feature = "csv")]
use crate::columns::{ColumnType, Field, FieldKind};
use crate::sink::{Format, SinkOptions};

/// Returns the layout in which nested values were written.
pub(super) fn nested(format: Format, options: &SinkOptions) -> Nested {
    if format == Format::Jsonl { Nested::Json } else { options.table.nested.expect("set by the suite") }
}

/// Returns the delimiter of a format of fields without types.
pub(super) fn delimiter(format: Format) -> Option<u8> {
    match format {
        Format::Csv => Some(b','),
        Format::Tsv => Some(b'\t'),
        _ => None,
    }
}

/// Returns the rows in `bytes`, or `None` for a format that cannot be read back. `rows` are the rows written:
/// CSV needs them, because it does not store column types.
pub(super) fn read_back(
    format: Format,
    bytes: &[u8],
    rows: &[Row],
    options: &SinkOptions,
) -> Option<Vec<Row>> {
    #[cfg(feature = "csv")]
    if let Some(delimiter) = delimiter(format) {
        return Some(delimited(delimiter, bytes, rows, options));
    }
    match format {
        Format::Jsonl => {
            let lines = bytes.split_inclusive(|&byte| byte == b'\n');
            Some(lines.map(|line| Row::parse(line).expect("a row of JSON")).collect())
        }
        #[cfg(feature = "parquet")]
        Format::Parquet => {
            let bytes = bytes::Bytes::copy_from_slice(bytes);
            let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(bytes, 1000);
            let batches = reader.expect("a Parquet file").map(|batch| batch.expect("a batch"));
            Some(batches.flat_map(|batch| crate::from_arrow::rows_of(&batch).expect("rows")).collect())
        }
        #[cfg(feature = "parquet")]
        Format::Arrow => {
            let reader = arrow_ipc::reader::FileReader::try_new(std::io::Cursor::new(bytes), None);
            let batches = reader.expect("an Arrow file").map(|batch| batch.expect("a batch"));
            Some(batches.flat_map(|batch| crate::from_arrow::rows_of(&batch).expect("rows")).collect())
        }
        _ => {
            let (_, _) = (rows, options);
            None
        }
    }
}

#[cfg(feature = "csv")]
fn delimited(delimiter: u8, bytes: &[u8], rows: &[Row], options: &SinkOptions) -> Vec<Row> {
    let mut builder = options.table.schema_builder(Nested::Dotted);
    for row in rows {
        builder.observe(row);
    }
    let schema = builder.finish();
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
    let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let names: Vec<&str> = schema.fields().iter().map(Field::name).collect();
    if names.is_empty() {
        assert_eq!(header.join(""), "");
        return rows.to_vec();
    }
    assert_eq!(header, names);
    let records = reader.into_records().map(|record| record.expect("as many fields as the header"));
    let rows = records.map(|record| {
        let mut entries = Vec::new();
        for (field, text) in schema.fields().iter().zip(&record) {
            let FieldKind::Column(column_type) = field.kind() else { panic!("a struct in CSV") };
            let value = match column_type {
                _ if text.is_empty() => continue,
                ColumnType::Utf8 => Value::from(text),
                _ => Value::parse(text.as_bytes()).expect("a value of JSON"),
            };
            put_all(&mut entries, field.path(), value);
        }
        entries.into_iter().collect()
    });
    rows.collect()
}

/// Inserts a value at its path, or the values of the column for the rest at theirs.
#[cfg(feature = "csv")]
fn put_all(entries: &mut Vec<(String, Value)>, path: &[String], value: Value) {
    match value {
        Value::Map(map) if path.is_empty() => {
            for (key, value) in map {
                match (entries.iter_mut().find(|(own, _)| *own == key), value) {
                    (Some((_, Value::Map(own))), Value::Map(rest)) => merge(own, rest),
                    (_, value) => entries.push((key, value)),
                }
            }
        }
        value => put(entries, path, value),
    }
}

#[cfg(feature = "csv")]
fn merge(own: &mut wandb_core::Map, rest: wandb_core::Map) {
    for (key, value) in rest {
        match (own.get_mut(&key), value) {
            (Some(Value::Map(own)), Value::Map(rest)) => merge(own, rest),
            (_, value) => drop(own.insert(key, value)),
        }
    }
}

#[cfg(feature = "csv")]
fn put(entries: &mut Vec<(String, Value)>, path: &[String], value: Value) {
    use wandb_core::Map;

    let (first, rest) = path.split_first().expect("a path has a key");
    let Some((last, between)) = rest.split_last() else {
        entries.push((first.clone(), value));
        return;
    };
    if !entries.iter().any(|(key, _)| key == first) {
        entries.push((first.clone(), Value::Map(Map::new())));
    }
    let mut place = entries.iter_mut().find(|(key, _)| key == first).map(|(_, value)| value);
    for key in between {
        let Some(Value::Map(map)) = place else { panic!("a value where an object was") };
        if !map.contains_key(key) {
            map.insert(key.as_str(), Map::new());
        }
        place = map.get_mut(key);
    }
    let Some(Value::Map(map)) = place else { panic!("a value where an object was") };
    map.insert(last.as_str(), value);
}
