//! Rows put aside until something is known about all of them.

use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use tempfile::SpooledTempFile;
use wandb_core::Row;

use crate::table::TableError;

/// Rows on their way through memory, then through an unnamed temporary file, as JSON Lines.
///
/// The text of a row loses one difference only: a float that is not finite comes back as W&B's string for it, which
/// tables treat alike.
#[derive(Debug)]
pub(crate) struct Spool {
    file: BufWriter<SpooledTempFile>,
    line: String,
    rows: u64,
}

/// How many rows to hold in memory at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchSize {
    /// The most rows.
    pub(crate) rows: usize,
    /// The most bytes of their JSON text, but for a single row that is larger.
    pub(crate) bytes: usize,
}

impl BatchSize {
    /// Enough rows to make the work by column worthwhile, and no more than about a million values.
    pub(crate) fn for_columns(columns: usize) -> Self {
        Self { rows: (1_048_576 / columns.max(1)).clamp(1, 8192), bytes: 8 << 20 }
    }
}

impl Spool {
    /// A spool that holds `memory` bytes, and beyond that uses an unnamed file in `directory`, or in the system's
    /// directory for temporary files.
    pub(crate) fn new(memory: usize, directory: Option<&Path>) -> Self {
        let file = match directory {
            Some(directory) => SpooledTempFile::new_in(memory, directory),
            None => SpooledTempFile::new(memory),
        };
        Self { file: BufWriter::new(file), line: String::new(), rows: 0 }
    }

    /// Puts a row aside.
    pub(crate) fn push(&mut self, row: &Row) -> Result<(), TableError> {
        self.line.clear();
        row.write_json_line(&mut self.line);
        self.file.write_all(self.line.as_bytes()).map_err(putting)?;
        self.rows += 1;
        Ok(())
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// The rows, in batches, in the order in which they came.
    pub(crate) fn into_batches(self, size: BatchSize) -> Result<SpooledBatches, TableError> {
        let mut file = self.file.into_inner().map_err(|error| putting(error.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(reading)?;
        Ok(SpooledBatches { file: BufReader::with_capacity(64 << 10, file), line: Vec::new(), size })
    }
}

/// The rows of a [`Spool`], in batches that are never empty.
#[derive(Debug)]
pub(crate) struct SpooledBatches {
    file: BufReader<SpooledTempFile>,
    line: Vec<u8>,
    size: BatchSize,
}

impl SpooledBatches {
    fn next_batch(&mut self) -> Result<Vec<Row>, TableError> {
        let mut rows = Vec::new();
        let mut bytes = 0;
        while rows.len() < self.size.rows && bytes < self.size.bytes {
            self.line.clear();
            if self.file.read_until(b'\n', &mut self.line).map_err(reading)? == 0 {
                break;
            }
            bytes += self.line.len();
            let row = Row::parse(&self.line);
            rows.push(row.map_err(|error| reading(io::Error::new(io::ErrorKind::InvalidData, error)))?);
        }
        Ok(rows)
    }
}

impl Iterator for SpooledBatches {
    type Item = Result<Vec<Row>, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().map(|rows| (!rows.is_empty()).then_some(rows)).transpose()
    }
}

fn putting(source: io::Error) -> TableError {
    TableError::Spool { action: "putting aside", source }
}

fn reading(source: io::Error) -> TableError {
    TableError::Spool { action: "reading back", source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(step: usize) -> Row {
        Row::parse(format!(r#"{{"_step": {step}, "text": "line\nbreak"}}"#).as_bytes()).expect("valid")
    }

    #[test]
    fn rows_come_back_in_order_from_memory_and_from_disk() {
        for memory in [0, 100, 1 << 20] {
            let mut spool = Spool::new(memory, None);
            (0..1000).for_each(|step| spool.push(&row(step)).expect("room"));
            assert_eq!(spool.rows(), 1000);
            let batches: Vec<Vec<Row>> = spool
                .into_batches(BatchSize { rows: 300, bytes: usize::MAX })
                .and_then(Iterator::collect)
                .expect("readable");
            assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [300, 300, 300, 100]);
            let expected: Vec<Row> = (0..1000).map(row).collect();
            assert_eq!(batches.concat(), expected);
        }
    }

    #[test]
    fn a_batch_is_bounded_in_bytes_but_holds_at_least_one_row() {
        let mut spool = Spool::new(0, None);
        (0..3).for_each(|step| spool.push(&row(step)).expect("room"));
        let batches = spool.into_batches(BatchSize { rows: 300, bytes: 1 }).expect("readable");
        assert_eq!(batches.map(|batch| batch.expect("readable").len()).collect::<Vec<_>>(), [1, 1, 1]);
    }

    #[test]
    fn an_empty_spool_has_no_batches() {
        let batches = Spool::new(0, None).into_batches(BatchSize { rows: 1, bytes: 1 }).expect("readable");
        assert_eq!(batches.count(), 0);
    }

    #[test]
    fn a_directory_that_is_gone_is_an_error_once_it_is_needed() {
        let directory = tempfile::tempdir().expect("a directory").path().to_owned();
        let mut spool = Spool::new(10, Some(&directory));
        (0..1000).try_for_each(|step| spool.push(&row(step))).expect_err("no directory");
    }
}
