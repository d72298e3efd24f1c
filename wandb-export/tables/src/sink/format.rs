//! Output formats for rows.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::error::SinkError;

/// An output format for rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// A table for people to read, cut to fit a terminal. Needs the cargo feature `terminal`.
    Table,
    /// Comma-separated values (RFC 4180, lines ending in a line feed). Needs the cargo feature `csv`.
    ///
    /// A header is always written. A missing value is empty, and an empty string is `""`. Numbers keep their
    /// digits; non-finite ones are `NaN`, `Infinity` and `-Infinity`. Booleans are `true` and `false`.
    Csv,
    /// JSON Lines: one object per row, with exactly the keys and values of the row.
    Jsonl,
    /// Parquet, compressed with Zstandard. Needs the cargo feature `parquet`.
    ///
    /// Row groups have about 65,536 rows or 8 MiB at most; those of tables with thousands of columns may be
    /// larger. Neither Parquet nor CSV can store rows in a table without columns.
    Parquet,
    /// The Arrow IPC file format, also called Feather 2, not compressed. Needs the cargo feature `parquet`.
    Arrow,
}

impl Format {
    /// Every format, whether or not it is compiled in.
    pub const ALL: [Self; 5] = [Self::Table, Self::Csv, Self::Jsonl, Self::Parquet, Self::Arrow];

    /// Returns the formats of this build.
    pub fn compiled() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|format| format.is_compiled())
    }

    /// Returns whether this build has the format.
    pub fn is_compiled(self) -> bool {
        match self {
            Self::Table => cfg!(feature = "terminal"),
            Self::Csv => cfg!(feature = "csv"),
            Self::Jsonl => true,
            Self::Parquet | Self::Arrow => cfg!(feature = "parquet"),
        }
    }

    /// Returns the cargo feature that enables the format, if it needs one.
    pub fn feature(self) -> Option<&'static str> {
        match self {
            Self::Table => Some("terminal"),
            Self::Csv => Some("csv"),
            Self::Jsonl => None,
            Self::Parquet | Self::Arrow => Some("parquet"),
        }
    }

    /// Returns the name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    /// Returns the file extensions, without the dot.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Table => &["txt"],
            Self::Csv => &["csv"],
            Self::Jsonl => &["jsonl", "ndjson"],
            Self::Parquet => &["parquet"],
            Self::Arrow => &["arrow", "feather"],
        }
    }

    /// Returns the format for a file's extension.
    ///
    /// ```
    /// use wandb_tables::Format;
    ///
    /// assert_eq!(Format::from_path("runs/history.JSONL")?, Format::Jsonl);
    /// assert!(Format::from_path("history").is_err());
    /// # Ok::<(), wandb_tables::SinkError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SinkError::NoFormat`], or [`SinkError::NotCompiled`].
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, SinkError> {
        let path = path.as_ref();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|format| format.extensions().iter().any(|own| own.eq_ignore_ascii_case(extension)))
            .ok_or_else(|| SinkError::NoFormat { path: path.to_owned() })?
            .if_compiled()
    }

    fn if_compiled(self) -> Result<Self, SinkError> {
        if self.is_compiled() { Ok(self) } else { Err(SinkError::NotCompiled { format: self }) }
    }

    /// Returns whether objects can be kept as objects. JSON Lines always keeps them.
    pub(super) fn has_structs(self) -> bool {
        match self {
            Self::Table | Self::Csv => false,
            Self::Jsonl | Self::Parquet | Self::Arrow => true,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Table => "table",
            Self::Csv => "CSV",
            Self::Jsonl => "JSON Lines",
            Self::Parquet => "Parquet",
            Self::Arrow => "Arrow",
        })
    }
}

impl FromStr for Format {
    type Err = SinkError;

    /// Parses a format's [`name`](Self::name), ignoring case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| SinkError::UnknownFormat { name: text.to_owned() })?
            .if_compiled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_extensions_identify_formats() {
        for format in Format::compiled() {
            assert_eq!(format.name().to_uppercase().parse::<Format>().expect("a name"), format);
            for extension in format.extensions() {
                assert_eq!(Format::from_path(format!("a.b/c.{extension}")).expect("an ending"), format);
            }
        }
    }

    #[test]
    fn unknown_format_lists_known_ones() {
        let unknown = "excel".parse::<Format>().expect_err("no format").to_string();
        assert!(unknown.starts_with("\"excel\" is not an output format (choose "), "{unknown}");
        assert!(unknown.contains("jsonl"), "{unknown}");
        let unnamed = Format::from_path("history.xlsx").expect_err("no format").to_string();
        assert!(unnamed.contains("history.xlsx") && unnamed.contains(".ndjson"), "{unnamed}");
    }

    #[test]
    fn missing_format_names_its_cargo_feature() {
        for format in Format::ALL {
            let parsed = format.name().parse::<Format>();
            if format.is_compiled() {
                assert_eq!(parsed.expect("compiled in"), format);
            } else {
                let error = parsed.expect_err("left out").to_string();
                let feature = format!("`{}`", format.feature().expect("a feature"));
                assert!(error.contains(&feature), "{error}");
            }
        }
    }
}
