//! Deserialization of map keys, which are strings in JSON.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::error::DeserializeError;
use super::float_text;

/// A key. Numbers and booleans are parsed from its text.
pub(super) struct KeyDeserializer<'de>(pub(super) &'de str);

/// Defines methods that parse the key as a type, or let the visitor reject the string.
macro_rules! parses {
    ($($method:ident $visit:ident $parse:expr;)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match $parse(self.0) {
                Some(parsed) => visitor.$visit(parsed),
                None => self.deserialize_any(visitor),
            }
        }
    )+};
}

fn parse<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

impl<'de> Deserializer<'de> for KeyDeserializer<'de> {
    type Error = DeserializeError;

    parses! {
        deserialize_bool visit_bool parse;
        deserialize_i8 visit_i8 parse;
        deserialize_i16 visit_i16 parse;
        deserialize_i32 visit_i32 parse;
        deserialize_i64 visit_i64 parse;
        deserialize_i128 visit_i128 parse;
        deserialize_u8 visit_u8 parse;
        deserialize_u16 visit_u16 parse;
        deserialize_u32 visit_u32 parse;
        deserialize_u64 visit_u64 parse;
        deserialize_u128 visit_u128 parse;
        deserialize_f32 visit_f64 float_text;
        deserialize_f64 visit_f64 float_text;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
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
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        BorrowedStrDeserializer::new(self.0).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
