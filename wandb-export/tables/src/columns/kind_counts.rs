//! Counts of each kind of value at one path of the rows.

use std::fmt;

use wandb_core::Value;

/// The kinds of values that matter to a column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ValueKind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// An integer that fits 64 bits.
    Integer,
    /// An integer beyond 64 bits.
    BigInteger,
    /// A double.
    Float,
    /// One of the strings `NaN`, `Infinity` and `-Infinity`, which W&B writes in JSON for non-finite numbers.
    NonFiniteText,
    /// Any other string.
    String,
    /// A list.
    List,
    /// An object.
    Object,
}

impl ValueKind {
    const ALL: [Self; 9] = [
        Self::Null,
        Self::Bool,
        Self::Integer,
        Self::BigInteger,
        Self::Float,
        Self::NonFiniteText,
        Self::String,
        Self::List,
        Self::Object,
    ];

    /// Returns the kind of a value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Int(_) => Self::Integer,
            Value::BigInt(_) => Self::BigInteger,
            Value::Float(_) => Self::Float,
            Value::String(_) if value.is_non_finite() => Self::NonFiniteText,
            Value::String(_) => Self::String,
            Value::List(_) => Self::List,
            Value::Map(_) => Self::Object,
        }
    }
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool => "boolean",
            Self::Integer => "integer",
            Self::BigInteger => "integer beyond 64 bits",
            Self::Float => "float",
            Self::NonFiniteText => "NaN or Infinity as a string",
            Self::String => "string",
            Self::List => "list",
            Self::Object => "object",
        })
    }
}

/// Counts of each kind of value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KindCounts {
    counts: [u64; ValueKind::ALL.len()],
    inexact_integers: u64,
}

impl KindCounts {
    /// Counts one value.
    pub fn observe(&mut self, value: &Value) {
        let kind = ValueKind::of(value);
        self.counts[kind as usize] += 1;
        let exact = match value {
            Value::Int(integer) => super::number::int_as_f64(*integer).is_some(),
            Value::BigInt(integer) => super::number::digits_as_f64(integer.digits()).is_some(),
            _ => true,
        };
        self.inexact_integers += u64::from(!exact);
    }

    /// Adds integers that a double cannot hold; [`add`](Self::add) has already counted them as values.
    #[cfg(any(feature = "csv", feature = "parquet"))]
    pub fn add_inexact_integers(&mut self, count: u64) {
        self.inexact_integers += count;
    }

    /// Adds all counts of `other`.
    #[cfg(any(feature = "csv", feature = "parquet"))]
    pub fn merge(&mut self, other: &Self) {
        for (own, other) in self.counts.iter_mut().zip(other.counts) {
            *own += other;
        }
        self.inexact_integers += other.inexact_integers;
    }

    /// Adds `count` values of one kind.
    pub fn add(&mut self, kind: ValueKind, count: u64) {
        self.counts[kind as usize] += count;
    }

    /// Returns how often `kind` was seen.
    pub fn count(&self, kind: ValueKind) -> u64 {
        self.counts[kind as usize]
    }

    /// Returns a bit set of the kinds seen. A column's type depends on this alone.
    pub(super) fn sorts(&self) -> u16 {
        let seen = self.seen().fold(0, |sorts, (kind, _)| sorts | 1 << kind as u16);
        seen | u16::from(self.inexact_integers > 0) << ValueKind::ALL.len()
    }

    /// Returns the number of integers that a double cannot hold.
    pub fn inexact_integers(&self) -> u64 {
        self.inexact_integers
    }

    /// Returns the number of values that are not null.
    pub(super) fn values(&self) -> u64 {
        self.seen().filter(|(kind, _)| *kind != ValueKind::Null).map(|(_, count)| count).sum()
    }

    /// Returns whether any value other than null was seen.
    pub fn has_values(&self) -> bool {
        self.seen().any(|(kind, _)| kind != ValueKind::Null)
    }

    /// Returns the kinds seen with their counts, in a fixed order.
    pub fn seen(&self) -> impl Iterator<Item = (ValueKind, u64)> + '_ {
        ValueKind::ALL.into_iter().zip(self.counts).filter(|(_, count)| *count > 0)
    }
}
