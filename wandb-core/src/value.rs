//! Values as W&B keeps them: JSON, with what the standard leaves out.
//!
//! Summaries, configs and history rows come as JSON text that the standard would refuse: bare `NaN`, `Infinity` and
//! `-Infinity`, raw control characters inside strings, integers beyond 64 bits. [`Value`] holds all of it exactly
//! and keeps `1` and `1.0` apart, as Python does.
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

/// How deeply lists and maps may be nested. Deeper text is refused rather than risking the stack.
pub const MAX_DEPTH: usize = 256;

/// A JSON value, with integers of any size and non-finite numbers.
///
/// `==` compares as JSON does, maps regardless of order, and floats as IEEE 754 does: NaN differs from itself and
/// `0.0` equals `-0.0`. [`Value::is_identical_to`] compares floats bit for bit instead.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    /// `null`, which is not the same as a missing key.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number written without fraction and exponent.
    Int(i64),
    /// Such a number beyond the range of `i64`.
    BigInt(BigInt),
    /// A number written with a fraction or an exponent, or `NaN`, `Infinity` or `-Infinity` without quotes.
    Float(f64),
    /// Text. W&B often writes non-finite numbers as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`; they stay
    /// strings here, and [`Value::as_f64`] understands them.
    String(String),
    /// `[…]`.
    List(Vec<Value>),
    /// `{…}`.
    Map(Map),
}

impl Value {
    /// Reads JSON text as W&B writes it, the way Python's `json` does.
    ///
    /// Beyond the standard these are accepted: bare `NaN`, `Infinity` and `-Infinity`; integers of any size (up to
    /// 4300 digits, Python's limit); floats too large, which become infinite; raw control characters in strings.
    /// Of repeated keys the last value counts, at the place of the first.
    ///
    /// A lone surrogate such as `\ud800` cannot be held by a Rust string and becomes U+FFFD, as in W&B's own
    /// server; [`Value::parse_with_repairs`] tells how many there were. It is the only loss.
    pub fn parse(text: &[u8]) -> Result<Self, ValueError> {
        Ok(Self::parse_with_repairs(text)?.0)
    }

    /// Reads like [`Value::parse`], and says what had to be mended.
    pub fn parse_with_repairs(text: &[u8]) -> Result<(Self, Repairs), ValueError> {
        parse_with(text, parse::whole_value)
    }

    /// The value as JSON text, without spaces, parsed back as the same value.
    ///
    /// Integers stay integers with all their digits; floats have the fewest digits that parse back to the same
    /// bits, and a fraction or an exponent. Non-finite floats become the strings `"NaN"`, `"Infinity"` and
    /// `"-Infinity"`, as W&B writes them and every JSON reader accepts.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    /// The value under a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// The value found by following keys through nested maps.
    pub fn get_path<'a>(&self, keys: impl IntoIterator<Item = &'a str>) -> Option<&Self> {
        keys.into_iter().try_fold(self, |value, key| value.get(key))
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(bool) => Some(*bool),
            _ => None,
        }
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(string) => Some(string),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The entries, if this is a map.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Whether both are the same to the bit: NaN equals NaN of the same bits, and `0.0` differs from `-0.0`. Maps
    /// may differ in the order of their keys.
    pub fn is_identical_to(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(own), Self::Float(other)) => own.to_bits() == other.to_bits(),
            (Self::List(own), Self::List(other)) => {
                own.len() == other.len()
                    && own.iter().zip(other).all(|(own, other)| own.is_identical_to(other))
            }
            (Self::Map(own), Self::Map(other)) => {
                own.len() == other.len()
                    && own
                        .iter()
                        .all(|(key, value)| other.get(key).is_some_and(|other| value.is_identical_to(other)))
            }
            _ => self == other,
        }
    }
}

#[cfg(test)]
mod tests;
