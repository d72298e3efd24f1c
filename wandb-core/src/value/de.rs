//! Deserialization of serde types from values.

mod access;
mod error;
mod key;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

pub(crate) use access::EntriesDeserializer;
pub use error::DeserializeError;

use super::Value;
use super::number::{integral, non_finite};
use access::{Entries, Items, Variant};

impl Value {
    /// Deserializes this value into a serde type.
    ///
    /// Numbers are converted leniently: a float field accepts integers and the strings `"NaN"`, `"Infinity"` and
    /// `"-Infinity"`; an integer field accepts floats without a fraction, as `_step` may be one. Errors contain the
    /// path in the value.
    ///
    /// ```
    /// use wandb_core::Value;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Point { _step: u64, loss: f64, note: Option<String> }
    ///
    /// let value = Value::parse(br#"{"_step": 3.0, "loss": "NaN"}"#)?;
    /// let point: Point = value.deserialize()?;
    /// assert!(point._step == 3 && point.loss.is_nan() && point.note.is_none());
    ///
    /// let value = Value::parse(br#"{"_step": 3.5, "loss": 1}"#)?;
    /// let error = value.deserialize::<Point>().err().unwrap();
    /// assert_eq!(error.to_string(), "at _step: invalid type: floating point `3.5`, expected u64");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn deserialize<'de, T: Deserialize<'de>>(&'de self) -> Result<T, DeserializeError> {
        T::deserialize(self)
    }

    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Self::Null => Unexpected::Unit,
            Self::Bool(bool) => Unexpected::Bool(*bool),
            Self::Int(int) => Unexpected::Signed(*int),
            Self::BigInt(_) => Unexpected::Other("integer beyond 128 bits"),
            Self::Float(float) => Unexpected::Float(*float),
            Self::String(string) => Unexpected::Str(string),
            Self::List(_) => Unexpected::Seq,
            Self::Map(_) => Unexpected::Map,
        }
    }

    fn integer<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, DeserializeError> {
        match self {
            Self::Int(int) => visitor.visit_i64(*int),
            Self::BigInt(big) => match (big.to_u64(), big.to_i128(), big.to_u128()) {
                (Some(int), ..) => visitor.visit_u64(int),
                (_, Some(int), _) => visitor.visit_i128(int),
                (_, _, Some(int)) => visitor.visit_u128(int),
                _ => Err(DeserializeError::invalid_type(self.unexpected(), &visitor)),
            },
            Self::Float(float) => match integral(*float) {
                Some(int) => visitor.visit_i64(int),
                None => Err(DeserializeError::invalid_type(self.unexpected(), &visitor)),
            },
            other => Err(DeserializeError::invalid_type(other.unexpected(), &visitor)),
        }
    }

    fn float<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, DeserializeError> {
        match self.as_f64() {
            Some(float) => visitor.visit_f64(float),
            None => Err(DeserializeError::invalid_type(self.unexpected(), &visitor)),
        }
    }
}

/// Defines methods for types that share a rule.
macro_rules! reads {
    ($rule:ident: $($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            self.$rule(visitor)
        }
    )+};
}

impl<'de> Deserializer<'de> for &'de Value {
    type Error = DeserializeError;

    reads!(integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128);
    reads!(float: deserialize_f32 deserialize_f64);

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            Value::Null => visitor.visit_unit(),
            Value::Bool(bool) => visitor.visit_bool(*bool),
            Value::Int(int) => visitor.visit_i64(*int),
            Value::BigInt(big) => match (big.to_i128(), big.to_u128()) {
                (None, None) => visitor.visit_borrowed_str(big.digits()),
                _ => self.integer(visitor),
            },
            Value::Float(float) => visitor.visit_f64(*float),
            Value::String(string) => visitor.visit_borrowed_str(string),
            Value::List(list) => Items::new(list).visit(visitor),
            Value::Map(map) => Entries::new(map.iter()).visit(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match Variant::of(self) {
            Some(variant) => visitor.visit_enum(variant),
            None => Err(DeserializeError::invalid_type(
                self.unexpected(),
                &"the name of a variant or a map from it to its content",
            )),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            Value::String(string) => visitor.visit_borrowed_bytes(string.as_bytes()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool char str string unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

/// Parses a float written as a key or a string.
fn float_text(text: &str) -> Option<f64> {
    non_finite(text).or_else(|| text.parse().ok())
}
