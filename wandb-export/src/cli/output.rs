//! Output destinations, formats and messages.

use std::ffi::OsStr;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Args, Command};
use wandb_core::text::{Redactor, shortened};
use wandb_tables::{Format, Output, Sink, SinkError, SinkOptions, TerminalOptions, is_stream};
use wandb_tables::{Nested, SchemaBuilder, TableOptions};

use crate::error::Error;

/// Maximum characters of a value in a table of fields. Longer values are data rather than text to read.
const MAX_FIELD_CHARS: usize = 4_000;

/// Maximum characters of a line on stderr, which may quote a server.
const MAX_MESSAGE_CHARS: usize = 4_000;

/// Destination and format of the output.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Destination {
    /// File to write, or - for standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    /// Output format [default: from the file name; table on standard output]
    #[arg(short, long, value_parser = FormatParser)]
    format: Option<Format>,

    /// How to write objects in rows: as columns with dotted names, as JSON text, or as struct columns
    /// [default: json in Parquet and Arrow, dotted in other tables; JSON Lines keep objects]
    #[arg(long, value_name = "dotted|json|struct")]
    nested: Option<String>,

    /// Maximum number of columns; less common keys go into a column `rest` of JSON text [default: 50000, or for runs
    /// 16384, the limit of spreadsheets]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_columns: Option<u64>,
}

/// Parses `--format`, and lists the formats of this build in help texts and completions.
#[derive(Clone)]
struct FormatParser;

impl TypedValueParser for FormatParser {
    type Value = Format;

    fn parse_ref(&self, _: &Command, _: Option<&Arg>, value: &OsStr) -> Result<Format, clap::Error> {
        let format = value.to_string_lossy().parse();
        format.map_err(|error| clap::Error::raw(ErrorKind::ValueValidation, format_args!("{error}\n")))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value = |format: Format| PossibleValue::new(format.name()).help(format.description());
        Some(Box::new(Format::compiled().map(value)))
    }
}

impl Destination {
    /// Standard output in the default format.
    pub(super) fn stdout() -> Self {
        Self::file(PathBuf::from("-"))
    }

    /// A file, in the format of its name.
    pub(super) fn file(output: PathBuf) -> Self {
        Self { output, format: None, nested: None, max_columns: None }
    }

    /// The same options with standard output as the destination.
    pub(super) fn to_stdout(&self) -> Self {
        Self { output: PathBuf::from("-"), ..self.clone() }
    }

    /// The folder for downloaded files.
    pub(super) fn folder(&self) -> &Path {
        if self.is_stdout() { Path::new(".") } else { &self.output }
    }

    /// The format given by the user, or else derived from the destination.
    pub(super) fn format(&self) -> Result<Format, Error> {
        match self.format {
            Some(format) => Ok(format),
            None if self.is_stdout() => Ok(Format::Table),
            None if self.output.is_dir() => Err(SinkError::Directory { path: self.output.clone() }.into()),
            None => match Format::from_path(&self.output) {
                // Devices and pipes default to a table, like standard output.
                Err(SinkError::NoFormat { .. }) if is_stream(&self.output) => Ok(Format::Table),
                format => Ok(format?),
            },
        }
    }

    /// Opens a sink.
    pub(super) fn open_sink(&self) -> Result<Box<dyn Sink>, Error> {
        self.open_sink_with_columns(SchemaBuilder::DEFAULT_MAX_COLUMNS)
    }

    /// Opens a sink with at most `max_columns` columns, unless the user gave another number.
    pub(super) fn open_sink_with_columns(&self, max_columns: usize) -> Result<Box<dyn Sink>, Error> {
        self.create_sink(TerminalOptions::default().with_width(terminal_width()), max_columns)
    }

    /// Opens a sink for the fields of one record, one line each. A table shows all of them, up to [`MAX_FIELD_CHARS`]
    /// of each value.
    pub(super) fn open_field_sink(&self) -> Result<Box<dyn Sink>, Error> {
        let terminal = TerminalOptions::default()
            .with_rows(usize::MAX)
            .with_width(None)
            .with_value_width(MAX_FIELD_CHARS);
        self.create_sink(terminal, SchemaBuilder::DEFAULT_MAX_COLUMNS)
    }

    fn create_sink(&self, terminal: TerminalOptions, max_columns: usize) -> Result<Box<dyn Sink>, Error> {
        let format = self.format()?;
        let given = self.max_columns.map(|columns| usize::try_from(columns).unwrap_or(usize::MAX));
        let mut table = TableOptions::default().with_max_columns(given.unwrap_or(max_columns));
        if let Some(name) = &self.nested {
            let nested: Nested = name.parse().map_err(|error| Error::usage(format!("--nested: {error}")))?;
            table = table.with_nested(nested);
        }
        let options = SinkOptions::default().with_table(table).with_terminal(terminal);
        Ok(format.sink(self.open_output()?, &options)?)
    }

    /// Writes text unchanged, regardless of the format.
    pub(super) fn write_text(&self, text: &[u8]) -> Result<(), Error> {
        let mut output = self.open_output()?;
        output.write_all(text).map_err(|error| output.error(error))?;
        output.commit()?;
        Ok(())
    }

    /// Opens the file or standard output.
    pub(super) fn open_output(&self) -> Result<Output, SinkError> {
        if self.is_stdout() { Ok(Output::stdout()) } else { Output::file(&self.output) }
    }

    fn is_stdout(&self) -> bool {
        self.output == Path::new("-")
    }
}

/// The width of the terminal on standard output; `None` without a terminal, where lines need not be cut.
fn terminal_width() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// Writes text to standard output and flushes it.
pub(super) fn print(text: &str) -> Result<(), Error> {
    let mut output = std::io::stdout().lock();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    written.map_err(|error| SinkError::io("writing", "standard output", error).into())
}

/// Removes the secrets of the connection from messages.
static REDACTOR: OnceLock<Redactor> = OnceLock::new();

/// Removes the secrets of a connection from all later messages.
pub(super) fn set_redactor(redactor: &Redactor) {
    // A process connects only once.
    let _ = REDACTOR.set(redactor.clone());
}

/// Prints a message as a line on stderr, because stdout carries only data. Messages may quote the server, so control
/// characters are escaped and secrets removed.
pub(super) fn say(text: &str) {
    let text = REDACTOR
        .get()
        .map_or_else(|| Redactor::default().printable(text), |redactor| redactor.printable(text));
    let text = shortened(&text, MAX_MESSAGE_CHARS);
    // If stderr fails, there is no other place to report that.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
