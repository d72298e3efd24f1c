//! Differences between a table and its description.

use std::fmt;

use super::document::missing_numbers;

/// A difference between a table and its description, or a part of it that is altered or missing.
///
/// Everything else in the table is complete and exact.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableDefect {
    /// The file has another size than the run or artifact says.
    #[non_exhaustive]
    Size {
        /// The size that it should have, in bytes.
        expected: u64,
        /// The size that it has.
        found: u64,
    },
    /// The file has another SHA-256 digest than the run says.
    #[non_exhaustive]
    Sha256 {
        /// The digest that it should have, in hexadecimal.
        expected: String,
        /// The digest that it has.
        found: String,
    },
    /// The table has another number of rows than it should have.
    #[non_exhaustive]
    Rows {
        /// The number of rows that it should have.
        expected: u64,
        /// The number of rows that it has.
        found: u64,
    },
    /// The table has another number of columns than it should have.
    #[non_exhaustive]
    Columns {
        /// The number of columns that it should have.
        expected: u64,
        /// The number of columns that it has.
        found: u64,
    },
    /// Rows have more or fewer cells than the table has columns.
    #[non_exhaustive]
    UnevenRows {
        /// How many rows.
        rows: u64,
        /// The number of the first one, from 0.
        first: u64,
    },
    /// Text was altered: it contained unpaired surrogates, which UTF-8 cannot encode.
    #[non_exhaustive]
    TextAltered {
        /// How many unpaired surrogates were replaced by U+FFFD.
        count: u64,
    },
    /// The `NumPy` arrays of a column are in a file of their own, which is not read. Its cells are null.
    #[non_exhaustive]
    ArraysLeftOut {
        /// The column.
        column: String,
        /// The file in the artifact.
        path: String,
    },
    /// The increments of a table are incomplete.
    #[non_exhaustive]
    IncrementsMissing {
        /// The numbers of the missing increments.
        numbers: Vec<u64>,
    },
    /// The name of a part does not say where the part belongs, so its rows may be out of order.
    #[non_exhaustive]
    OrderUnknown {
        /// The path of the part.
        path: String,
    },
}

/// The most rows that the SDK writes into a file of a run (`Table.MAX_ROWS`).
const MAX_ROWS_OF_RUNS: u64 = 10_000;

/// The most missing increments that a message lists.
const MAX_NUMBERS: usize = 10;

impl TableDefect {
    /// Compares a file with the size and the SHA-256 digest that it should have.
    pub fn compare_files(size: Option<u64>, sha256: Option<&str>, found: (u64, &str)) -> Vec<Self> {
        let size = size.filter(|expected| *expected != found.0);
        let size = size.map(|expected| Self::Size { expected, found: found.0 });
        let sha256 = sha256.filter(|expected| !expected.eq_ignore_ascii_case(found.1));
        let sha256 =
            sha256.map(|expected| Self::Sha256 { expected: expected.to_owned(), found: found.1.to_owned() });
        size.into_iter().chain(sha256).collect()
    }

    /// Compares the number of rows with the number that there should be.
    pub fn compare_rows(expected: Option<u64>, found: u64) -> Option<Self> {
        let expected = expected.filter(|expected| *expected != found)?;
        Some(Self::Rows { expected, found })
    }

    /// Compares the number of columns with the number that there should be.
    pub fn compare_columns(expected: Option<u64>, found: u64) -> Option<Self> {
        let expected = expected.filter(|expected| *expected != found)?;
        Some(Self::Columns { expected, found })
    }

    /// Returns the defect of a sorted sequence of increments that should begin with 0 and have no gaps.
    pub fn of_increments(numbers: &[u64]) -> Option<Self> {
        let numbers = missing_numbers(numbers);
        (!numbers.is_empty()).then_some(Self::IncrementsMissing { numbers })
    }
}

impl fmt::Display for TableDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { expected, found } => {
                write!(f, "the file has {found} bytes, and the run says {expected}")
            }
            Self::Sha256 { expected, found } => {
                write!(f, "the SHA-256 digest of the file is {found}, and the run says {expected}")
            }
            Self::Rows { expected, found } => {
                write!(f, "the table has {found} rows, and should have {expected}")?;
                if *found == MAX_ROWS_OF_RUNS && expected > found {
                    f.write_str(
                        "; the SDK saves the first 10000 rows with the run, and the rest only in the table's artifact",
                    )?;
                }
                Ok(())
            }
            Self::Columns { expected, found } => {
                write!(f, "the table has {found} columns, and should have {expected}")
            }
            Self::UnevenRows { rows, first } => write!(
                f,
                "{rows} rows have more or fewer cells than the table has columns, the first one is row {first}; additional \
                 cells are in columns such as #4"
            ),
            Self::TextAltered { count } => {
                write!(f, "{count} unpaired surrogates, which UTF-8 cannot encode, were replaced by U+FFFD")
            }
            Self::ArraysLeftOut { column, path } => {
                write!(f, "column {column:?} is empty: its NumPy arrays are in the file {path}")
            }
            Self::IncrementsMissing { numbers } => {
                let listed: Vec<_> = numbers.iter().take(MAX_NUMBERS).map(u64::to_string).collect();
                let more = if numbers.len() > MAX_NUMBERS { " and more" } else { "" };
                write!(f, "the rows of the increments {}{more} are missing", listed.join(", "))
            }
            Self::OrderUnknown { path } => {
                write!(f, "the name of {path} has no number, so its rows may be out of order")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncated_table_points_to_the_artifact() {
        let text = |expected, found| TableDefect::Rows { expected, found }.to_string();
        assert!(text(12_000, 10_000).contains("artifact"), "{}", text(12_000, 10_000));
        assert!(!text(12_000, 9_000).contains("artifact"));
        assert!(!text(9_000, 10_000).contains("artifact"));
    }

    #[test]
    fn statements_are_compared() {
        let files = TableDefect::compare_files(Some(3), Some("AB"), (3, "ab"));
        assert_eq!(files, []);
        assert_eq!(TableDefect::compare_files(Some(4), Some("cd"), (3, "ab")).len(), 2);
        assert_eq!(TableDefect::compare_files(None, None, (3, "ab")), []);
        assert_eq!(TableDefect::compare_rows(Some(2), 2), None);
        assert_eq!(
            TableDefect::compare_columns(Some(2), 3),
            Some(TableDefect::Columns { expected: 2, found: 3 })
        );
        assert_eq!(TableDefect::of_increments(&[0, 1, 1, 2]), None);
        let missing = TableDefect::of_increments(&[1, 3, u64::MAX]);
        assert!(
            matches!(missing, Some(TableDefect::IncrementsMissing { numbers }) if numbers[..3] == [0, 2, 4])
        );
    }

    #[test]
    fn long_lists_of_increments_are_shortened() {
        let text = TableDefect::IncrementsMissing { numbers: (0..30).collect() }.to_string();
        assert_eq!(text, "the rows of the increments 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and more are missing");
    }
}
