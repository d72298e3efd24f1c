//! Reads the lines of a text file.

use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::source::StoredFile;

/// The most lines per batch.
const LINES_AT_ONCE: usize = 1_000;

/// The most bytes per batch, unless a single line is longer.
const BYTES_AT_ONCE: usize = 1 << 20;

/// Reads the lines of a text file in batches, without line breaks.
pub(crate) struct LineReader {
    path: PathBuf,
    file: BufReader<Box<dyn Read + Send>>,
}

impl LineReader {
    pub(crate) fn open(file: &dyn StoredFile) -> Result<Self, Error> {
        let path = file.path();
        let opened = file.open().map_err(|error| read_error(&path, error))?;
        Ok(Self { path, file: BufReader::new(opened) })
    }

    fn read(&mut self) -> io::Result<Vec<String>> {
        let (mut all, mut bytes) = (Vec::new(), 0);
        let mut line = Vec::new();
        while all.len() < LINES_AT_ONCE
            && bytes < BYTES_AT_ONCE
            && self.file.read_until(b'\n', &mut line)? > 0
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

impl Iterator for LineReader {
    type Item = Result<Vec<String>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.read() {
            Ok(lines) => (!lines.is_empty()).then_some(Ok(lines)),
            Err(error) => Some(Err(read_error(&self.path, error))),
        }
    }
}

pub(crate) fn read_error(file: &Path, error: io::Error) -> Error {
    Error::io(format!("reading {}", file.display()), error)
}
