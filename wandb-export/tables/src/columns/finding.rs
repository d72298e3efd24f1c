//! Findings about how the columns of a table were inferred.

use std::fmt;

use super::column_type::ColumnType;
use super::kind_counts::ValueKind;

/// A fact about a column that its name and type do not show. No data was lost, but a choice was made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The column's name in the output.
    pub column: String,
    /// The path of the values in a row: the keys from the outermost object inwards.
    pub path: Vec<String>,
    /// The kinds of values seen with their counts, nulls included.
    pub seen: Vec<(ValueKind, u64)>,
    /// The type with which the column is written.
    pub written_as: ColumnType,
    /// The reason for the choice.
    pub reason: Reason,
}

/// The reason for a [`Finding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// No single type holds all the values: every value is written as JSON text.
    TypeChanges,
    /// Floats mixed with integers that a double cannot hold: every number is written as its digits.
    InexactIntegers,
    /// Integers beyond 64 bits: every integer is written as its digits.
    BigIntegers,
    /// Only the strings `NaN`, `Infinity` and `-Infinity`: they are read as numbers.
    OnlyNonFiniteText,
    /// Objects in some rows and other values in others. The objects are split into separate columns.
    ValueAndObject,
    /// Another column has the same name, so this one got a suffix.
    NameTaken,
    /// Objects nested so deeply that few programs can read them as columns: the innermost ones are JSON text.
    TooDeep,
    /// More keys than the table may have columns: the less common ones share this column.
    TooManyKeys {
        /// Minimum number of keys in this column.
        keys: usize,
        /// Number of keys with a separate column.
        columns: usize,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {:?}: ", self.column)?;
        match self.reason {
            Reason::TypeChanges => {
                write!(f, "the type changes, so every value is written as {}", self.written_as)
            }
            Reason::InexactIntegers => write!(
                f,
                "floats mixed with integers that no double can hold, so every number is written as {}",
                self.written_as
            ),
            Reason::BigIntegers => {
                write!(f, "integers beyond 64 bits, so every integer is written as {}", self.written_as)
            }
            Reason::OnlyNonFiniteText => f.write_str("only the strings NaN and Infinity, read as numbers"),
            Reason::ValueAndObject => f.write_str("an object in some rows, split into separate columns"),
            Reason::TooDeep => {
                write!(
                    f,
                    "objects nested too deeply, so the innermost ones are written as {}",
                    self.written_as
                )
            }
            Reason::TooManyKeys { keys, columns } => {
                return write!(
                    f,
                    "holds the less common keys, {keys} at least, as {}, because the table would have too many columns; \
                     the {columns} most common keys have columns",
                    self.written_as
                );
            }
            Reason::NameTaken => {
                return write!(f, "renamed, as another column is called {:?} too", self.path.join("."));
            }
        }?;
        f.write_str(" (seen: ")?;
        for (index, (kind, count)) in self.seen.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{kind} × {count}")?;
        }
        f.write_str(")")
    }
}
