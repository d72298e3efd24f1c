//! Spools rows until the schema of all of them is known.

use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use tempfile::SpooledTempFile;
use wandb_core::Row;
use wandb_core::internal::PackedPage;
use wandb_core::page::Page;

use crate::columns::TableError;

/// Rows spooled in memory and then in an unnamed temporary file: single rows as JSON Lines, pages packed.
///
/// JSON Lines lose one difference: a non-finite float is read back as W&B's string for it, which tables treat
/// alike.
#[derive(Debug)]
pub(crate) struct Spool {
    file: BufWriter<SpooledTempFile>,
    /// Single rows that are not in the file yet.
    lines: String,
    packed: PackedPage,
    rows: u64,
    bytes: u64,
}

/// A portion of the rows of a spool.
#[derive(Debug)]
pub(crate) enum Portion {
    /// Single rows.
    Rows(Vec<Row>),
    /// A range of rows of a page.
    Page(Arc<Page>, Range<usize>),
    /// Table columns that bypassed the spool.
    #[cfg(feature = "parquet")]
    Columns(arrow_array::RecordBatch),
}

impl Portion {
    /// Returns the number of rows.
    #[cfg(feature = "parquet")]
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.len(),
            Self::Page(_, rows) => rows.len(),
            #[cfg(feature = "parquet")]
            Self::Columns(columns) => columns.num_rows(),
        }
    }

    /// Splits off the first `most` rows. Returns them and the remaining rows, if any.
    #[cfg(feature = "parquet")]
    pub(crate) fn split(self, most: usize) -> (Self, Option<Self>) {
        if self.len() <= most {
            return (self, None);
        }
        match self {
            Self::Rows(mut rows) => {
                let behind = rows.split_off(most);
                (Self::Rows(rows), Some(Self::Rows(behind)))
            }
            Self::Page(page, rows) => {
                let middle = rows.start + most;
                (Self::Page(Arc::clone(&page), rows.start..middle), Some(Self::Page(page, middle..rows.end)))
            }
            Self::Columns(columns) => {
                let behind = columns.slice(most, columns.num_rows() - most);
                (Self::Columns(columns.slice(0, most)), Some(Self::Columns(behind)))
            }
        }
    }
}

/// Chunk size of single rows in bytes.
const CHUNK: usize = 256 << 10;

/// Kind of a chunk in the file.
const LINES: u8 = 0;
const PAGE: u8 = 1;

impl Spool {
    /// Creates a spool that holds `memory` bytes. Further rows go to an unnamed file in `directory`, or in
    /// the system's temporary directory.
    pub(crate) fn new(memory: usize, directory: Option<&Path>) -> Self {
        let file = match directory {
            Some(directory) => SpooledTempFile::new_in(memory, directory),
            None => SpooledTempFile::new(memory),
        };
        Self {
            file: BufWriter::new(file),
            lines: String::new(),
            packed: PackedPage::default(),
            rows: 0,
            bytes: 0,
        }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: &Row) -> Result<(), TableError> {
        row.write_json_line(&mut self.lines);
        self.rows += 1;
        if self.lines.len() >= CHUNK { self.write_lines() } else { Ok(()) }
    }

    /// Adds a page.
    pub(crate) fn push_page(&mut self, page: &Page) -> Result<(), TableError> {
        self.write_lines()?;
        page.pack(&mut self.packed);
        let PackedPage { shape, text } = &self.packed;
        let write = || {
            self.file.write_all(&[PAGE])?;
            write_length(&mut self.file, shape.len())?;
            write_length(&mut self.file, text.len())?;
            self.file.write_all(shape)?;
            self.file.write_all(text)
        };
        put(write)?;
        self.bytes += (shape.len() + text.len()) as u64;
        self.rows += page.len() as u64;
        Ok(())
    }

    fn write_lines(&mut self) -> Result<(), TableError> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let write = || {
            self.file.write_all(&[LINES])?;
            write_length(&mut self.file, self.lines.len())?;
            self.file.write_all(self.lines.as_bytes())
        };
        put(write)?;
        self.bytes += self.lines.len() as u64;
        self.lines.clear();
        Ok(())
    }

    /// Returns the number of rows.
    #[cfg(any(feature = "parquet", test))]
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the approximate size in bytes.
    #[cfg(feature = "parquet")]
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes + self.lines.len() as u64
    }

    /// Returns the rows in order, in portions of at most `rows`.
    pub(crate) fn into_portions(mut self, rows: usize) -> Result<Portions, TableError> {
        self.write_lines()?;
        let mut file = self.file.into_inner().map_err(|error| putting(error.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(reading)?;
        let file = BufReader::with_capacity(64 << 10, file);
        Ok(Portions { file, most: rows.max(1), left: Left::Nothing })
    }
}

/// An iterator over the rows of a [`Spool`], in non-empty portions.
#[derive(Debug)]
pub(crate) struct Portions {
    file: BufReader<SpooledTempFile>,
    most: usize,
    left: Left,
}

/// The unread rest of a chunk.
#[derive(Debug)]
enum Left {
    Nothing,
    Lines(std::vec::IntoIter<Row>),
    Page(Arc<Page>, Range<usize>),
}

impl Portions {
    fn next_portion(&mut self) -> io::Result<Option<Portion>> {
        loop {
            match &mut self.left {
                Left::Lines(rows) if !rows.as_slice().is_empty() => {
                    return Ok(Some(Portion::Rows(rows.by_ref().take(self.most).collect())));
                }
                Left::Page(page, rows) if rows.start < rows.end => {
                    let middle = rows.end.min(rows.start + self.most);
                    let portion = Portion::Page(Arc::clone(page), rows.start..middle);
                    rows.start = middle;
                    return Ok(Some(portion));
                }
                _ => {}
            }
            let mut kind = [0];
            if self.file.read(&mut kind)? == 0 {
                return Ok(None);
            }
            self.left = if kind == [PAGE] { self.page()? } else { self.lines()? };
        }
    }

    fn lines(&mut self) -> io::Result<Left> {
        let length = self.length()?;
        let lines = self.bytes(length)?;
        let rows = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(Row::parse);
        let rows = rows.collect::<Result<Vec<_>, _>>().map_err(spoiled)?;
        Ok(Left::Lines(rows.into_iter()))
    }

    fn page(&mut self) -> io::Result<Left> {
        let (shape, text) = (self.length()?, self.length()?);
        let shape = self.bytes(shape)?;
        let text = self.bytes(text)?;
        let page = Page::unpack(PackedPage { shape, text }).ok_or_else(|| spoiled("invalid page"))?;
        let rows = 0..page.len();
        Ok(Left::Page(Arc::new(page), rows))
    }

    fn length(&mut self) -> io::Result<usize> {
        let mut bytes = [0; 8];
        self.file.read_exact(&mut bytes)?;
        usize::try_from(u64::from_le_bytes(bytes)).map_err(spoiled)
    }

    fn bytes(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl Iterator for Portions {
    type Item = Result<Portion, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_portion().map_err(reading).transpose()
    }
}

fn write_length(file: &mut impl Write, length: usize) -> io::Result<()> {
    file.write_all(&(length as u64).to_le_bytes())
}

fn put(write: impl FnOnce() -> io::Result<()>) -> Result<(), TableError> {
    write().map_err(putting)
}

fn putting(source: io::Error) -> TableError {
    TableError::Spool { action: "writing", source }
}

fn reading(source: io::Error) -> TableError {
    TableError::Spool { action: "reading", source }
}

fn spoiled(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use wandb_core::internal::{RowEncoding, read_rows};

    use super::*;

    fn row(step: usize) -> Row {
        Row::parse(format!(r#"{{"_step": {step}, "text": "line\nbreak"}}"#).as_bytes()).expect("valid")
    }

    fn page(steps: Range<usize>) -> Page {
        let rows: Vec<String> = steps.map(|step| row(step).to_json_line()).collect();
        let read = read_rows(&Arc::new(format!("[{}]", rows.join(","))), 0, RowEncoding::Inline, 0..i64::MAX);
        read.expect("nothing unusual").pages.remove(0)
    }

    fn rows_of(portion: &Portion) -> Vec<Row> {
        match portion {
            Portion::Rows(rows) => rows.clone(),
            Portion::Page(page, rows) => page.to_rows()[rows.clone()].to_vec(),
            #[cfg(feature = "parquet")]
            Portion::Columns(_) => panic!("a spool never yields Arrow columns"),
        }
    }

    #[test]
    fn spool_keeps_order_in_memory_and_on_disk() {
        for memory in [0, 100, 1 << 20] {
            let mut spool = Spool::new(memory, None);
            (0..400).for_each(|step| spool.push(&row(step)).expect("room"));
            spool.push_page(&page(400..900)).expect("room");
            (900..1000).for_each(|step| spool.push(&row(step)).expect("room"));
            assert_eq!(spool.rows(), 1000);
            let portions: Vec<Vec<Row>> = spool
                .into_portions(300)
                .expect("readable")
                .map(|portion| rows_of(&portion.expect("readable")))
                .collect();
            assert_eq!(portions.iter().map(Vec::len).collect::<Vec<_>>(), [300, 100, 300, 200, 100]);
            let expected: Vec<Row> = (0..1000).map(row).collect();
            assert_eq!(portions.concat(), expected);
        }
    }

    #[test]
    fn many_rows_fill_several_chunks() {
        let mut spool = Spool::new(0, None);
        (0..20_000).for_each(|step| spool.push(&row(step)).expect("room"));
        let portions = spool.into_portions(usize::MAX).expect("readable");
        let lengths: Vec<usize> =
            portions.map(|portion| rows_of(&portion.expect("readable")).len()).collect();
        assert!(lengths.len() > 1);
        assert_eq!(lengths.iter().sum::<usize>(), 20_000);
    }

    #[test]
    fn missing_directory_fails_on_first_spill() {
        let directory = tempfile::tempdir().expect("a directory").path().to_owned();
        let mut spool = Spool::new(10, Some(&directory));
        (0..20_000).try_for_each(|step| spool.push(&row(step))).expect_err("no directory");
    }
}
