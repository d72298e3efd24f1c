//! Groups values by column on disk, for tables that exceed memory.
//!
//! A bin collects the values of some neighbouring columns in row order. Each bin is meant to fit into memory,
//! where its values are sorted by column. A larger bin is split into smaller ones first. Every value is
//! therefore written and read a fixed number of times, regardless of the number of columns.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

use bytes::Bytes;
use tempfile::SpooledTempFile;

use crate::arrow::{Datum, Scatter};
use crate::columns::TableError;

/// Target size of a bin in bytes. Bins of up to four times this size are read as a whole.
const BIN_BYTES: u64 = 4 << 20;

/// Maximum number of bins at once: each has a buffer, and possibly an open file.
const MOST_BINS: usize = 64;

/// Bytes of a bin to hold in memory before it goes to a file.
const BIN_MEMORY: usize = 32 << 10;

/// Size of a value with its row and column, in bytes.
const VALUE_BYTES: u64 = 16;

/// A value stored in a bin.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Held {
    Bool(bool),
    Int64(i64),
    Float64(f64),
    Text(Bytes),
}

/// Bins for all columns of a table, and the rows that have each struct.
pub(super) struct Bins {
    all: Vec<Bin>,
    /// The bin of each slot.
    of_slot: Vec<usize>,
    /// For each struct, the rows that have it.
    pub(super) marks: Vec<Vec<Range<u32>>>,
    /// Number of row ranges in `marks`.
    ranges: usize,
}

/// The values of neighbouring columns, in the order added.
pub(super) struct Bin {
    pub(super) slots: Range<usize>,
    file: BufWriter<SpooledTempFile>,
    pub(super) bytes: u64,
}

impl Bins {
    /// Creates bins for columns with the given expected sizes in bytes, and marks for `structs` structs.
    /// Values beyond memory go to unnamed files in `directory`, or in the system's temporary directory.
    pub(super) fn new(weights: &[u64], structs: usize, directory: Option<&Path>) -> Self {
        let bins = shares(weights).into_iter().map(|slots| Bin::new(slots, directory));
        let bins: Vec<Bin> = bins.collect();
        let of_slot = bins.iter().enumerate().flat_map(|(place, bin)| bin.slots.clone().map(move |_| place));
        let of_slot = of_slot.collect();
        Self { of_slot, all: bins, marks: vec![Vec::new(); structs], ranges: 0 }
    }

    /// Returns whether the row group should be written early, because the struct marks alone use too much
    /// memory.
    pub(super) fn is_full(&self) -> bool {
        self.ranges > 1 << 20
    }

    /// Returns the bins in column order, and the rows of each struct.
    pub(super) fn into_parts(self) -> (Vec<Bin>, Vec<Vec<Range<u32>>>) {
        (self.all, self.marks)
    }
}

/// Divides the columns into neighbouring groups of similar size.
fn shares(weights: &[u64]) -> Vec<Range<usize>> {
    let total = weights.iter().fold(0_u64, |sum, weight| sum.saturating_add(*weight));
    // Any two neighbouring groups together exceed this size, which bounds their number.
    let room = (total / (MOST_BINS as u64 / 2)).max(BIN_BYTES);
    let mut shares = Vec::new();
    let (mut start, mut sum) = (0, 0_u64);
    for (slot, weight) in weights.iter().enumerate() {
        if slot > start && sum.saturating_add(*weight) > room {
            shares.push(start..slot);
            (start, sum) = (slot, 0);
        }
        sum = sum.saturating_add(*weight);
    }
    shares.push(start..weights.len());
    shares
}

impl Scatter for Bins {
    fn value(&mut self, slot: usize, row: usize, datum: &Datum<'_>) -> Result<(), TableError> {
        self.all[self.of_slot[slot]].push(slot, row, datum).map_err(putting)
    }

    fn mark(&mut self, mark: usize, row: usize) -> Result<(), TableError> {
        let row = u32::try_from(row).map_err(|error| putting(io::Error::other(error)))?;
        let ranges = &mut self.marks[mark];
        match ranges.last_mut() {
            Some(last) if last.end > row => {}
            Some(last) if last.end == row => last.end += 1,
            _ => {
                ranges.push(row..row + 1);
                self.ranges += 1;
            }
        }
        Ok(())
    }
}

/// Kind of a value, stored with its slot.
const FALSE: u32 = 0;
const TRUE: u32 = 1;
const INT: u32 = 2;
const FLOAT: u32 = 3;
const TEXT: u32 = 4;
const KINDS: u32 = 8;

impl Bin {
    fn new(slots: Range<usize>, directory: Option<&Path>) -> Self {
        let file = match directory {
            Some(directory) => SpooledTempFile::new_in(BIN_MEMORY, directory),
            None => SpooledTempFile::new(BIN_MEMORY),
        };
        Self { slots, file: BufWriter::with_capacity(8 << 10, file), bytes: 0 }
    }

    fn push(&mut self, slot: usize, row: usize, datum: &Datum<'_>) -> io::Result<()> {
        match datum {
            Datum::Bool(value) => self.begin(slot, row, if *value { TRUE } else { FALSE }),
            Datum::Int64(value) => {
                self.begin(slot, row, INT)?;
                self.put(&value.to_le_bytes())
            }
            Datum::Float64(value) => {
                self.begin(slot, row, FLOAT)?;
                self.put(&value.to_le_bytes())
            }
            Datum::Text(text) => {
                self.begin(slot, row, TEXT)?;
                self.put(&number(text.len())?.to_le_bytes())?;
                self.put(text.as_bytes())
            }
        }
    }

    fn begin(&mut self, slot: usize, row: usize, kind: u32) -> io::Result<()> {
        self.put(&number(row)?.to_le_bytes())?;
        self.put(&(number(slot)? * KINDS + kind).to_le_bytes())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    /// Returns whether the bin must be split before it is read.
    pub(super) fn is_too_large(&self) -> bool {
        self.bytes > BIN_BYTES * 4 && self.slots.len() > 1
    }

    /// Splits the bin into smaller ones for the same columns.
    pub(super) fn split(self, directory: Option<&Path>) -> Result<Vec<Bin>, TableError> {
        let slots = self.slots.clone();
        let size = slots.len().div_ceil(MOST_BINS);
        let parts = (slots.start..slots.end).step_by(size).map(|start| start..slots.end.min(start + size));
        let mut parts: Vec<Bin> = parts.map(|slots| Bin::new(slots, directory)).collect();
        let mut values = self.into_values()?;
        while let Some((slot, row, held)) = values.next().transpose()? {
            let text;
            let datum = match held {
                Held::Bool(value) => Datum::Bool(value),
                Held::Int64(value) => Datum::Int64(value),
                Held::Float64(value) => Datum::Float64(value),
                Held::Text(bytes) => {
                    text = bytes;
                    Datum::Text(String::from_utf8_lossy(&text))
                }
            };
            parts[(slot - slots.start) / size].push(slot, row, &datum).map_err(putting)?;
        }
        Ok(parts)
    }

    /// Returns the values with their slots and rows, in the order added.
    pub(super) fn into_values(self) -> Result<Values<BufReader<SpooledTempFile>>, TableError> {
        let mut file = self.file.into_inner().map_err(|error| putting(error.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(reading)?;
        Ok(Values(BufReader::with_capacity(64 << 10, file)))
    }

    /// Reads the bin into memory and groups its values by column.
    pub(super) fn into_columns(self) -> Result<Columns, TableError> {
        let slots = self.slots.clone();
        let mut all = Vec::with_capacity(usize::try_from(self.bytes).unwrap_or_default());
        self.into_values()?.0.read_to_end(&mut all).map_err(reading)?;
        let all = Bytes::from(all);
        let mut by_slot: Vec<(usize, usize)> = Vec::new();
        let mut at = all.clone();
        while !at.is_empty() {
            let place = all.len() - at.len();
            let (slot, _, _) = take(&mut at).map_err(reading)?;
            by_slot.push((slot, place));
        }
        // Positions increase, so sorting keeps the rows in order.
        by_slot.sort_unstable();
        let mut starts = vec![0; slots.len() + 1];
        for (slot, _) in &by_slot {
            starts[slot - slots.start + 1] += 1;
        }
        for slot in 0..slots.len() {
            starts[slot + 1] += starts[slot];
        }
        let places = by_slot.into_iter().map(|(_, place)| place).collect();
        Ok(Columns { all, first: slots.start, starts, places })
    }
}

/// Returns the expected size in a bin of a column with `values` values. `text` is the average text length in
/// bytes.
pub(super) fn weight(values: u64, text: Option<u64>) -> u64 {
    values.saturating_mul(VALUE_BYTES.saturating_add(text.unwrap_or_default()))
}

/// A bin in memory, grouped by column.
pub(super) struct Columns {
    all: Bytes,
    first: usize,
    /// Start index in `places` of each column.
    starts: Vec<usize>,
    places: Vec<usize>,
}

impl Columns {
    /// Returns the values of a column with their rows.
    pub(super) fn values(&self, slot: usize) -> impl Iterator<Item = Result<(usize, Held), TableError>> {
        let slot = slot - self.first;
        self.places[self.starts[slot]..self.starts[slot + 1]].iter().map(|&place| {
            let (_, row, held) = take(&mut self.all.slice(place..)).map_err(reading)?;
            Ok((row, held))
        })
    }
}

/// Reads the values of a bin lazily.
pub(super) struct Values<R>(R);

impl<R: BufRead> Iterator for Values<R> {
    type Item = Result<(usize, usize, Held), TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut next = || -> io::Result<Option<(usize, usize, Held)>> {
            if self.0.fill_buf()?.is_empty() {
                return Ok(None);
            }
            let (row, tag) = (word(&mut self.0)?, word(&mut self.0)?);
            let held = match tag % KINDS {
                TEXT => {
                    let mut text = vec![0; word(&mut self.0)? as usize];
                    self.0.read_exact(&mut text)?;
                    Held::Text(text.into())
                }
                kind => plain(&mut self.0, kind)?,
            };
            Ok(Some(((tag / KINDS) as usize, row as usize, held)))
        };
        next().map_err(reading).transpose()
    }
}

/// Takes the next value from a bin in memory, with its slot and row. Text is not copied.
fn take(all: &mut Bytes) -> io::Result<(usize, usize, Held)> {
    let mut front: &[u8] = all;
    let (row, tag) = (word(&mut front)?, word(&mut front)?);
    let (held, length) = match tag % KINDS {
        TEXT => {
            let length = word(&mut front)? as usize;
            let start = all.len() - front.len();
            if front.len() < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            (Held::Text(all.slice(start..start + length)), start + length)
        }
        kind => {
            let held = plain(&mut front, kind)?;
            (held, all.len() - front.len())
        }
    };
    *all = all.slice(length..);
    Ok(((tag / KINDS) as usize, row as usize, held))
}

fn plain(from: &mut impl Read, kind: u32) -> io::Result<Held> {
    let mut bytes = [0; 8];
    if kind == INT || kind == FLOAT {
        from.read_exact(&mut bytes)?;
    }
    Ok(match kind {
        INT => Held::Int64(i64::from_le_bytes(bytes)),
        FLOAT => Held::Float64(f64::from_le_bytes(bytes)),
        kind => Held::Bool(kind == TRUE),
    })
}

fn word(from: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    from.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn number(number: usize) -> io::Result<u32> {
    u32::try_from(number).map_err(io::Error::other)
}

fn putting(source: io::Error) -> TableError {
    TableError::Spool { action: "writing", source }
}

fn reading(source: io::Error) -> TableError {
    TableError::Spool { action: "reading", source }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    /// Returns bins with the values of three columns, added row by row.
    fn filled(weights: &[u64], rows: usize) -> Bins {
        let mut bins = Bins::new(weights, 1, None);
        for row in 0..rows {
            bins.value(0, row, &Datum::Int64(i64::try_from(row).expect("few"))).expect("room");
            if row.is_multiple_of(2) {
                let text = "ü".repeat(row % 7);
                bins.value(1, row, &Datum::Text(Cow::Borrowed(&text))).expect("room");
            }
            if row.is_multiple_of(3) {
                bins.value(2, row, &Datum::Bool(row.is_multiple_of(2))).expect("room");
                bins.mark(0, row).expect("room");
                bins.mark(0, row).expect("room");
            }
        }
        bins
    }

    fn columns(bins: Vec<Bin>) -> Vec<Vec<(usize, Held)>> {
        let mut columns = Vec::new();
        for bin in bins {
            let slots = bin.slots.clone();
            let bin = bin.into_columns().expect("readable");
            columns.extend(slots.map(|slot| bin.values(slot).map(|value| value.expect("whole")).collect()));
        }
        columns
    }

    #[test]
    fn values_are_grouped_by_column_in_row_order() {
        let (bins, marks) = filled(&[1, 1, 1], 10_000).into_parts();
        assert_eq!((bins.len(), marks[0].len(), marks[0][1].clone()), (1, 3_334, 3..4));
        let together = columns(bins);
        assert_eq!(together.iter().map(Vec::len).collect::<Vec<_>>(), [10_000, 5_000, 3_334]);
        assert_eq!(together[0][9], (9, Held::Int64(9)));
        assert_eq!(together[1][2], (4, Held::Text("üüüü".into())));
        assert_eq!(together[2][1], (3, Held::Bool(false)));
        let (bins, _) = filled(&[u64::MAX / 2, u64::MAX / 2, u64::MAX / 2], 10_000).into_parts();
        assert_eq!(bins.len(), 3);
        assert!(columns(bins) == together);
    }

    #[test]
    fn bins_are_split_and_streamed_without_loss() {
        let expected = columns(filled(&[1, 1, 1], 10_000).into_parts().0);
        let (mut bins, _) = filled(&[1, 1, 1], 10_000).into_parts();
        let parts = bins.remove(0).split(None).expect("room");
        assert_eq!(parts.iter().map(|bin| bin.slots.clone()).collect::<Vec<_>>(), [0..1, 1..2, 2..3]);
        for (part, expected) in parts.into_iter().zip(&expected) {
            let streamed = part.into_values().expect("readable");
            let streamed = streamed.map(|value| value.expect("whole")).map(|(_, row, held)| (row, held));
            assert!(streamed.eq(expected.iter().cloned()));
        }
    }

    #[test]
    fn number_of_bins_is_bounded() {
        assert!(shares(&[BIN_BYTES; 1_000]).len() <= MOST_BINS + 1);
        assert_eq!((shares(&[0; 1_000]).len(), shares(&[0; 1_000])[0].clone()), (1, 0..1_000));
        assert_eq!(shares(&[BIN_BYTES, 1, BIN_BYTES - 1, 1]), [0..1, 1..3, 3..4]);
    }
}
