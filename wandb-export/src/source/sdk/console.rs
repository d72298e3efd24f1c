//! Reads the console output of a run on disk.

use std::fs::File;
use std::io::ErrorKind;
use std::path::PathBuf;

use wandb_runlog::ConsoleReader;

use super::run::SdkData;
use super::session::Session;
use super::session_files::OUTPUT;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::StoredFile;
use crate::source::disk::{LineBatches, LineReader, read_error};

/// A file with the console output of a run.
#[derive(Debug)]
enum ConsoleFile {
    /// A `.wandb` log of the SDK.
    Log(PathBuf),
    /// Plain text.
    Lines(PathBuf),
}

/// Reads the console output in a `.wandb` log.
struct LogConsoleReader {
    path: PathBuf,
    reader: ConsoleReader<File>,
}

impl SdkData {
    /// Opens the console output of all sessions in sequence.
    pub(super) fn open_console(&self) -> Result<LineBatches, Error> {
        let mut files = Vec::new();
        for session in &self.sessions {
            files.extend(ConsoleFile::locate(session)?.0);
        }
        let open =
            |file: ConsoleFile| file.open().unwrap_or_else(|error| Box::new(std::iter::once(Err(error))));
        Ok(Box::new(files.into_iter().flat_map(open)))
    }

    /// Returns the issues of the console output.
    pub(super) fn find_console_issues(&self) -> Result<Vec<Issue>, Error> {
        let mut issues = self.issues.clone();
        // These issues concern other files.
        issues.retain(|issue| !matches!(issue, Issue::TextFilesUsed { .. } | Issue::SessionsOverlap { .. }));
        for session in &self.sessions {
            issues.extend(ConsoleFile::locate(session)?.1);
        }
        Ok(issues)
    }
}

impl ConsoleFile {
    /// Locates the console output of a session. The text file beside an incomplete or silent log may have more
    /// lines; a note is returned if it is used.
    fn locate(session: &Session) -> Result<(Option<Self>, Option<Issue>), Error> {
        let files = &session.files;
        let text_file = files.text_path(OUTPUT);
        let Some(log) = &files.log else {
            return Ok((text_file.is_file().then_some(Self::Lines(text_file)), None));
        };
        let own = Self::Log(log.clone());
        if session.has_console || sum_lines(own.open()?)? >= count_lines(&text_file)? {
            return Ok((Some(own), None));
        }
        let note = Issue::TextFilesUsed { path: log.clone(), files: vec![OUTPUT] };
        Ok((Some(Self::Lines(text_file)), Some(note)))
    }

    fn open(&self) -> Result<LineBatches, Error> {
        Ok(match self {
            Self::Log(path) => {
                let file = File::open(path).map_err(|error| read_error(path, error))?;
                Box::new(LogConsoleReader { path: path.clone(), reader: ConsoleReader::new(file) })
            }
            Self::Lines(path) => Box::new(LineReader::open(path)?),
        })
    }
}

/// Counts the lines of a text file. A missing file has none.
fn count_lines(file: &dyn StoredFile) -> Result<u64, Error> {
    match LineReader::open(file) {
        Ok(lines) => sum_lines(lines),
        Err(Error::Io { source, .. })
            if matches!(source.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
        {
            Ok(0)
        }
        Err(error) => Err(error),
    }
}

fn sum_lines(lines: impl Iterator<Item = Result<Vec<String>, Error>>) -> Result<u64, Error> {
    lines.map(|lines| lines.map(|lines| lines.len() as u64)).sum()
}

impl Iterator for LogConsoleReader {
    type Item = Result<Vec<String>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = match self.reader.next_text() {
            Ok(text) => text.unwrap_or_default(),
            Err(error) => return Some(Err(read_error(&self.path, error))),
        };
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        (!lines.is_empty()).then_some(Ok(lines))
    }
}
