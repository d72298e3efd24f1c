//! Rows on their way into columns.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::Page;
use super::cell::{CellKind, Span};
use super::column::Cells;

/// The key of a row's step.
const STEP: &str = "_step";

/// A page with more cells than this is followed by another, so that rows with few of very many keys take no more
/// memory than others.
const MOST_CELLS: usize = 1 << 18;

/// Room for the cells of a new column. Where rows have very many keys, an answer holds few rows.
const FEW_ROWS: usize = 8;

/// Room for columns found last: a place is a byte.
const PLACES: usize = 1 << 8;

/// What has been read.
#[derive(Debug)]
pub(super) struct Table {
    steps: Range<i64>,
    pub(super) pages: Vec<Page>,
    pub(super) columns: Vec<Growing>,
    by_key: HashMap<Arc<str>, usize, ahash::RandomState>,
    /// The columns found last, each at the place that its key has by [`place`]; empty until one is asked for.
    recent: Vec<usize>,
    pub(super) aside: String,
    /// Full rows of the page that is being read.
    rows: usize,
    irregular: Vec<(usize, Box<[u32]>)>,
    /// The columns that the current row has so far.
    touched: Vec<u32>,
    in_order: bool,
    /// Those of the row before, if they were in order.
    pub(super) last_row: Vec<u32>,
    /// The column that the rows begin with, and the one of the steps.
    pub(super) first: usize,
    step: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Growing {
    pub(super) key: Arc<str>,
    /// Where in the text the characters stand that lead from a separator to a value of this column.
    pub(super) lead: Range<usize>,
    /// The column that came after this one in a row before.
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
            aside: String::new(),
            rows: 0,
            irregular: Vec::new(),
            touched: Vec::new(),
            in_order: true,
            last_row: Vec::new(),
            first: 0,
            step: None,
        }
    }

    /// The column of a key, a new one if there is none.
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
        self.columns.push(Growing { key, lead: 0..0, next: column + 1, spans: Vec::with_capacity(FEW_ROWS) });
        column
    }

    /// The same for the bytes of a key, quickly where rows have their keys in ever another order. `None` if they are no
    /// text.
    pub(super) fn find(&mut self, key: &[u8]) -> Option<usize> {
        let place = place(key);
        if let Some(&column) = self.recent.get(place)
            && self.columns.get(column).is_some_and(|column| column.key.as_bytes() == key)
        {
            return Some(column);
        }
        let column = self.column(std::str::from_utf8(key).ok()?);
        self.recent.resize(PLACES, 0);
        self.recent[place] = column;
        Some(column)
    }

    /// Of a key that a row repeats the last value counts, at the place of the first.
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
        self.in_order &= self.touched.last().is_none_or(|&last| last < column);
        self.touched.push(column);
    }

    /// The current row has the first `count` columns of the one before, of which each has a value more now.
    pub(super) fn touch_as_last(&mut self, count: usize) {
        self.touched.extend_from_slice(&self.last_row[..count]);
    }

    /// The last column that the current row has so far.
    pub(super) fn last_touched(&self) -> Option<usize> {
        self.touched.last().map(|&column| column as usize)
    }

    pub(super) fn end_row(&mut self, text: &[u8]) -> Option<()> {
        let span = self.columns.get_mut(self.step?)?.spans.get_mut(self.rows)?;
        let digits = text.get(span.at()..span.at() + span.length())?;
        if span.kind() == CellKind::Float {
            *span = Span::new(CellKind::Int, span.at(), integer_part(digits)?.len())?;
        }
        let step = whole(span.kind(), text.get(span.at()..span.at() + span.length())?)?;
        if !self.steps.contains(&step) {
            return None;
        }
        // A step may be logged several times.
        self.steps.start = step;
        if self.in_order {
            std::mem::swap(&mut self.touched, &mut self.last_row);
        } else {
            self.irregular.push((self.rows, Box::from(&*self.touched)));
            self.in_order = true;
            self.last_row.clear();
        }
        self.touched.clear();
        self.rows += 1;
        if self.rows * self.columns.len() > MOST_CELLS {
            self.cut();
        }
        Some(())
    }

    /// Forgets the row that has not been ended.
    pub(super) fn drop_row(&mut self) {
        for column in self.touched.drain(..) {
            self.columns[column as usize].spans.truncate(self.rows);
        }
        self.in_order = true;
    }

    /// How many rows the page that is being read has.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Makes a page of the rows so far.
    pub(super) fn cut(&mut self) {
        if self.rows == 0 {
            return;
        }
        // Columns that no row of this page has are not among its columns.
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
        let aside = std::mem::take(&mut self.aside);
        self.pages.push(Page { text: Arc::default(), aside, rows, columns, irregular, held: None });
    }
}

/// A number below [`PLACES`] that differs for most keys of a run, as they begin or end with something of their own. It
/// costs less than a hash that cannot be foreseen, and whoever foresees it has only that hash taken in its place.
fn place(key: &[u8]) -> usize {
    let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let (first, last) = match key.len() {
        8.. => (word(key.first_chunk()), word(key.last_chunk())),
        _ => (0, key.iter().fold(0, |word, &byte| word << 8 | u64::from(byte))),
    };
    let mixed = (first.rotate_left(29) ^ last ^ key.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    // The highest byte depends on all others.
    usize::from(mixed.to_be_bytes()[0])
}

/// The integer digits of a step that is written as a float, such as `5.0`; `None` if it is no integer or is written in
/// another way, which is left to those who convert it.
fn integer_part(digits: &[u8]) -> Option<&[u8]> {
    let point = digits.iter().position(|&byte| byte == b'.')?;
    let (integer, fraction) = (&digits[..point], &digits[point + 1..]);
    (fraction.iter().all(|&byte| byte == b'0') && integer != b"-0").then_some(integer)
}

/// The step that an integer's digits stand for.
fn whole(kind: CellKind, digits: &[u8]) -> Option<i64> {
    if kind != CellKind::Int {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}
