//! Output formats for rows.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::error::SinkError;
use super::options::SinkOptions;
use super::output::Output;
use super::sink_trait::Sink;
use crate::columns::Nested;

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
    /// Tab-separated values, quoted as in [CSV](Self::Csv). Needs the cargo feature `csv`.
    Tsv,
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

/// Opens the sink of a format.
type Opener = fn(Output, &SinkOptions) -> Result<Box<dyn Sink>, SinkError>;

/// The properties of a format, from which its sink, `--format`, help texts and documentation follow.
struct FormatSpec {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    /// File extensions without the dot, which are also names on the command line.
    extensions: &'static [&'static str],
    /// The cargo feature that the format needs.
    feature: Option<&'static str>,
    is_text: bool,
    /// Whether objects can be kept as objects.
    has_structs: bool,
    /// `None` if this build does not have the format.
    open: Option<Opener>,
}

/// Returns a function of a module that a cargo feature compiles in, or `None`.
macro_rules! opener {
    ($feature:literal, $module:ident::$function:ident) => {{
        #[cfg(feature = $feature)]
        let opener: Option<Opener> = Some(super::$module::$function);
        #[cfg(not(feature = $feature))]
        let opener: Option<Opener> = None;
        opener
    }};
}

impl Format {
    /// Every format, whether or not it is compiled in.
    pub const ALL: [Self; 6] = [Self::Table, Self::Csv, Self::Tsv, Self::Jsonl, Self::Parquet, Self::Arrow];

    const fn spec(self) -> FormatSpec {
        match self {
            Self::Table => FormatSpec {
                name: "table",
                title: "table",
                description: "a table for people to read, cut to fit the terminal",
                extensions: &["txt"],
                feature: Some("terminal"),
                is_text: true,
                has_structs: false,
                open: opener!("terminal", terminal::sink),
            },
            Self::Csv => FormatSpec {
                name: "csv",
                title: "CSV",
                description: "comma-separated values",
                extensions: &["csv"],
                feature: Some("csv"),
                is_text: true,
                has_structs: false,
                open: opener!("csv", csv::sink),
            },
            Self::Tsv => FormatSpec {
                name: "tsv",
                title: "TSV",
                description: "tab-separated values, quoted as in CSV",
                extensions: &["tsv"],
                feature: Some("csv"),
                is_text: true,
                has_structs: false,
                open: opener!("csv", csv::tsv_sink),
            },
            Self::Jsonl => FormatSpec {
                name: "jsonl",
                title: "JSON Lines",
                description: "JSON Lines: one object per row",
                extensions: &["jsonl", "ndjson"],
                feature: None,
                is_text: true,
                has_structs: true,
                open: Some(super::jsonl::sink),
            },
            Self::Parquet => FormatSpec {
                name: "parquet",
                title: "Parquet",
                description: "Parquet, compressed with Zstandard",
                extensions: &["parquet"],
                feature: Some("parquet"),
                is_text: false,
                has_structs: true,
                open: opener!("parquet", parquet::sink),
            },
            Self::Arrow => FormatSpec {
                name: "arrow",
                title: "Arrow",
                description: "Arrow IPC files, also called Feather 2",
                extensions: &["arrow", "feather"],
                feature: Some("parquet"),
                is_text: false,
                has_structs: true,
                open: opener!("parquet", arrow::sink),
            },
        }
    }

    /// Returns the formats of this build.
    pub fn compiled() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|format| format.is_compiled())
    }

    /// Returns whether this build has the format.
    pub fn is_compiled(self) -> bool {
        self.spec().open.is_some()
    }

    /// Returns the cargo feature that enables the format, if it needs one.
    pub fn feature(self) -> Option<&'static str> {
        self.spec().feature
    }

    /// Returns the name on the command line.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// Returns a description of a few words, without a capital letter or a full stop.
    pub fn description(self) -> &'static str {
        self.spec().description
    }

    /// Returns the file extensions, without the dot.
    pub fn extensions(self) -> &'static [&'static str] {
        self.spec().extensions
    }

    /// Returns whether the output is text, which terminals and text tools can show.
    pub fn is_text(self) -> bool {
        self.spec().is_text
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
            .find(|format| format.has_extension(extension))
            .ok_or_else(|| SinkError::NoFormat { path: path.to_owned() })?
            .if_compiled()
    }

    /// Creates a sink that writes this format to `output`.
    ///
    /// # Errors
    ///
    /// [`SinkError::NotCompiled`], or [`SinkError::NestedUnsupported`] for struct columns in a format without
    /// them.
    pub fn sink(self, output: Output, options: &SinkOptions) -> Result<Box<dyn Sink>, SinkError> {
        if let Some(nested @ Nested::Struct) = options.table.nested
            && !self.has_structs()
        {
            return Err(SinkError::NestedUnsupported { format: self, nested });
        }
        let open = self.spec().open.ok_or(SinkError::NotCompiled { format: self })?;
        open(output, options)
    }

    fn if_compiled(self) -> Result<Self, SinkError> {
        if self.is_compiled() { Ok(self) } else { Err(SinkError::NotCompiled { format: self }) }
    }

    fn has_extension(self, extension: &str) -> bool {
        self.extensions().iter().any(|own| own.eq_ignore_ascii_case(extension))
    }

    /// Returns whether objects can be kept as objects. JSON Lines always keeps them.
    pub(super) fn has_structs(self) -> bool {
        self.spec().has_structs
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec().title)
    }
}

impl FromStr for Format {
    type Err = SinkError;

    /// Parses a format's [`name`](Self::name) or one of its [`extensions`](Self::extensions), ignoring case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(text) || format.has_extension(text))
            .ok_or_else(|| SinkError::UnknownFormat { name: text.to_owned() })?
            .if_compiled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::TableOptions;

    #[test]
    fn names_and_extensions_identify_formats() {
        for format in Format::compiled() {
            assert_eq!(format.name().to_uppercase().parse::<Format>().expect("a name"), format);
            for extension in format.extensions() {
                assert_eq!(Format::from_path(format!("a.b/c.{extension}")).expect("an ending"), format);
                assert_eq!(extension.parse::<Format>().expect("another name"), format);
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

    #[test]
    fn struct_columns_need_a_format_with_structs() {
        let options = SinkOptions::default().with_table(TableOptions::default().with_nested(Nested::Struct));
        for format in Format::compiled() {
            let refused = format.sink(Output::writer("memory", Vec::new()), &options).err();
            assert_eq!(refused.is_none(), format.has_structs(), "{format}: {refused:?}");
        }
    }
}
