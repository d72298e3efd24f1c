//! Integers beyond 64 bits.

use std::fmt;

/// An integer outside the range of `i64`, kept as its decimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BigInt(Box<str>);

impl BigInt {
    /// The digits of a JSON integer that does not fit `i64`.
    pub(crate) fn from_digits(digits: &str) -> Self {
        Self(digits.into())
    }

    /// The digits, after a `-` if it is negative.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The nearest float, infinite if it is too large.
    pub fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// The integer, if it fits.
    pub fn to_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// The integer, if it fits.
    pub fn to_i128(&self) -> Option<i128> {
        self.0.parse().ok()
    }

    /// The integer, if it fits.
    pub fn to_u128(&self) -> Option<u128> {
        self.0.parse().ok()
    }
}

impl fmt::Display for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
