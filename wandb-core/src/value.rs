//! JSON values with W&B's extensions to the standard.
//!
//! Summaries, configs and history rows contain JSON that the standard forbids: bare `NaN`, `Infinity` and
//! `-Infinity`, raw control characters inside strings, integers beyond 64 bits. [`Value`] represents all of them
//! exactly, and distinguishes `1` from `1.0`, like Python.
//!
//! ```
//! use wandb_core::Value;
//!
//! let row = Value::parse(br#"{"_step": 5.0, "loss": NaN, "tokens": 18446744073709551616, "lr": 1e-4}"#)?;
//! assert_eq!(row.get("_step").and_then(Value::as_i64), Some(5));
//! assert!(row.get("loss").is_some_and(Value::is_non_finite));
//! assert_eq!(row.to_json(), r#"{"_step":5.0,"loss":"NaN","tokens":18446744073709551616,"lr":0.0001}"#);
//! # Ok::<(), wandb_core::ValueError>(())
//! ```

mod big_int;
mod convert;
mod de;
mod error;
mod map;
mod number;
mod parse;
mod print;
mod repair;
mod serialize;
mod visit;
mod yaml;

pub use big_int::BigInt;
pub use de::DeserializeError;
pub(crate) use de::EntriesDeserializer;
pub use error::ValueError;
pub use map::Map;
pub(crate) use number::non_finite;
pub(crate) use parse::{parse_with, whole_object};
pub(crate) use print::{write_entries, write_string};
pub use repair::Repairs;
pub use yaml::YamlError;

/// The maximum nesting depth of lists and maps. Deeper text is rejected to protect the stack.
pub const MAX_DEPTH: usize = 256;

/// A JSON value, with integers of any size and non-finite numbers.
///
/// `==` compares maps regardless of order, and floats like IEEE 754: NaN differs from itself and `0.0` equals `-0.0`.
/// [`Value::is_identical_to`] compares floats bitwise instead.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    /// `null`, as opposed to a missing key.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without fraction and exponent.
    Int(i64),
    /// A number without fraction and exponent that does not fit `i64`.
    BigInt(BigInt),
    /// A number with a fraction or an exponent, or `NaN`, `Infinity` or `-Infinity` without quotes.
    Float(f64),
    /// A string. W&B often writes non-finite numbers as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`. They
    /// remain strings here; [`Value::as_f64`] converts them.
    String(String),
    /// `[…]`.
    List(Vec<Value>),
    /// `{…}`.
    Map(Map),
}

impl Value {
    /// Parses JSON as written by W&B, like Python's `json`.
    ///
    /// Extensions to the standard: bare `NaN`, `Infinity` and `-Infinity`; integers of any size (up to 4300 digits,
    /// Python's limit); floats beyond the range, which become infinite; raw control characters in strings. For
    /// repeated keys, the last value wins, at the position of the first.
    ///
    /// A lone surrogate such as `\ud800` is not representable in a Rust string and becomes U+FFFD, as in W&B's
    /// server. [`Value::parse_with_repairs`] counts them. Nothing else is lost.
    pub fn parse(text: &[u8]) -> Result<Self, ValueError> {
        Ok(Self::parse_with_repairs(text)?.0)
    }

    /// Parses like [`Value::parse`], and also returns the repairs made.
    pub fn parse_with_repairs(text: &[u8]) -> Result<(Self, Repairs), ValueError> {
        parse_with(text, parse::whole_value)
    }

    /// Formats the value as JSON without spaces. Parsing the result gives the same value.
    ///
    /// Integers keep all their digits. Floats have the fewest digits that parse to the same bits, and always a
    /// fraction or an exponent. Non-finite floats become the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, as in
    /// W&B, which every JSON parser accepts.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    /// Returns the value of a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// Returns the value at a path of keys through nested maps.
    pub fn get_path<'a>(&self, keys: impl IntoIterator<Item = &'a str>) -> Option<&Self> {
        keys.into_iter().try_fold(self, |value, key| value.get(key))
    }

    /// Returns true for `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the boolean, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(bool) => Some(*bool),
            _ => None,
        }
    }

    /// Returns the string, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(string) => Some(string),
            _ => None,
        }
    }

    /// Returns the items, if this is a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// Returns the entries, if this is a map.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Returns true if both values are bitwise equal: NaN equals NaN of the same bits, and `0.0` differs from `-0.0`.
    /// The order of keys in maps is ignored.
    pub fn is_identical_to(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(left), Self::Float(other)) => left.to_bits() == other.to_bits(),
            (Self::List(left), Self::List(other)) => {
                left.len() == other.len()
                    && left.iter().zip(other).all(|(left, other)| left.is_identical_to(other))
            }
            (Self::Map(left), Self::Map(other)) => {
                left.len() == other.len()
                    && left
                        .iter()
                        .all(|(key, value)| other.get(key).is_some_and(|other| value.is_identical_to(other)))
            }
            _ => self == other,
        }
    }
}

#[cfg(test)]
mod tests;
