use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, FixedSizeListBuilder, Int64Builder, ListBuilder, ListViewBuilder, MapBuilder, StringBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int32Type, UInt16Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Date32Array, Date64Array, Decimal128Array,
    Decimal256Array, DictionaryArray, DurationSecondArray, FixedSizeBinaryArray, Float16Array, Float32Array,
    Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, IntervalYearMonthArray, LargeBinaryArray,
    LargeListArray, LargeStringArray, ListArray, NullArray, StringArray, StringViewArray, StructArray,
    Time32SecondArray, Time64NanosecondArray, TimestampMicrosecondArray, TimestampSecondArray, UInt8Array,
    UInt16Array, UInt32Array, UInt64Array,
};
use arrow_buffer::{OffsetBuffer, i256};
use arrow_schema::Field;
use half::f16;

use super::*;

fn batch(array: ArrayRef) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable([("x", array, true)]).expect("one column")
}

/// Returns the values of column `x` as JSON text, with `-` for rows without the key.
fn values(array: impl Array + 'static) -> String {
    let rows = rows_of(&batch(Arc::new(array))).expect("readable");
    rows.iter().map(|row| row.get("x").map_or("-".to_owned(), Value::to_json)).collect::<Vec<_>>().join(" ")
}

#[test]
fn integers_of_every_width_are_exact() {
    assert_eq!(values(Int8Array::from(vec![Some(i8::MIN), None])), "-128 -");
    assert_eq!(values(Int16Array::from(vec![i16::MIN])), "-32768");
    assert_eq!(values(Int32Array::from(vec![i32::MAX])), "2147483647");
    assert_eq!(
        values(Int64Array::from(vec![i64::MIN, i64::MAX])),
        "-9223372036854775808 9223372036854775807"
    );
    assert_eq!(values(UInt8Array::from(vec![u8::MAX])), "255");
    assert_eq!(values(UInt16Array::from(vec![u16::MAX])), "65535");
    assert_eq!(values(UInt32Array::from(vec![u32::MAX])), "4294967295");
    assert_eq!(values(UInt64Array::from(vec![7, u64::MAX])), "7 18446744073709551615");
}

#[test]
fn floats_of_every_width_are_exact() {
    assert_eq!(values(Float16Array::from(vec![f16::from_f64(0.5), f16::INFINITY])), "0.5 \"Infinity\"");
    assert_eq!(values(Float32Array::from(vec![0.1])), "0.10000000149011612");
    assert_eq!(
        values(Float64Array::from(vec![Some(0.1), Some(-0.0), Some(f64::NAN), None])),
        "0.1 -0.0 \"NaN\" -"
    );
}

#[test]
fn strings_and_booleans_of_every_kind_are_converted() {
    assert_eq!(values(StringArray::from(vec![Some("é"), Some(""), None])), r#""é" "" -"#);
    assert_eq!(values(LargeStringArray::from(vec!["a"])), r#""a""#);
    assert_eq!(
        values(StringViewArray::from(vec!["a string that is no longer inlined"])),
        r#""a string that is no longer inlined""#
    );
    assert_eq!(values(BooleanArray::from(vec![Some(true), None, Some(false)])), "true - false");
    assert_eq!(values(NullArray::new(2)), "- -");
}

#[test]
fn binary_is_text_or_base64() {
    let bytes: [&[u8]; 2] = [b"text", b"\xff\x00"];
    assert_eq!(values(BinaryArray::from(bytes.to_vec())), r#""text" "/wA=""#);
    assert_eq!(values(LargeBinaryArray::from(bytes.to_vec())), r#""text" "/wA=""#);
    assert_eq!(values(BinaryViewArray::from(bytes.to_vec())), r#""text" "/wA=""#);
    let fixed = FixedSizeBinaryArray::try_from_iter([b"ab", b"\xff\xfe"].iter()).expect("two bytes each");
    assert_eq!(values(fixed), r#""ab" "//4=""#);
}

#[test]
fn calendar_values_are_iso_8601() {
    assert_eq!(values(Date32Array::from(vec![0, 20_000])), r#""1970-01-01" "2024-10-04""#);
    assert_eq!(values(Date64Array::from(vec![86_400_000])), r#""1970-01-02""#);
    assert_eq!(values(Time32SecondArray::from(vec![3661])), r#""01:01:01""#);
    assert_eq!(values(Time64NanosecondArray::from(vec![1_500_000_000])), r#""00:00:01.500""#);
    assert_eq!(values(TimestampSecondArray::from(vec![0])), r#""1970-01-01T00:00:00""#);
    let zoned = TimestampMicrosecondArray::from(vec![1_700_000_000_000_001]).with_timezone("+02:00");
    assert_eq!(values(zoned), r#""2023-11-14T22:13:20.000001Z""#);
    assert_eq!(values(DurationSecondArray::from(vec![90])), "90");
}

#[test]
fn decimals_are_exact() {
    let whole =
        Decimal128Array::from(vec![10_i128.pow(37), 5]).with_precision_and_scale(38, 0).expect("fits");
    assert_eq!(values(whole), format!("1{} 5", "0".repeat(37)));
    let places = Decimal128Array::from(vec![12345, -5]).with_precision_and_scale(10, 2).expect("fits");
    assert_eq!(values(places), r#""123.45" "-0.05""#);
    let hundreds = Decimal128Array::from(vec![12]).with_precision_and_scale(10, -2).expect("fits");
    assert_eq!(values(hundreds), "1200");
    let wide = Decimal256Array::from(vec![i256::from_i128(i128::MAX)])
        .with_precision_and_scale(76, 0)
        .expect("fits");
    assert_eq!(values(wide), i128::MAX.to_string());
}

#[test]
fn lists_of_every_kind_keep_their_nulls() {
    let lists = [Some(vec![Some(1), None]), None, Some(vec![])];
    assert_eq!(values(ListArray::from_iter_primitive::<Int32Type, _, _>(lists.clone())), "[1,null] - []");
    let large = LargeListArray::from_iter_primitive::<Int32Type, _, _>(lists);
    assert_eq!(values(large.slice(1, 2)), "- []");

    let mut views = ListViewBuilder::new(Int64Builder::new());
    views.append_value([Some(1), None]);
    views.append_null();
    assert_eq!(values(views.finish()), "[1,null] -");

    let mut fixed = FixedSizeListBuilder::new(Int64Builder::new(), 2);
    fixed.values().append_slice(&[1, 2, 3, 4]);
    fixed.append(true);
    fixed.append(true);
    assert_eq!(values(fixed.finish().slice(1, 1)), "[3,4]");
}

#[test]
fn dictionaries_resolve_to_their_values() {
    let words: DictionaryArray<Int8Type> = vec![Some("b"), None, Some("a"), Some("b")].into_iter().collect();
    assert_eq!(values(words), r#""b" - "a" "b""#);
    let keys = UInt16Array::from(vec![0, 1]);
    let with_null = DictionaryArray::<UInt16Type>::new(keys, Arc::new(Int64Array::from(vec![Some(5), None])));
    assert_eq!(values(with_null), "5 -");
}

#[test]
fn structs_are_objects_without_their_nulls() {
    let inner: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
    let field = Field::new("a", inner.data_type().clone(), true);
    let array = StructArray::try_new(vec![field].into(), vec![inner], Some(vec![true, true, false].into()));
    assert_eq!(values(array.expect("a struct")), r#"{"a":1} {} -"#);
}

#[test]
fn maps_are_objects_or_lists_of_pairs() {
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    map.keys().append_value("a");
    map.values().append_null();
    map.append(true).expect("a key for each value");
    map.append(false).expect("a key for each value");
    assert_eq!(values(map.finish()), r#"{"a":null} -"#);

    let mut map = MapBuilder::new(None, Int64Builder::new(), Int64Builder::new());
    map.keys().append_value(1);
    map.values().append_value(2);
    map.append(true).expect("a key for each value");
    assert_eq!(values(map.finish()), r#"[{"key":1,"value":2}]"#);
}

#[test]
fn nested_lists_and_structs_are_converted() {
    let mut inner = ListBuilder::new(StringBuilder::new());
    inner.append_value([Some("x")]);
    inner.append_null();
    let inner: ArrayRef = Arc::new(ArrayBuilder::finish(&mut inner).as_list::<i32>().clone());
    let field = Field::new("tags", inner.data_type().clone(), true);
    let structs = StructArray::try_new(vec![field].into(), vec![inner], None).expect("a struct");
    let item = Arc::new(Field::new_list_field(structs.data_type().clone(), true));
    let list = ListArray::new(item, OffsetBuffer::from_lengths([2]), Arc::new(structs), None);
    assert_eq!(values(list), r#"[{"tags":["x"]},{}]"#);
}

#[test]
fn unsupported_type_error_names_the_column() {
    let interval: ArrayRef = Arc::new(IntervalYearMonthArray::from(vec![1]));
    let field = Field::new("inner", interval.data_type().clone(), true);
    let array = StructArray::try_new(vec![field].into(), vec![interval], None).expect("a struct");
    let error = rows_of(&batch(Arc::new(array))).expect_err("no such value").to_string();
    assert!(error.contains("\"x.inner\"") && error.contains("Interval"), "{error}");
}

#[test]
fn date_out_of_range_is_an_error() {
    let array = TimestampSecondArray::from(vec![Some(0), Some(i64::MAX)]);
    let error = rows_of(&batch(Arc::new(array))).expect_err("no such date").to_string();
    assert!(error.contains("row 1"), "{error}");
}

#[test]
fn wrong_metadata_is_ignored() {
    let array: ArrayRef = Arc::new(StringArray::from(vec!["not JSON", "[1]"]));
    let other: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let note = |text: &str| HashMap::from([("wandb-export".to_owned(), text.to_owned())]);
    let fields = vec![
        Field::new("a", other.data_type().clone(), true),
        Field::new("a.b", array.data_type().clone(), true)
            .with_metadata(note(r#"{"type":"json","path":["a","b"]}"#)),
        Field::new("c", other.data_type().clone(), true).with_metadata(note("no JSON either")),
    ];
    let schema = Arc::new(arrow_schema::Schema::new(fields));
    let batch = RecordBatch::try_new(schema, vec![Arc::clone(&other), array, other]).expect("a batch");
    let lines: String = rows_of(&batch).expect("readable").iter().map(Row::to_json_line).collect();
    assert_eq!(lines, "{\"a\":1,\"a.b\":\"not JSON\",\"c\":1}\n{\"a\":2,\"a.b\":[1],\"c\":2}\n");
}

#[test]
fn too_deep_path_is_ignored() {
    let path = vec![r#""a""#; 100_000].join(",");
    let notes = HashMap::from([("wandb-export".to_owned(), format!(r#"{{"path":[{path}]}}"#))]);
    let field = Field::new("x", arrow_schema::DataType::Int64, true).with_metadata(notes);
    let schema = Arc::new(arrow_schema::Schema::new(vec![field]));
    let array: ArrayRef = Arc::new(Int64Array::from(vec![7]));
    let rows = rows_of(&RecordBatch::try_new(schema, vec![array]).expect("a batch")).expect("readable");
    assert_eq!(rows[0].to_json_line(), "{\"x\":7}\n");
}
