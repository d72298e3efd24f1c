//! What a run on disk has printed.

use std::collections::VecDeque;
use std::fs::File;
#[cfg(feature = "mirror")]
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

use wandb_runlog::ConsoleReader;

use super::LocalRun;
use super::run::reading;
use super::source::Source;
use crate::error::Error;
use crate::issue::Issue;

/// So many lines of a file of lines are handed out at once, at the most.
#[cfg(feature = "mirror")]
const LINES_AT_ONCE: usize = 1_000;

/// Lines, file after file.
#[derive(Debug)]
pub(crate) struct Console {
    files: VecDeque<PathBuf>,
    /// Whether these are files of lines rather than what the SDK has written.
    are_lines: bool,
    reader: Option<(PathBuf, Reader)>,
}

#[derive(Debug)]
enum Reader {
    Session(Box<ConsoleReader<File>>),
    #[cfg(feature = "mirror")]
    Lines(BufReader<File>),
}

impl LocalRun {
    /// What is missing from its output.
    #[cfg_attr(
        not(feature = "mirror"),
        expect(clippy::unnecessary_wraps, reason = "a mirror may be damaged")
    )]
    pub(crate) fn console_issues(&self) -> Result<Vec<Issue>, Error> {
        match &self.source {
            Source::Sessions(_) => Ok(self.issues.clone()),
            #[cfg(feature = "mirror")]
            Source::Mirrored(run) => run.issues(crate::mirror::Part::Logs),
        }
    }

    /// What it has printed.
    #[cfg_attr(
        not(feature = "mirror"),
        expect(clippy::unnecessary_wraps, reason = "a mirror may be damaged")
    )]
    pub(crate) fn console(&self) -> Result<Console, Error> {
        let (files, are_lines) = match &self.source {
            Source::Sessions(sessions) => {
                (sessions.iter().map(|session| session.file.clone()).collect(), false)
            }
            #[cfg(feature = "mirror")]
            Source::Mirrored(run) => (run.log()?.into_iter().collect(), true),
        };
        Ok(Console { files, are_lines, reader: None })
    }
}

impl Console {
    /// The next lines, at least one, without their line breaks; `None` at the end.
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
            let opened = File::open(&file).map_err(|error| reading(&file, error))?;
            let reader = match self.are_lines {
                #[cfg(feature = "mirror")]
                true => Reader::Lines(BufReader::new(opened)),
                _ => Reader::Session(Box::new(ConsoleReader::new(opened))),
            };
            self.reader = Some((file, reader));
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
            #[cfg(feature = "mirror")]
            Self::Lines(lines) => {
                let mut all = Vec::new();
                let mut line = Vec::new();
                while all.len() < LINES_AT_ONCE && lines.read_until(b'\n', &mut line)? > 0 {
                    // Nothing but the line feed was added when the line was written.
                    let text = line.strip_suffix(b"\n").unwrap_or(&line);
                    all.push(String::from_utf8_lossy(text).into_owned());
                    line.clear();
                }
                Ok(all)
            }
        }
    }
}
