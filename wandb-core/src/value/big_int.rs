//! Integers beyond 64 bits.

use std::fmt;

/// An integer outside the range of `i64`, stored as decimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BigInt(Box<str>);

impl BigInt {
    /// Creates an integer from digits that do not fit `i64`.
    pub(crate) fn from_digits(digits: &str) -> Self {
        Self(digits.into())
    }

    /// The digits, with a leading `-` if negative.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// Returns the nearest float, infinite if it is too large.
    pub fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// Returns the integer, if it fits.
    pub fn to_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// Returns the integer, if it fits.
    pub fn to_i128(&self) -> Option<i128> {
        self.0.parse().ok()
    }

    /// Returns the integer, if it fits.
    pub fn to_u128(&self) -> Option<u128> {
        self.0.parse().ok()
    }
}

impl fmt::Display for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
