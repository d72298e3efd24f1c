//! Conversions from and to other types.

use super::{BigInt, Map, Value};

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

macro_rules! from_small_integers {
    ($($integer:ty),+) => {
        $(impl From<$integer> for Value {
            fn from(int: $integer) -> Self {
                Self::Int(int.into())
            }
        })+
    };
}

from_small_integers!(i8, i16, i32, i64, u8, u16, u32);

impl From<u64> for Value {
    fn from(int: u64) -> Self {
        i64::try_from(int).map_or_else(|_| Self::BigInt(BigInt::from_digits(&int.to_string())), Self::Int)
    }
}

impl From<i128> for Value {
    fn from(int: i128) -> Self {
        i64::try_from(int).map_or_else(|_| Self::BigInt(BigInt::from_digits(&int.to_string())), Self::Int)
    }
}

impl From<u128> for Value {
    fn from(int: u128) -> Self {
        i64::try_from(int).map_or_else(|_| Self::BigInt(BigInt::from_digits(&int.to_string())), Self::Int)
    }
}

impl From<f64> for Value {
    fn from(float: f64) -> Self {
        Self::Float(float)
    }
}

impl From<&str> for Value {
    fn from(string: &str) -> Self {
        Self::String(string.to_owned())
    }
}

impl From<String> for Value {
    fn from(string: String) -> Self {
        Self::String(string)
    }
}

impl From<Vec<Self>> for Value {
    fn from(list: Vec<Self>) -> Self {
        Self::List(list)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

/// Lossless: `serde_json` without its `arbitrary_precision` feature has no integers beyond `u64`.
impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(bool) => bool.into(),
            serde_json::Value::Number(number) => number_from(&number),
            serde_json::Value::String(string) => string.into(),
            serde_json::Value::Array(list) => Self::List(list.into_iter().map(Self::from).collect()),
            serde_json::Value::Object(map) => Self::Map(map.into_iter().collect()),
        }
    }
}

fn number_from(number: &serde_json::Number) -> Value {
    // The text is exact, whichever features `serde_json` was built with.
    let text = number.to_string();
    Value::parse(text.as_bytes()).unwrap_or(Value::String(text))
}

/// Values that `serde_json` cannot represent become strings: non-finite numbers W&B's names for them (`"NaN"`,
/// `"Infinity"`, `"-Infinity"`), integers beyond `u64` their digits.
impl From<Value> for serde_json::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(bool) => bool.into(),
            Value::Int(int) => int.into(),
            Value::BigInt(big) => big.to_u64().map_or_else(|| big.digits().into(), Self::from),
            Value::Float(float) => match super::number::non_finite_name(float) {
                Some(name) => name.into(),
                None => float.into(),
            },
            Value::String(string) => string.into(),
            Value::List(list) => list.into_iter().map(Self::from).collect(),
            Value::Map(map) => map.into_iter().map(|(key, value)| (key, Self::from(value))).collect(),
        }
    }
}
