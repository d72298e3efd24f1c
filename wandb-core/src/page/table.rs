//! Collects rows into columns.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::Page;
use super::cell::{CellKind, Span};
use super::column::Cells;

/// The key of a row's step.
const STEP: &str = "_step";

/// The maximum number of cells per page. It bounds the memory of rows that have few of very many keys.
const MAX_CELLS: usize = 1 << 18;

/// The initial capacity of a column. If rows have very many keys, a response holds few rows.
const FEW_ROWS: usize = 8;

/// The size of the cache of recent columns; a slot number is a byte.
const SLOTS: usize = 1 << 8;

/// The rows parsed so far.
#[derive(Debug)]
pub(super) struct Table {
    steps: Range<i64>,
    pub(super) pages: Vec<Page>,
    pub(super) columns: Vec<ColumnBuilder>,
    by_key: HashMap<Arc<str>, usize, ahash::RandomState>,
    /// The recently found columns, in the [`slot`] of their key. Empty until the first lookup.
    recent: Vec<usize>,
    pub(super) unescaped: String,
    /// The number of complete rows of the current page.
    rows: usize,
    irregular: Vec<(usize, Box<[u32]>)>,
    /// The columns of the current row so far.
    row_columns: Vec<u32>,
    in_order: bool,
    /// The columns of the previous row, if they were in order.
    pub(super) last_row: Vec<u32>,
    /// The first column of rows. `step` is the column of the steps.
    pub(super) first: usize,
    step: Option<usize>,
}

#[derive(Debug)]
pub(super) struct ColumnBuilder {
    pub(super) key: Arc<str>,
    /// The location in the text of the characters from a separator to a value of this column.
    pub(super) key_prefix: Range<usize>,
    /// The column that followed this one in an earlier row.
    pub(super) next: usize,
    pub(super) spans: Vec<Span>,
}

impl Table {
    pub(super) fn new(steps: Range<i64>) -> Self {
        Self {
            steps,
            pages: Vec::new(),
            columns: Vec::new(),
            by_key: HashMap::default(),
            recent: Vec::new(),
            unescaped: String::new(),
            rows: 0,
            irregular: Vec::new(),
            row_columns: Vec::new(),
            in_order: true,
            last_row: Vec::new(),
            first: 0,
            step: None,
        }
    }

    /// Returns the column of a key, adding it if necessary.
    pub(super) fn column(&mut self, key: &str) -> usize {
        if let Some(&column) = self.by_key.get(key) {
            return column;
        }
        let column = self.columns.len();
        if key == STEP {
            self.step = Some(column);
        }
        let key: Arc<str> = key.into();
        self.by_key.insert(Arc::clone(&key), column);
        self.columns.push(ColumnBuilder {
            key,
            key_prefix: 0..0,
            next: column + 1,
            spans: Vec::with_capacity(FEW_ROWS),
        });
        column
    }

    /// Looks up the column of a key given as bytes. Fast even if rows have their keys in varying order. Returns
    /// `None` if the key is not UTF-8.
    pub(super) fn find(&mut self, key: &[u8]) -> Option<usize> {
        let slot = slot(key);
        if let Some(&column) = self.recent.get(slot)
            && self.columns.get(column).is_some_and(|column| column.key.as_bytes() == key)
        {
            return Some(column);
        }
        let column = self.column(std::str::from_utf8(key).ok()?);
        self.recent.resize(SLOTS, 0);
        self.recent[slot] = column;
        Some(column)
    }

    /// Adds a cell to the current row. For a repeated key, the last value wins, at the position of the first.
    pub(super) fn put(&mut self, column: usize, span: Span) {
        let spans = &mut self.columns[column].spans;
        if spans.len() > self.rows {
            spans[self.rows] = span;
            return;
        }
        if spans.len() < self.rows {
            spans.resize(self.rows, Span::bare(CellKind::Missing));
        }
        spans.push(span);
        let column = u32::try_from(column).unwrap_or(u32::MAX);
        self.in_order &= self.row_columns.last().is_none_or(|&last| last < column);
        self.row_columns.push(column);
    }

    /// Records that the current row starts with the first `count` columns of the previous one, whose cells are
    /// already added.
    pub(super) fn repeat_columns(&mut self, count: usize) {
        self.row_columns.extend_from_slice(&self.last_row[..count]);
    }

    /// The last column of the current row so far.
    pub(super) fn last_column(&self) -> Option<usize> {
        self.row_columns.last().map(|&column| column as usize)
    }

    pub(super) fn end_row(&mut self, text: &[u8]) -> Option<()> {
        let span = self.columns.get_mut(self.step?)?.spans.get_mut(self.rows)?;
        let digits = text.get(span.at()..span.at() + span.length())?;
        if span.kind() == CellKind::Float {
            *span = Span::new(CellKind::Int, span.at(), integer_part(digits)?.len())?;
        }
        let step = parse_step(span.kind(), text.get(span.at()..span.at() + span.length())?)?;
        if !self.steps.contains(&step) {
            return None;
        }
        // A step may be logged several times.
        self.steps.start = step;
        if self.in_order {
            std::mem::swap(&mut self.row_columns, &mut self.last_row);
        } else {
            self.irregular.push((self.rows, Box::from(&*self.row_columns)));
            self.in_order = true;
            self.last_row.clear();
        }
        self.row_columns.clear();
        self.rows += 1;
        if self.rows * self.columns.len() > MAX_CELLS {
            self.end_page();
        }
        Some(())
    }

    /// Discards the current row.
    pub(super) fn drop_row(&mut self) {
        for column in self.row_columns.drain(..) {
            self.columns[column as usize].spans.truncate(self.rows);
        }
        self.in_order = true;
    }

    /// The number of complete rows of the current page.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Ends the current page.
    pub(super) fn end_page(&mut self) {
        if self.rows == 0 {
            return;
        }
        // A page omits columns without values.
        let mut place = 0;
        let places: Vec<u32> = self
            .columns
            .iter()
            .map(|column| {
                let here = place;
                place += u32::from(!column.spans.is_empty());
                here
            })
            .collect();
        let irregular = std::mem::take(&mut self.irregular).into_iter();
        let irregular = irregular
            .map(|(row, order)| (row, order.iter().map(|&column| places[column as usize]).collect()))
            .collect();
        let rows = std::mem::take(&mut self.rows);
        let columns = self.columns.iter_mut().filter(|column| !column.spans.is_empty());
        let columns = columns
            .map(|column| {
                let mut spans = std::mem::take(&mut column.spans);
                spans.resize(rows, Span::bare(CellKind::Missing));
                Cells { key: Arc::clone(&column.key), spans }
            })
            .collect();
        let unescaped = std::mem::take(&mut self.unescaped);
        self.pages.push(Page { text: Arc::default(), unescaped, rows, columns, irregular, held: None });
    }
}

/// Maps a key to a slot below [`SLOTS`] that differs for most keys of a run, since they differ at their start or end.
///
/// This costs less than a collision-resistant hash. An attacker who forces collisions only gets the hash map's lookup
/// instead.
fn slot(key: &[u8]) -> usize {
    let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let (first, last) = match key.len() {
        8.. => (word(key.first_chunk()), word(key.last_chunk())),
        _ => (0, key.iter().fold(0, |word, &byte| word << 8 | u64::from(byte))),
    };
    let mixed = (first.rotate_left(29) ^ last ^ key.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    // The highest byte depends on all others.
    usize::from(mixed.to_be_bytes()[0])
}

/// Returns the integer digits of a step written as a float, such as `5.0`. Returns `None` for other numbers and
/// notations, which are left to the general parser.
fn integer_part(digits: &[u8]) -> Option<&[u8]> {
    let point = digits.iter().position(|&byte| byte == b'.')?;
    let (integer, fraction) = (&digits[..point], &digits[point + 1..]);
    (fraction.iter().all(|&byte| byte == b'0') && integer != b"-0").then_some(integer)
}

/// Parses a step from its digits.
fn parse_step(kind: CellKind, digits: &[u8]) -> Option<i64> {
    if kind != CellKind::Int {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}
