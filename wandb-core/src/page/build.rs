//! Pages of rows whose values come one by one.

use std::ops::Range;
use std::sync::Arc;

use super::Page;
use super::cell::{CellKind, Span};
use super::number::any_number;
use super::read::exact;
use super::table::Table;
use crate::value::Value;

/// Makes pages of rows whose keys and values are read elsewhere, each value as the JSON text that it came as.
///
/// ```
/// use wandb_core::page::PageBuilder;
///
/// let mut builder = PageBuilder::new(0..10);
/// assert!(builder.row([("_step", "0"), ("loss", "0.50")]));
/// assert!(builder.row([("_step", "0"), ("loss", "0.25")]), "a step may come several times");
/// assert!(!builder.row([("_step", "-1")]), "steps are in order and within their range");
/// assert!(!builder.row([("_step", "1"), ("loss", "0.25, 1")]), "this is no value");
/// assert!(builder.row([("loss", "0.25"), ("_step", "7")]));
/// let pages = builder.finish();
/// assert_eq!(pages[0].to_rows()[2].to_json_line(), "{\"loss\":0.25,\"_step\":7}\n");
/// ```
#[derive(Debug)]
pub struct PageBuilder {
    text: Vec<u8>,
    table: Table,
}

impl PageBuilder {
    /// For rows within `steps`.
    pub fn new(steps: Range<i64>) -> Self {
        Self { text: Vec::new(), table: Table::new(steps) }
    }

    /// Adds a row of keys and values, as text or as its bytes, unless a page cannot hold it: its `_step` is missing or before the one of the row before, or
    /// one of its values is no JSON text, or has something about it that [`read_rows`](super::read_rows) leaves to
    /// others, too. `false` says that; the rows so far stay as they are.
    pub fn row<'v, B: AsRef<[u8]> + ?Sized + 'v>(
        &mut self,
        cells: impl IntoIterator<Item = (&'v B, &'v B)>,
    ) -> bool {
        let before = self.text.len();
        let cells = cells.into_iter().map(|(key, json)| (key.as_ref(), json.as_ref()));
        let ended = self.cells(cells).and_then(|()| self.table.end_row(&self.text));
        if ended.is_none() {
            self.table.drop_row();
            self.text.truncate(before);
        }
        ended.is_some()
    }

    /// How many bytes the values have so far.
    pub fn text_len(&self) -> usize {
        self.text.len()
    }

    /// Whether there are so many cells that a page has been filled with them.
    pub fn has_pages(&self) -> bool {
        !self.table.pages.is_empty()
    }

    /// Whether there are no rows yet.
    pub fn is_empty(&self) -> bool {
        self.table.pages.is_empty() && self.table.rows() == 0
    }

    /// The pages of all rows.
    pub fn finish(mut self) -> Vec<Page> {
        self.table.cut();
        let Ok(text) = String::from_utf8(self.text) else { unreachable!("every value is text by itself") };
        let text = Arc::new(text);
        self.table.pages.into_iter().map(|page| Page { text: Arc::clone(&text), ..page }).collect()
    }

    fn cells<'v>(&mut self, cells: impl Iterator<Item = (&'v [u8], &'v [u8])>) -> Option<()> {
        let mut guess = self.table.first;
        let mut before: Option<usize> = None;
        for (key, json) in cells {
            let column = match self.table.columns.get(guess) {
                Some(column) if column.key.as_bytes() == key => guess,
                _ => self.table.find(key)?,
            };
            let span = self.value(json)?;
            self.table.put(column, span);
            match before {
                Some(before) => self.table.columns[before].next = column,
                None => self.table.first = column,
            }
            before = Some(column);
            guess = self.table.columns[column].next;
        }
        Some(())
    }

    fn value(&mut self, json: &[u8]) -> Option<Span> {
        match json.first()? {
            b'-' | b'0'..=b'9' | b'N' | b'I' => {
                let (kind, length) = any_number(json)?;
                match (kind, json) {
                    _ if length < json.len() => None,
                    // There is no negative zero among integers.
                    (CellKind::Int, b"-0") => self.span(kind, b"0"),
                    (CellKind::Int | CellKind::BigInt | CellKind::Float, _) => self.span(kind, json),
                    _ => Some(Span::bare(kind)),
                }
            }
            b't' => (json == b"true").then(|| Span::bare(CellKind::True)),
            b'f' => (json == b"false").then(|| Span::bare(CellKind::False)),
            b'n' => (json == b"null").then(|| Span::bare(CellKind::Null)),
            b'"' if json.len() > 1 && is_plain(&json[1..json.len() - 1]) && json.ends_with(b"\"") => {
                let string = std::str::from_utf8(&json[1..json.len() - 1]).ok()?;
                self.span(CellKind::String, string.as_bytes())
            }
            _ => {
                let (value, kind) = exact(json)?;
                match value {
                    Value::String(string) => self.span(kind, string.as_bytes()),
                    value => self.span(kind, value.to_json().as_bytes()),
                }
            }
        }
    }

    fn span(&mut self, kind: CellKind, text: &[u8]) -> Option<Span> {
        let span = Span::new(kind, self.text.len(), text.len())?;
        self.text.extend_from_slice(text);
        Some(span)
    }
}

/// Whether these characters between quotes are what the string says.
fn is_plain(characters: &[u8]) -> bool {
    characters.iter().all(|&byte| byte >= b' ' && byte != b'"' && byte != b'\\')
}
