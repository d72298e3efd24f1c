//! What a reader of a table should know about how its columns came to be.

use std::fmt;

use super::column_type::ColumnType;
use super::tally::ValueKind;

/// Something about one column that its type or name alone does not say. Nothing was lost; something was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The column's name in the output.
    pub column: String,
    /// Where the values stand in a row: the keys from the outermost object inwards.
    pub path: Vec<String>,
    /// The kinds of values seen, with how often, nulls included.
    pub seen: Vec<(ValueKind, u64)>,
    /// The type the column is written as.
    pub written_as: ColumnType,
    /// What was decided, and why.
    pub reason: Reason,
}

/// Why a [`Finding`] was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Values of kinds that no one type holds: every value is written as JSON text.
    TypeChanges,
    /// Floats beside integers that a double cannot hold: every number is written as its own digits.
    InexactIntegers,
    /// Integers beyond 64 bits: every integer is written as its own digits.
    BigIntegers,
    /// Nothing but the strings `NaN`, `Infinity` and `-Infinity`: taken for the numbers they stand for.
    OnlyNonFiniteText,
    /// Objects in some rows and other values in others. The objects are in columns of their own.
    ValueAndObject,
    /// Another column has a claim to the same name, so this one was given a suffix.
    NameTaken,
    /// Objects nested so deeply that few programs read them as columns: the innermost ones are written as JSON text.
    TooDeep,
    /// More keys than the table may have columns: the less common ones are in this column.
    TooManyKeys {
        /// How many keys are in this column, at least.
        keys: usize,
        /// How many keys have columns of their own.
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
                "floats beside integers that no double holds, so every number is written as {}",
                self.written_as
            ),
            Reason::BigIntegers => {
                write!(f, "integers beyond 64 bits, so every integer is written as {}", self.written_as)
            }
            Reason::OnlyNonFiniteText => {
                f.write_str("only the strings NaN and Infinity, taken for the numbers they stand for")
            }
            Reason::ValueAndObject => f.write_str("an object in some rows, with columns of its own"),
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
                    "holds the less common keys, {keys} at least, as {}, as the table would have too many columns; \
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
