//! Reads values of types that are not nested.

use std::fmt::Debug;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, ArrowTemporalType, Date32Type, Date64Type, Decimal32Type, Decimal64Type,
    Decimal128Type, Decimal256Type, DecimalType, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, PrimitiveArray};
use arrow_schema::{DataType, TimeUnit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use wandb_core::Value;

use super::column::Read;

/// Returns whether values of this type are strings.
pub(super) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Returns a reader for `array`, or `None` if its type is not a supported scalar.
pub(super) fn read(array: &dyn Array) -> Option<Read<'_>> {
    Some(match array.data_type() {
        DataType::Null => Box::new(|_| Some(Value::Null)),
        DataType::Boolean => {
            let array = array.as_boolean();
            Box::new(|index| Some(Value::Bool(array.value(index))))
        }
        DataType::Int8 => primitive::<Int8Type>(array, |value| i64::from(value).into()),
        DataType::Int16 => primitive::<Int16Type>(array, |value| i64::from(value).into()),
        DataType::Int32 => primitive::<Int32Type>(array, |value| i64::from(value).into()),
        DataType::Int64 => primitive::<Int64Type>(array, Value::from),
        DataType::UInt8 => primitive::<UInt8Type>(array, |value| i64::from(value).into()),
        DataType::UInt16 => primitive::<UInt16Type>(array, |value| i64::from(value).into()),
        DataType::UInt32 => primitive::<UInt32Type>(array, |value| i64::from(value).into()),
        DataType::UInt64 => primitive::<UInt64Type>(array, Value::from),
        DataType::Float16 => primitive::<Float16Type>(array, |value| value.to_f64().into()),
        DataType::Float32 => primitive::<Float32Type>(array, |value| f64::from(value).into()),
        DataType::Float64 => primitive::<Float64Type>(array, Value::from),
        DataType::Duration(TimeUnit::Second) => primitive::<DurationSecondType>(array, Value::from),
        DataType::Duration(TimeUnit::Millisecond) => primitive::<DurationMillisecondType>(array, Value::from),
        DataType::Duration(TimeUnit::Microsecond) => primitive::<DurationMicrosecondType>(array, Value::from),
        DataType::Duration(TimeUnit::Nanosecond) => primitive::<DurationNanosecondType>(array, Value::from),
        DataType::Decimal32(..) => decimal::<Decimal32Type>(array),
        DataType::Decimal64(..) => decimal::<Decimal64Type>(array),
        DataType::Decimal128(..) => decimal::<Decimal128Type>(array),
        DataType::Decimal256(..) => decimal::<Decimal256Type>(array),
        DataType::Timestamp(unit, zone) => {
            let end = if zone.is_some() { "Z" } else { "" };
            match unit {
                TimeUnit::Second => timestamp::<TimestampSecondType>(array, end),
                TimeUnit::Millisecond => timestamp::<TimestampMillisecondType>(array, end),
                TimeUnit::Microsecond => timestamp::<TimestampMicrosecondType>(array, end),
                TimeUnit::Nanosecond => timestamp::<TimestampNanosecondType>(array, end),
            }
        }
        DataType::Date32 => temporal::<Date32Type, _>(array, "", PrimitiveArray::value_as_date),
        DataType::Date64 => temporal::<Date64Type, _>(array, "", PrimitiveArray::value_as_date),
        DataType::Time32(TimeUnit::Second) => time::<Time32SecondType>(array),
        DataType::Time32(TimeUnit::Millisecond) => time::<Time32MillisecondType>(array),
        DataType::Time64(TimeUnit::Microsecond) => time::<Time64MicrosecondType>(array),
        DataType::Time64(TimeUnit::Nanosecond) => time::<Time64NanosecondType>(array),
        _ => return text(array).or_else(|| binary(array)),
    })
}

fn text(array: &dyn Array) -> Option<Read<'_>> {
    Some(match array.data_type() {
        DataType::Utf8 => {
            let array = array.as_string::<i32>();
            Box::new(|index| Some(array.value(index).into()))
        }
        DataType::LargeUtf8 => {
            let array = array.as_string::<i64>();
            Box::new(|index| Some(array.value(index).into()))
        }
        DataType::Utf8View => {
            let array = array.as_string_view();
            Box::new(|index| Some(array.value(index).into()))
        }
        _ => return None,
    })
}

fn binary(array: &dyn Array) -> Option<Read<'_>> {
    Some(match array.data_type() {
        DataType::Binary => {
            let array = array.as_binary::<i32>();
            Box::new(|index| Some(bytes(array.value(index))))
        }
        DataType::LargeBinary => {
            let array = array.as_binary::<i64>();
            Box::new(|index| Some(bytes(array.value(index))))
        }
        DataType::BinaryView => {
            let array = array.as_binary_view();
            Box::new(|index| Some(bytes(array.value(index))))
        }
        DataType::FixedSizeBinary(_) => {
            let array = array.as_fixed_size_binary();
            Box::new(|index| Some(bytes(array.value(index))))
        }
        _ => return None,
    })
}

fn bytes(bytes: &[u8]) -> Value {
    std::str::from_utf8(bytes).map_or_else(|_| BASE64.encode(bytes).into(), Value::from)
}

fn primitive<'a, T: ArrowPrimitiveType>(
    array: &'a dyn Array,
    value: impl Fn(T::Native) -> Value + 'a,
) -> Read<'a> {
    let array = array.as_primitive::<T>();
    Box::new(move |index| Some(value(array.value(index))))
}

fn decimal<T: DecimalType + ArrowPrimitiveType>(array: &dyn Array) -> Read<'_> {
    let array = array.as_primitive::<T>();
    let has_places = array.scale() > 0;
    Box::new(move |index| {
        let digits = array.value_as_string(index);
        if has_places { Some(digits.into()) } else { Value::parse(digits.as_bytes()).ok() }
    })
}

fn timestamp<'a, T: ArrowTemporalType>(array: &'a dyn Array, end: &'static str) -> Read<'a>
where
    i64: From<T::Native>,
{
    temporal::<T, _>(array, end, PrimitiveArray::value_as_datetime)
}

fn time<T: ArrowTemporalType>(array: &dyn Array) -> Read<'_>
where
    i64: From<T::Native>,
{
    temporal::<T, _>(array, "", PrimitiveArray::value_as_time)
}

/// Formats calendar values as ISO 8601, which is their `Debug` format.
fn temporal<'a, T: ArrowTemporalType, C: Debug>(
    array: &'a dyn Array,
    end: &'static str,
    value: impl Fn(&PrimitiveArray<T>, usize) -> Option<C> + 'a,
) -> Read<'a> {
    let array = array.as_primitive::<T>();
    Box::new(move |index| value(array, index).map(|value| format!("{value:?}{end}").into()))
}
