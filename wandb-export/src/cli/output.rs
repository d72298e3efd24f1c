//! Where a command's rows go, and in which format.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::Args;
use wandb_core::text::{Redactor, shortened};
use wandb_tables::{Format, Output, Sink, SinkError, SinkOptions, TerminalOptions, is_stream};
use wandb_tables::{Nested, SchemaBuilder};

use crate::error::Error;

/// A value that is longer than this is data rather than something to read.
const LONGEST_FIELD: usize = 4_000;

/// The most characters of a line on stderr, which may quote a server.
const LONGEST_NOTICE: usize = 4_000;

/// Where the rows go.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Destination {
    /// The file to write, or - for standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    /// table, csv, jsonl, parquet or arrow [default: what the file's name says; on standard output a table]
    #[arg(short, long)]
    format: Option<String>,

    /// What becomes of objects in rows: columns with dotted names, JSON text, or struct columns
    /// [default: dotted in tables and CSV, json in Parquet and Arrow; JSON Lines keep objects as they are]
    #[arg(long, value_name = "dotted|json|struct")]
    nested: Option<String>,

    /// The most columns; less common keys go into a column `rest` of JSON text [default: 50000, for runs 16384, which is
    /// what spreadsheets show]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_columns: Option<u64>,
}

impl Destination {
    /// Standard output.
    pub(super) fn stdout() -> Self {
        Self::file(PathBuf::from("-"))
    }

    /// A file.
    pub(super) fn file(output: PathBuf) -> Self {
        Self { output, format: None, nested: None, max_columns: None }
    }

    /// The same format, on standard output.
    pub(super) fn to_stdout(&self) -> Self {
        Self { output: PathBuf::from("-"), ..self.clone() }
    }

    /// Where files go that are downloaded.
    pub(super) fn folder(&self) -> &Path {
        if self.is_stdout() { Path::new(".") } else { &self.output }
    }

    /// The format, and whether it is one for people.
    pub(super) fn format(&self) -> Result<Format, Error> {
        match &self.format {
            Some(name) => Ok(name.parse()?),
            None if self.is_stdout() => Ok(Format::Table),
            None if self.output.is_dir() => Err(SinkError::Directory { path: self.output.clone() }.into()),
            None => match Format::from_path(&self.output) {
                // A device or pipe is like standard output.
                Err(SinkError::NoFormat { .. }) if is_stream(&self.output) => Ok(Format::Table),
                format => Ok(format?),
            },
        }
    }

    /// A sink that writes there.
    pub(super) fn sink(&self) -> Result<Box<dyn Sink>, Error> {
        self.sink_with_columns(SchemaBuilder::DEFAULT_MAX_COLUMNS)
    }

    /// The same for a table that has at most as many columns, unless the user wants another number.
    pub(super) fn sink_with_columns(&self, most: usize) -> Result<Box<dyn Sink>, Error> {
        let terminal = TerminalOptions { width: terminal_width(), ..TerminalOptions::default() };
        self.sink_that_shows(terminal, most)
    }

    /// A sink for the fields of one thing, a line each: none is left out, however many and long they are.
    pub(super) fn sink_for_fields(&self) -> Result<Box<dyn Sink>, Error> {
        let terminal = TerminalOptions { rows: usize::MAX, width: None, value_width: LONGEST_FIELD };
        self.sink_that_shows(terminal, SchemaBuilder::DEFAULT_MAX_COLUMNS)
    }

    fn sink_that_shows(&self, terminal: TerminalOptions, columns: usize) -> Result<Box<dyn Sink>, Error> {
        let format = self.format()?;
        let mut options = SinkOptions::default();
        if let Some(name) = &self.nested {
            let nested: Nested = name.parse().map_err(|error| Error::usage(format!("--nested: {error}")))?;
            options.table.nested = Some(nested);
        }
        let wanted = self.max_columns.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
        options.table.max_columns = wanted.unwrap_or(columns);
        options.terminal = terminal;
        Ok(format.sink(self.output()?, &options)?)
    }

    /// Writes text as it is, whatever the file is called.
    pub(super) fn write_text(&self, text: &[u8]) -> Result<(), Error> {
        let mut output = self.output()?;
        output.write_all(text).map_err(|error| output.error(error))?;
        output.commit()?;
        Ok(())
    }

    /// Opens it, whatever is written.
    pub(super) fn output(&self) -> Result<Output, SinkError> {
        if self.is_stdout() { Ok(Output::stdout()) } else { Output::file(&self.output) }
    }

    fn is_stdout(&self) -> bool {
        self.output == Path::new("-")
    }
}

/// The width of the terminal that reads standard output; without one nothing has to be cut.
fn terminal_width() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// Puts text on standard output, where it can be read at once.
pub(super) fn print(text: &str) -> Result<(), Error> {
    let mut output = std::io::stdout().lock();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    written.map_err(|error| SinkError::io("writing", "standard output", error).into())
}

/// What takes secrets out of what is said, once a connection is there.
static REDACTOR: OnceLock<Redactor> = OnceLock::new();

/// Takes the secrets of a connection out of whatever is said from now on.
pub(super) fn keep_secrets(redactor: &Redactor) {
    // A process has one connection.
    let _ = REDACTOR.set(redactor.clone());
}

/// Says something to the person, in a line on stderr; the data on stdout stays clean. What a terminal would act on is
/// escaped, and secrets are left out, as much of it is the server's.
pub(super) fn say(text: &str) {
    let text = REDACTOR
        .get()
        .map_or_else(|| Redactor::default().printable(text), |redactor| redactor.printable(text));
    let text = shortened(&text, LONGEST_NOTICE);
    // Nobody can be told that nobody can be told.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
