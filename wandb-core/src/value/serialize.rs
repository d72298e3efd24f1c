//! Serialization of values with serde.

use serde::ser::{Serialize, Serializer};

use super::number::non_finite_name;
use super::{Map, Value};

/// Non-finite floats become the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, and integers beyond 128 bits strings
/// of their digits, because not all formats support them. [`Value::to_json`] keeps every integer a number.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(bool) => serializer.serialize_bool(*bool),
            Self::Int(int) => serializer.serialize_i64(*int),
            Self::BigInt(big) => match (big.to_u64(), big.to_i128(), big.to_u128()) {
                (Some(int), ..) => serializer.serialize_u64(int),
                (_, Some(int), _) => serializer.serialize_i128(int),
                (_, _, Some(int)) => serializer.serialize_u128(int),
                _ => serializer.serialize_str(big.digits()),
            },
            Self::Float(float) => match non_finite_name(*float) {
                Some(name) => serializer.serialize_str(name),
                None => serializer.serialize_f64(*float),
            },
            Self::String(string) => serializer.serialize_str(string),
            Self::List(list) => serializer.collect_seq(list),
            Self::Map(map) => map.serialize(serializer),
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}
