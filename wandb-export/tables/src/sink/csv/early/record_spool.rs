//! Spools CSV records until all columns are known.

use std::io::{self, BufRead as _, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use tempfile::SpooledTempFile;

use super::super::super::error::SinkError;
use super::super::dialect::Dialect;
use super::record_layout::RecordLayout;
use super::record_rewriter::RecordRewriter;
use crate::columns::TableError;

/// Records spooled in memory and then in an unnamed temporary file, together with their layouts.
pub(super) struct RecordSpool {
    file: BufWriter<SpooledTempFile>,
    bytes: usize,
}

/// Kind of a chunk in the file.
const LAYOUT: u8 = 0;
const TEXT: u8 = 1;

/// Buffer size for reading, in bytes.
const PIECE: usize = 64 << 10;

impl RecordSpool {
    /// Creates a spool that holds `memory` bytes. Further records go to an unnamed file in `directory`, or in
    /// the system's temporary directory.
    pub(super) fn new(memory: usize, directory: Option<&Path>) -> Self {
        let file = match directory {
            Some(directory) => SpooledTempFile::new_in(memory, directory),
            None => SpooledTempFile::new(memory),
        };
        Self { file: BufWriter::new(file), bytes: 0 }
    }

    /// Returns the approximate size in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Sets the layout of the following records.
    pub(super) fn begin(&mut self, layout: &RecordLayout) -> Result<(), SinkError> {
        let layout = serde_json::to_vec(layout).map_err(|error| write_error(error.into()))?;
        self.chunk(LAYOUT, layout.len() as u64, |file| file.write_all(&layout))
    }

    /// Adds records.
    pub(super) fn push(&mut self, text: &str) -> Result<(), SinkError> {
        self.chunk(TEXT, text.len() as u64, |file| file.write_all(text.as_bytes()))
    }

    /// Adds the `bytes` bytes of records that `write` writes.
    pub(super) fn push_from(
        &mut self,
        bytes: u64,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), SinkError> {
        self.chunk(TEXT, bytes, |file| write(file))
    }

    fn chunk(
        &mut self,
        kind: u8,
        bytes: u64,
        write: impl FnOnce(&mut BufWriter<SpooledTempFile>) -> io::Result<()>,
    ) -> Result<(), SinkError> {
        self.bytes = self.bytes.saturating_add(usize::try_from(bytes).unwrap_or(usize::MAX));
        let file = &mut self.file;
        let written = file
            .write_all(&[kind])
            .and_then(|()| file.write_all(&bytes.to_le_bytes()))
            .and_then(|()| write(file));
        written.map_err(write_error)
    }

    /// Passes the text of all records to `write`, rewritten to the final layout.
    pub(super) fn replay(
        self,
        dialect: Dialect,
        layout: &RecordLayout,
        mut write: impl FnMut(&[u8]) -> Result<(), SinkError>,
    ) -> Result<(), SinkError> {
        let mut file = self.file.into_inner().map_err(|error| write_error(error.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(read_error)?;
        let mut file = BufReader::with_capacity(PIECE, file);
        let mut rewriter = None;
        let mut rewritten = String::new();
        while let Some((kind, mut left)) = chunk(&mut file).map_err(read_error)? {
            if kind == LAYOUT {
                require(rewriter.as_ref().is_none_or(RecordRewriter::is_done))?;
                rewriter = differing(dialect, &read_layout(&mut file, left).map_err(read_error)?, layout);
                continue;
            }
            while left > 0 {
                let piece = file.fill_buf().map_err(read_error)?;
                require(!piece.is_empty())?;
                let piece = &piece[..piece.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
                match &mut rewriter {
                    None => write(piece)?,
                    Some(rewriter) => {
                        rewriter
                            .push(piece, &mut rewritten)
                            .map_err(|error| read_error(io::Error::other(error)))?;
                        write(rewritten.as_bytes())?;
                        rewritten.clear();
                    }
                }
                let taken = piece.len();
                file.consume(taken);
                left -= taken as u64;
            }
        }
        require(rewriter.as_ref().is_none_or(RecordRewriter::is_done))
    }
}

/// Returns a rewriter between two layouts, or `None` if the text is the same in both.
fn differing(dialect: Dialect, from: &RecordLayout, to: &RecordLayout) -> Option<RecordRewriter> {
    (to.0.len() < 2 || !to.keeps(from)).then(|| RecordRewriter::new(dialect, from, to))
}

/// Reads the kind and length of the next chunk. Returns `None` at the end.
fn chunk(file: &mut impl Read) -> io::Result<Option<(u8, u64)>> {
    let (mut kind, mut bytes) = ([0], [0; 8]);
    if file.read(&mut kind)? == 0 {
        return Ok(None);
    }
    file.read_exact(&mut bytes)?;
    Ok(Some((kind[0], u64::from_le_bytes(bytes))))
}

fn read_layout(file: &mut impl Read, bytes: u64) -> io::Result<RecordLayout> {
    let mut layout = Vec::new();
    file.take(bytes).read_to_end(&mut layout)?;
    Ok(serde_json::from_slice(&layout)?)
}

fn require(is_whole: bool) -> Result<(), SinkError> {
    if is_whole { Ok(()) } else { Err(read_error(io::ErrorKind::UnexpectedEof.into())) }
}

fn write_error(source: io::Error) -> SinkError {
    TableError::Spool { action: "writing", source }.into()
}

fn read_error(source: io::Error) -> SinkError {
    TableError::Spool { action: "reading", source }.into()
}
