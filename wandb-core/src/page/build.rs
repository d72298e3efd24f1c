//! Pages built row by row from individual values.

use std::ops::Range;
use std::sync::Arc;

use super::Page;
use super::cell::{CellKind, Span};
use super::number::any_number;
use super::read::parse_exact;
use super::table::Table;
use crate::value::Value;

/// Builds pages from rows whose keys and values are parsed elsewhere. Each value is passed as JSON text.
///
/// ```
/// use wandb_core::internal::PageBuilder;
///
/// let mut builder = PageBuilder::new(0..10);
/// assert!(builder.row([("_step", "0"), ("loss", "0.50")]));
/// assert!(builder.row([("_step", "0"), ("loss", "0.25")]), "a step may be repeated");
/// assert!(!builder.row([("_step", "-1")]), "steps must ascend within their range");
/// assert!(!builder.row([("_step", "1"), ("loss", "0.25, 1")]), "not a JSON value");
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
    /// Creates a builder for rows within `steps`.
    pub fn new(steps: Range<i64>) -> Self {
        Self { text: Vec::new(), table: Table::new(steps) }
    }

    /// Adds a row of keys and values, as text or bytes. Returns false, and changes nothing, if a page cannot hold the
    /// row.
    ///
    /// A page cannot hold a row if its `_step` is missing or smaller than the previous one, if a value is not valid
    /// JSON, or for any other reason for which [`read_rows`](super::read::read_rows) declines a row.
    pub fn row<'v, B: AsRef<[u8]> + ?Sized + 'v>(
        &mut self,
        cells: impl IntoIterator<Item = (&'v B, &'v B)>,
    ) -> bool {
        let start = self.text.len();
        let cells = cells.into_iter().map(|(key, json)| (key.as_ref(), json.as_ref()));
        let ended = self.cells(cells).and_then(|()| self.table.end_row(&self.text));
        if ended.is_none() {
            self.table.drop_row();
            self.text.truncate(start);
        }
        ended.is_some()
    }

    /// The total length of the values so far, in bytes.
    pub fn text_len(&self) -> usize {
        self.text.len()
    }

    /// Returns true if at least one page is full.
    pub fn has_pages(&self) -> bool {
        !self.table.pages.is_empty()
    }

    /// Returns true if there are no rows yet.
    pub fn is_empty(&self) -> bool {
        self.table.pages.is_empty() && self.table.rows() == 0
    }

    /// Returns the pages of all rows.
    pub fn finish(mut self) -> Vec<Page> {
        self.table.end_page();
        let Ok(text) = String::from_utf8(self.text) else { unreachable!("every value is text by itself") };
        let text = Arc::new(text);
        self.table.pages.into_iter().map(|page| Page { text: Arc::clone(&text), ..page }).collect()
    }

    fn cells<'v>(&mut self, cells: impl Iterator<Item = (&'v [u8], &'v [u8])>) -> Option<()> {
        let mut next_column = self.table.first;
        let mut previous: Option<usize> = None;
        for (key, json) in cells {
            let column = match self.table.columns.get(next_column) {
                Some(column) if column.key.as_bytes() == key => next_column,
                _ => self.table.find(key)?,
            };
            let span = self.value(json)?;
            self.table.put(column, span);
            match previous {
                Some(previous) => self.table.columns[previous].next = column,
                None => self.table.first = column,
            }
            previous = Some(column);
            next_column = self.table.columns[column].next;
        }
        Some(())
    }

    fn value(&mut self, json: &[u8]) -> Option<Span> {
        match json.first()? {
            b'-' | b'0'..=b'9' | b'N' | b'I' => {
                let (kind, length) = any_number(json)?;
                match (kind, json) {
                    _ if length < json.len() => None,
                    // Integers have no negative zero.
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
                let (value, kind) = parse_exact(json)?;
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

/// Returns true if these characters between quotes need no unescaping.
fn is_plain(characters: &[u8]) -> bool {
    characters.iter().all(|&byte| byte >= b' ' && byte != b'"' && byte != b'\\')
}
