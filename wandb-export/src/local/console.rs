//! Reads the console output of a run on disk.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use wandb_runlog::ConsoleReader;

use super::LocalRun;
use super::run::reading;
use super::session::Session;
use super::session_files::OUTPUT;
use super::source::Source;
use crate::error::Error;
use crate::issue::Issue;

/// The most lines per batch.
const LINES_AT_ONCE: usize = 1_000;

/// The most bytes per batch, unless a single line is longer.
const BYTES_AT_ONCE: usize = 1 << 20;

/// Reads the lines of several files in sequence.
#[derive(Debug)]
pub(crate) struct Console {
    files: VecDeque<ConsoleFile>,
    reader: Option<(PathBuf, Reader)>,
}

/// A file with the console output of a run.
#[derive(Debug)]
enum ConsoleFile {
    /// A `.wandb` log of the SDK.
    Log(PathBuf),
    /// Plain text.
    Lines(PathBuf),
}

#[derive(Debug)]
enum Reader {
    Session(Box<ConsoleReader<File>>),
    Lines(BufReader<File>),
}

impl LocalRun {
    /// Returns the issues of the console output.
    pub(crate) fn console_issues(&self) -> Result<Vec<Issue>, Error> {
        match &self.source {
            Source::Sessions(sessions) => {
                let mut issues = self.issues.clone();
                // These issues concern other files.
                issues.retain(|issue| {
                    !matches!(issue, Issue::TextsUsed { .. } | Issue::SessionsOverlap { .. })
                });
                for session in sessions {
                    if let (_, Some(issue)) = ConsoleFile::of(session)? {
                        issues.push(issue);
                    }
                }
                Ok(issues)
            }
            #[cfg(feature = "mirror")]
            Source::Mirrored(run) => run.issues(crate::mirror::Part::Logs),
        }
    }

    /// Opens the console output.
    pub(crate) fn console(&self) -> Result<Console, Error> {
        let mut files = VecDeque::new();
        match &self.source {
            Source::Sessions(sessions) => {
                for session in sessions {
                    files.extend(ConsoleFile::of(session)?.0);
                }
            }
            #[cfg(feature = "mirror")]
            Source::Mirrored(run) => files.extend(run.log()?.map(ConsoleFile::Lines)),
        }
        Ok(Console { files, reader: None })
    }
}

impl ConsoleFile {
    /// Locates the console output of a session. The text file beside an incomplete or silent log may have more
    /// lines; a note is returned if it is used.
    fn of(session: &Session) -> Result<(Option<Self>, Option<Issue>), Error> {
        let files = &session.files;
        let beside = files.text(OUTPUT);
        let Some(log) = &files.log else {
            return Ok((beside.is_file().then_some(Self::Lines(beside)), None));
        };
        let own = Self::Log(log.clone());
        if session.has_console || count(own.open()?, log)? >= lines_of(&beside)? {
            return Ok((Some(own), None));
        }
        let note = Issue::TextsUsed { place: log.clone(), files: vec![OUTPUT] };
        Ok((Some(Self::Lines(beside)), Some(note)))
    }

    fn path(&self) -> &Path {
        let (Self::Log(path) | Self::Lines(path)) = self;
        path
    }

    fn open(&self) -> Result<Reader, Error> {
        let opened = File::open(self.path()).map_err(|error| reading(self.path(), error))?;
        Ok(match self {
            Self::Log(_) => Reader::Session(Box::new(ConsoleReader::new(opened))),
            Self::Lines(_) => Reader::Lines(BufReader::new(opened)),
        })
    }
}

/// Counts the lines of a file. A missing file has none.
fn lines_of(file: &Path) -> Result<u64, Error> {
    match File::open(file) {
        Ok(opened) => count(Reader::Lines(BufReader::new(opened)), file),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(0),
        Err(error) => Err(reading(file, error)),
    }
}

fn count(mut reader: Reader, file: &Path) -> Result<u64, Error> {
    let mut count = 0;
    loop {
        let lines = reader.next().map_err(|error| reading(file, error))?;
        if lines.is_empty() {
            return Ok(count);
        }
        count += lines.len() as u64;
    }
}

impl Console {
    /// Returns the next lines, at least one, without line breaks, or `None` at the end.
    pub(crate) fn next_lines(&mut self) -> Result<Option<Vec<String>>, Error> {
        loop {
            if let Some((file, reader)) = &mut self.reader {
                let lines = reader.next().map_err(|error| reading(file, error))?;
                if !lines.is_empty() {
                    return Ok(Some(lines));
                }
                self.reader = None;
            }
            let Some(file) = self.files.pop_front() else { return Ok(None) };
            self.reader = Some((file.path().to_owned(), file.open()?));
        }
    }
}

impl Reader {
    fn next(&mut self) -> std::io::Result<Vec<String>> {
        match self {
            Self::Session(reader) => {
                let text = reader.next_text()?.unwrap_or_default();
                Ok(text.lines().map(str::to_owned).collect())
            }
            Self::Lines(lines) => {
                let (mut all, mut bytes) = (Vec::new(), 0);
                let mut line = Vec::new();
                while all.len() < LINES_AT_ONCE
                    && bytes < BYTES_AT_ONCE
                    && lines.read_until(b'\n', &mut line)? > 0
                {
                    bytes += line.len();
                    // A line was written with only a line feed added, so keep a carriage return.
                    let text = line.strip_suffix(b"\n").unwrap_or(&line);
                    all.push(String::from_utf8_lossy(text).into_owned());
                    line.clear();
                }
                Ok(all)
            }
        }
    }
}
