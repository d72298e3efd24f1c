//! What a run on disk has printed.

use std::collections::VecDeque;
use std::fs::File;
use std::path::PathBuf;

use wandb_runlog::ConsoleReader;

use super::LocalRun;
use super::run::reading;
use crate::error::Error;

/// Lines, session after session.
#[derive(Debug)]
pub(crate) struct Console {
    files: VecDeque<PathBuf>,
    reader: Option<(PathBuf, ConsoleReader<File>)>,
}

impl LocalRun {
    /// What it has printed.
    pub(crate) fn console(&self) -> Console {
        let files = self.sessions.iter().map(|session| session.file.clone()).collect();
        Console { files, reader: None }
    }
}

impl Console {
    /// The next lines, at least one, without their line breaks; `None` at the end.
    pub(crate) fn next_lines(&mut self) -> Result<Option<Vec<String>>, Error> {
        loop {
            if let Some((file, reader)) = &mut self.reader {
                let text = reader.next_text().map_err(|error| reading(file, error))?;
                if let Some(text) = text {
                    return Ok(Some(text.lines().map(str::to_owned).collect()));
                }
                self.reader = None;
            }
            let Some(file) = self.files.pop_front() else { return Ok(None) };
            let opened = File::open(&file).map_err(|error| reading(&file, error))?;
            self.reader = Some((file, ConsoleReader::new(opened)));
        }
    }
}
