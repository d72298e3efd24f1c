//! Generates random Parquet files.

use std::sync::Arc;

use arrow_array::types::Int64Type;
use arrow_array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array, LargeStringArray,
    ListArray, RecordBatch, StringArray, StringViewArray, StructArray, TimestampMillisecondArray,
    UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Fields};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use proptest::collection::vec;
use proptest::prelude::*;

/// One file: its steps, and its columns, some of which may be missing.
#[derive(Debug, Clone)]
pub(super) struct TestFile {
    first: i64,
    /// The distances between consecutive steps.
    gaps: Vec<u8>,
    columns: Vec<Column>,
    group_rows: usize,
    has_statistics: bool,
    kind_of_step: Kind,
}

/// A column: its name, the kind of its values, and the seeds of its values.
type Column = (&'static str, Option<Kind>, Vec<Option<u8>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Byte,
    Short,
    Small,
    Wild,
    Unsigned,
    UnsignedLong,
    Beyond,
    Half,
    Float,
    Word,
    Number,
    LargeText,
    TextView,
    Time,
}

const KINDS: [Kind; 15] = [
    Kind::Bool,
    Kind::Byte,
    Kind::Short,
    Kind::Small,
    Kind::Wild,
    Kind::Unsigned,
    Kind::UnsignedLong,
    Kind::Beyond,
    Kind::Half,
    Kind::Float,
    Kind::Word,
    Kind::Number,
    Kind::LargeText,
    Kind::TextView,
    Kind::Time,
];

const INTEGERS: [i64; 7] = [0, -1, 1 << 53, (1 << 53) + 1, i64::MAX, i64::MIN, -(1 << 60)];
const FLOATS: [f64; 9] =
    [0.0, -0.0, 1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 5e-324, 9_007_199_254_740_993.0];
const WORDS: [&str; 6] = ["", "NaN", "word", "a,\"b\"\n", "№ 5", "null"];
const NUMBERS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

fn pick<T: Copy>(list: &[T], seed: u8) -> T {
    list[usize::from(seed) % list.len()]
}

#[expect(clippy::cast_possible_truncation, reason = "narrower floats are intended")]
fn array(kind: Kind, seeds: &[Option<u8>]) -> ArrayRef {
    let seeds = seeds.iter().copied();
    match kind {
        Kind::Bool => Arc::new(seeds.map(|seed| Some(seed? % 2 == 0)).collect::<BooleanArray>()),
        Kind::Byte => Arc::new(seeds.map(|seed| Some(seed?.cast_signed())).collect::<Int8Array>()),
        Kind::Short => Arc::new(seeds.map(|seed| Some(i32::from(seed?) - 100)).collect::<Int32Array>()),
        Kind::Small => Arc::new(seeds.map(|seed| Some(i64::from(seed?) - 100)).collect::<Int64Array>()),
        Kind::Wild => Arc::new(seeds.map(|seed| Some(pick(&INTEGERS, seed?))).collect::<Int64Array>()),
        Kind::Unsigned => {
            Arc::new(seeds.map(|seed| Some(u32::MAX - u32::from(seed?))).collect::<UInt32Array>())
        }
        Kind::UnsignedLong => {
            Arc::new(seeds.map(|seed| Some(u64::from(seed?) << 55)).collect::<UInt64Array>())
        }
        Kind::Beyond => {
            Arc::new(seeds.map(|seed| Some(u64::MAX - u64::from(seed?))).collect::<UInt64Array>())
        }
        Kind::Half => Arc::new(seeds.map(|seed| Some(pick(&FLOATS, seed?) as f32)).collect::<Float32Array>()),
        Kind::Float => Arc::new(seeds.map(|seed| Some(pick(&FLOATS, seed?))).collect::<Float64Array>()),
        Kind::Word => Arc::new(seeds.map(|seed| Some(pick(&WORDS, seed?))).collect::<StringArray>()),
        Kind::Number => Arc::new(seeds.map(|seed| Some(pick(&NUMBERS, seed?))).collect::<StringArray>()),
        Kind::LargeText => {
            Arc::new(seeds.map(|seed| Some(pick(&WORDS, seed?))).collect::<LargeStringArray>())
        }
        Kind::TextView => Arc::new(seeds.map(|seed| Some(pick(&WORDS, seed?))).collect::<StringViewArray>()),
        Kind::Time => {
            Arc::new(seeds.map(|seed| Some(i64::from(seed?))).collect::<TimestampMillisecondArray>())
        }
    }
}

/// Generates the kinds of a column in several files, mostly the same in all.
fn kinds(files: usize) -> impl Strategy<Value = Vec<Option<Kind>>> {
    let kind = || prop::sample::select(KINDS.to_vec());
    let change =
        prop_oneof![12 => Just(None), 1 => kind().prop_map(|kind| Some(Some(kind))), 2 => Just(Some(None))];
    (kind(), vec(change, files))
        .prop_map(|(kind, changes)| changes.into_iter().map(|change| change.unwrap_or(Some(kind))).collect())
}

/// Generates files of one history, most of which do not overlap.
pub(super) fn test_files() -> impl Strategy<Value = Vec<TestFile>> {
    (1_usize..4).prop_flat_map(|files| {
        let rows = vec((vec(prop_oneof![1 => Just(0_u8), 20 => 1..4_u8], 0..20), 1_usize..9), files);
        let seeds = vec(vec(vec(prop::option::weighted(0.7, any::<u8>()), 20), 3), files);
        let (a, b, c) = (kinds(files), kinds(files), kinds(files));
        let step = prop_oneof![4 => Just(Kind::Small), 4 => Just(Kind::Float), 1 => Just(Kind::Half), 1 => Just(Kind::Short), 1 => Just(Kind::UnsignedLong)];
        let apart = prop::bool::weighted(0.8);
        let flags = (apart, prop::bool::weighted(0.8), step);
        (rows, seeds, a, b, c, flags).prop_map(
            |(rows, seeds, a, b, c, (apart, has_statistics, kind_of_step))| {
                let mut next = 0;
                let all = rows.into_iter().zip(seeds).enumerate();
                all.map(|(index, ((gaps, group_rows), mut seeds))| {
                    let first = next;
                    let width: i64 = gaps.iter().map(|gap| i64::from(*gap)).sum();
                    next = if apart { first + width + 1 } else { first + width / 2 };
                    let mut column = |name, kinds: &[Option<Kind>]| {
                        let mut seeds = seeds.pop().unwrap_or_default();
                        seeds.truncate(gaps.len());
                        (name, kinds[index], seeds)
                    };
                    let columns = vec![column("a", &a), column("b", &b), column("c", &c)];
                    TestFile { first, gaps, columns, group_rows, has_statistics, kind_of_step }
                })
                .collect()
            },
        )
    })
}

impl TestFile {
    fn steps(&self) -> impl Iterator<Item = i64> + '_ {
        self.gaps.iter().scan(self.first, |next, gap| {
            let step = *next;
            *next += i64::from(*gap);
            Some(step)
        })
    }
}

pub(super) fn encode(file: &TestFile) -> Bytes {
    let steps: Vec<i64> = file.steps().collect();
    let steps: ArrayRef = match file.kind_of_step {
        Kind::Short => Arc::new(steps.iter().map(|step| i32::try_from(*step).ok()).collect::<Int32Array>()),
        Kind::UnsignedLong => {
            Arc::new(steps.iter().map(|step| u64::try_from(*step).ok()).collect::<UInt64Array>())
        }
        Kind::Float => floats(steps.iter().map(|step| Some(*step))),
        Kind::Half => {
            let float = |step: &i64| Some(f32::from(i16::try_from(*step).expect("small")));
            Arc::new(steps.iter().map(float).collect::<Float32Array>())
        }
        _ => Arc::new(Int64Array::from(steps)),
    };
    let columns =
        file.columns.iter().filter_map(|(name, kind, seeds)| Some((*name, array((*kind)?, seeds), true)));
    let mut columns: Vec<_> = columns.collect();
    columns.insert(columns.len() / 2, ("_step", steps, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length");
    let statistics = if file.has_statistics { EnabledStatistics::Page } else { EnabledStatistics::None };
    write(&batch, file.group_rows, statistics)
}

fn write(batch: &RecordBatch, group_rows: usize, statistics: EnabledStatistics) -> Bytes {
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(batch.num_columns() < 10)
        .set_max_row_group_row_count(Some(group_rows))
        .set_statistics_enabled(statistics)
        .build();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).expect("a writer");
    writer.write(batch).expect("room");
    writer.close().expect("room");
    file.into()
}

/// Creates steps as floats, as W&B's exporter writes them.
fn floats(steps: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    let float = |step: i64| f64::from(i32::try_from(step).expect("small"));
    Arc::new(steps.map(|step| step.map(float)).collect::<Float64Array>())
}

/// Creates a file of numbered rows with these steps.
pub(super) fn numbered(steps: &[Option<i64>], group_rows: usize) -> Bytes {
    let numbers: Int64Array = (0..).take(steps.len()).map(Some).collect();
    let columns =
        [("_step", floats(steps.iter().copied()), true), ("n", Arc::new(numbers) as ArrayRef, true)];
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length");
    write(&batch, group_rows, EnabledStatistics::Chunk)
}

/// Creates a file with a struct per row: of values, of a value and a null, of nulls, and a null struct.
pub(super) fn structs() -> Bytes {
    let fields: Fields =
        vec![Field::new("a", DataType::Int64, true), Field::new("b", DataType::Utf8, true)].into();
    let a: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), None, None]));
    let b: ArrayRef = Arc::new(StringArray::from(vec![Some("x"), None, None, None]));
    let nested = StructArray::new(fields, vec![a, b], Some(vec![true, true, true, false].into()));
    let columns = [("_step", floats((0..4).map(Some)), true), ("nested", Arc::new(nested) as ArrayRef, true)];
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length");
    write(&batch, 4, EnabledStatistics::Chunk)
}

/// Creates `rows` rows, each with an object that holds a text of `bytes` bytes, and a list of a tenth as many
/// numbers.
pub(super) fn large_cells(first: i64, rows: usize, bytes: usize) -> Bytes {
    let text = |row: usize| char::from(b'a' + u8::try_from(row % 26).expect("a letter")).to_string();
    let texts: ArrayRef =
        Arc::new(StringArray::from_iter_values((0..rows).map(|row| text(row).repeat(bytes))));
    let fields: Fields = vec![Field::new("text", DataType::Utf8, true)].into();
    let nested: ArrayRef = Arc::new(StructArray::new(fields, vec![Arc::clone(&texts)], None));
    let numbers = (0..rows).map(|row| Some((0..bytes / 10).map(move |n| i64::try_from(n + row).ok())));
    let numbers: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(numbers));
    let steps = floats((first..).take(rows).map(Some));
    let columns = [("_step", steps, true), ("nested", nested, true), ("numbers", numbers, true)];
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length");
    write(&batch, rows, EnabledStatistics::Chunk)
}

/// Creates `rows` rows from step `first` on, in two row groups, with `count` columns of floats.
pub(super) fn wide(first: i64, rows: usize, count: usize) -> Bytes {
    let steps: Int64Array = (first..).take(rows).map(Some).collect();
    let column = |column: usize| {
        let value = |row: usize| u32::try_from((row * 7919 + column * 104_729) % 1_000_003).expect("small");
        let values: Float64Array = (0..rows).map(|row| Some(1.0 / f64::from(value(row) + 1))).collect();
        (format!("column_{column:03}"), Arc::new(values) as ArrayRef, true)
    };
    let steps = ("_step".to_owned(), Arc::new(steps) as ArrayRef, true);
    let columns = std::iter::once(steps).chain((0..count).map(column));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length");
    write(&batch, rows / 2, EnabledStatistics::Chunk)
}

/// Creates a file with the footer of another file, which has other steps.
pub(super) fn with_false_statistics() -> Bytes {
    let file = |first: i64| {
        let steps: Int64Array = (first..first + 50).map(Some).collect();
        let batch = RecordBatch::try_from_iter_with_nullable([("_step", Arc::new(steps) as ArrayRef, true)]);
        write(&batch.expect("a column"), 50, EnabledStatistics::Chunk)
    };
    let (one, other) = (file(1_000), file(2_000));
    let footer = |file: &Bytes| {
        let tail: [u8; 4] = file[file.len() - 8..file.len() - 4].try_into().expect("four bytes");
        file.len() - 8 - usize::try_from(u32::from_le_bytes(tail)).expect("small")
    };
    assert_eq!(footer(&one), footer(&other), "the same lengths, so that the offsets fit");
    [&one[..footer(&one)], &other[footer(&other)..]].concat().into()
}
