//! Access to lists, maps and enums for serde.

use std::slice;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::error::DeserializeError;
use super::key::KeyDeserializer;
use crate::value::Value;

/// The items of a list.
pub(super) struct Items<'de> {
    items: slice::Iter<'de, Value>,
    taken: usize,
}

impl<'de> Items<'de> {
    pub(super) fn new(items: &'de [Value]) -> Self {
        Self { items: items.iter(), taken: 0 }
    }

    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DeserializeError> {
        let visited = visitor.visit_seq(&mut self)?;
        match self.items.len() {
            0 => Ok(visited),
            left => Err(DeserializeError::invalid_length(
                self.taken + left,
                &format!("a list of {}", self.taken).as_str(),
            )),
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = DeserializeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Self::Error> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.taken;
        self.taken += 1;
        seed.deserialize(item).map(Some).map_err(|error| error.at_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The entries of a map or a row.
pub(super) struct Entries<'de, I> {
    entries: I,
    pending: Option<(&'de str, &'de Value)>,
}

impl<'de, I: Iterator<Item = (&'de str, &'de Value)>> Entries<'de, I> {
    pub(super) fn new(entries: I) -> Self {
        Self { entries, pending: None }
    }

    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DeserializeError> {
        visitor.visit_map(&mut self)
    }
}

impl<'de, I: Iterator<Item = (&'de str, &'de Value)>> MapAccess<'de> for Entries<'de, I> {
    type Error = DeserializeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Self::Error> {
        self.pending = self.entries.next();
        self.pending.map(|(key, _)| seed.deserialize(KeyDeserializer(key))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Self::Error> {
        let Some((key, value)) = self.pending.take() else {
            return Err(DeserializeError::custom("value requested before its key"));
        };
        seed.deserialize(value).map_err(|error| error.under_key(key))
    }

    fn size_hint(&self) -> Option<usize> {
        self.entries.size_hint().1
    }
}

/// Deserializes from entries.
pub(crate) struct EntriesDeserializer<I>(pub(crate) I);

impl<'de, I: Iterator<Item = (&'de str, &'de Value)>> Deserializer<'de> for EntriesDeserializer<I> {
    type Error = DeserializeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        Entries::new(self.0).visit(visitor)
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

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// An enum variant: a name alone, or a map from the name to the content.
pub(super) struct Variant<'de> {
    name: &'de str,
    content: Option<&'de Value>,
}

impl<'de> Variant<'de> {
    pub(super) fn of(value: &'de Value) -> Option<Self> {
        match value {
            Value::String(name) => Some(Self { name, content: None }),
            Value::Map(map) if map.len() == 1 => {
                map.iter().next().map(|(name, content)| Self { name, content: Some(content) })
            }
            _ => None,
        }
    }

    fn content(&self, expected: &str) -> Result<&'de Value, DeserializeError> {
        self.content.ok_or_else(|| {
            DeserializeError::invalid_type(Unexpected::UnitVariant, &expected).under_key(self.name)
        })
    }
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = DeserializeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Self::Error> {
        Ok((seed.deserialize(KeyDeserializer(self.name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = DeserializeError;

    fn unit_variant(self) -> Result<(), Self::Error> {
        match self.content {
            None | Some(Value::Null) => Ok(()),
            Some(content) => {
                Err(DeserializeError::invalid_type(content.unexpected(), &"no content").under_key(self.name))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Self::Error> {
        seed.deserialize(self.content("content")?).map_err(|error| error.under_key(self.name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Self::Error> {
        let content = self.content("a list")?;
        content.deserialize_tuple(len, visitor).map_err(|error| error.under_key(self.name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let content = self.content("a map")?;
        content.deserialize_struct("", fields, visitor).map_err(|error| error.under_key(self.name))
    }
}
