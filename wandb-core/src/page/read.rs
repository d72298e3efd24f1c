//! From the text of an answer to pages, in one pass.
//!
//! Rows of a run repeat their keys in the same order, so the characters from one value to the next are known before
//! they are looked at: they are compared with those of the row before, and only where they differ is a key read and
//! looked up. In most answers rows are JSON text inside a JSON string; they are read as they stand there, without
//! being unescaped first.
//!
//! What is read is exactly what [`Row::parse`](crate::Row::parse) reads. Whatever needs mending, and rows that are not
//! in order, are left to that: then there are no pages.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::Page;
use super::cell::{CellKind, Span};
use super::column::Cells;
use super::number::number;
use crate::value::Value;

/// The key of a row's step.
const STEP: &str = "_step";

/// A page with more cells than this is followed by another, so that rows with few of very many keys take no more
/// memory than others.
const MOST_CELLS: usize = 1 << 18;

/// Lists and maps nested more deeply are left to those who count exactly.
const MOST_DEPTH: usize = 200;

/// The floats up to this are whole where they have no fraction, and convert without loss.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// How rows stand in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// As JSON text inside strings: `["{\"_step\":0}"]`.
    Text,
    /// As objects: `[{"_step":0}]`.
    Inline,
}

/// A list of rows that has been read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReadRows {
    /// The rows, in order.
    pub pages: Vec<Page>,
    /// Where in the text the list has ended.
    pub end: usize,
}

/// Reads the list of rows that begins at `at`, each with a greater `_step` than the one before and all of them within
/// `steps`. Nulls in place of rows are passed over.
///
/// `None` if that is not so, or if there is anything unusual about a row: text that has to be mended, escapes that
/// nobody writes, a list that is none.
pub fn read_rows(text: &Arc<String>, at: usize, form: Form, steps: Range<i64>) -> Option<ReadRows> {
    match form {
        Form::Text => read::<true>(text, at, steps),
        Form::Inline => read::<false>(text, at, steps),
    }
}

fn read<const IN_STRING: bool>(text: &Arc<String>, at: usize, steps: Range<i64>) -> Option<ReadRows> {
    let mut reader = Reader::<IN_STRING> { text: text.as_bytes(), at, table: Table::new(steps) };
    reader.list()?;
    let (end, mut table) = (reader.at, reader.table);
    table.cut();
    let pages = table.pages.into_iter().map(|page| Page { text: Arc::clone(text), ..page }).collect();
    Some(ReadRows { pages, end })
}

/// A cursor over a text.
struct Reader<'t, const IN_STRING: bool> {
    text: &'t [u8],
    at: usize,
    table: Table,
}

/// What has been read.
struct Table {
    steps: Range<i64>,
    pages: Vec<Page>,
    columns: Vec<Growing>,
    by_key: HashMap<Box<str>, usize>,
    aside: String,
    /// Full rows of the page that is being read.
    rows: usize,
    irregular: Vec<(usize, Box<[u32]>)>,
    /// The columns that the current row has so far.
    touched: Vec<u32>,
    in_order: bool,
    /// The column that the rows begin with, and the one of the steps.
    first: usize,
    step: Option<usize>,
}

/// A character of JSON text that stands inside a string.
#[derive(Clone, Copy)]
enum Character {
    Byte(u8),
    Escaped(char),
}

struct Growing {
    key: Box<str>,
    /// Where in the text the characters stand that lead from a separator to a value of this column.
    lead: Range<usize>,
    /// The column that came after this one in a row before.
    next: usize,
    spans: Vec<Span>,
}

impl<const IN_STRING: bool> Reader<'_, IN_STRING> {
    /// What begins and ends a string.
    const QUOTE: &'static [u8] = if IN_STRING { br#"\""# } else { br#"""# };

    fn list(&mut self) -> Option<()> {
        self.expect(b"[")?;
        self.outer_space();
        if self.peek()? == b']' {
            return self.expect(b"]");
        }
        loop {
            self.outer_space();
            match self.peek()? {
                b'n' => self.expect(b"null")?,
                b'"' if IN_STRING => {
                    self.at += 1;
                    self.row()?;
                    self.expect(br#"""#)?;
                }
                b'{' if !IN_STRING => self.row()?,
                _ => return None,
            }
            self.outer_space();
            match self.take()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    fn row(&mut self) -> Option<()> {
        self.expect(b"{")?;
        let mut guess = self.table.first;
        let mut before: Option<usize> = None;
        loop {
            let column = self.key(guess)?;
            let span = self.value()?;
            self.table.put(column, span);
            match before {
                Some(before) => self.table.columns[before].next = column,
                None => self.table.first = column,
            }
            before = Some(column);
            self.space();
            match self.take()? {
                b',' => guess = self.table.columns[column].next,
                b'}' => return self.table.end_row(self.text),
                _ => return None,
            }
        }
    }

    /// Goes on to the value behind the next key, and tells its column. A row without a single key has no step, either.
    fn key(&mut self, guess: usize) -> Option<usize> {
        if let Some(column) = self.table.columns.get(guess)
            && self.text[self.at..].starts_with(&self.text[column.lead.clone()])
        {
            self.at += column.lead.len();
            return Some(guess);
        }
        let start = self.at;
        self.space();
        self.expect(Self::QUOTE)?;
        let key = self.string()?;
        self.space();
        self.expect(b":")?;
        self.space();
        let column = self.table.column(&self.resolve(key)?);
        self.table.columns[column].lead = start..self.at;
        Some(column)
    }

    fn value(&mut self) -> Option<Span> {
        let start = self.at;
        match self.peek()? {
            b'-' | b'0'..=b'9' | b'N' | b'I' => {
                let (kind, length) = number(&self.text[start..])?;
                self.at += length;
                match (kind, &self.text[start..self.at]) {
                    // There is no negative zero among integers.
                    (CellKind::Int, b"-0") => Span::new(kind, start + 1, 1),
                    (CellKind::Int | CellKind::BigInt | CellKind::Float, _) => Span::new(kind, start, length),
                    _ => Some(Span::bare(kind)),
                }
            }
            b't' => self.expect(b"true").map(|()| Span::bare(CellKind::True)),
            b'f' => self.expect(b"false").map(|()| Span::bare(CellKind::False)),
            b'n' => self.expect(b"null").map(|()| Span::bare(CellKind::Null)),
            b'[' | b'{' => self.unusual(),
            // This row has more space than the one whose lead was the same.
            b' ' | b'\n' | b'\r' | b'\t' => {
                self.space();
                if self.at == start { None } else { self.value() }
            }
            _ => {
                self.expect(Self::QUOTE)?;
                self.string()
            }
        }
    }

    /// The string whose first quote has been taken.
    fn string(&mut self) -> Option<Span> {
        let start = self.at;
        let rest = &self.text[start..];
        let plain = rest.iter().position(|&byte| matches!(byte, b'\\' | b'"' | ..b' '))?;
        if rest[plain..].starts_with(Self::QUOTE) {
            self.at += plain + Self::QUOTE.len();
            return Span::new(CellKind::String, start, plain);
        }
        self.at = start - Self::QUOTE.len();
        self.unusual()
    }

    /// A list, an object or a string with escapes: unescaped where it stands inside a string, read, and put aside.
    fn unusual(&mut self) -> Option<Span> {
        let json = self.extract()?;
        let (value, repairs) = Value::parse_with_repairs(&json).ok()?;
        if repairs != crate::Repairs::default() || has_non_finite(&value) {
            return None;
        }
        let kind = match &value {
            Value::String(_) => CellKind::String,
            Value::List(_) => CellKind::List,
            Value::Map(map) if map.is_empty() || map.contains_key("_type") => CellKind::Object,
            Value::Map(_) => CellKind::Record,
            _ => return None,
        };
        let aside = &mut self.table.aside;
        let at = aside.len();
        match value {
            Value::String(string) => aside.push_str(&string),
            value => value.write_json(aside),
        }
        Span::new(kind, self.text.len() + at, aside.len() - at)
    }

    /// The JSON text of the value at the cursor, which is moved behind it.
    fn extract(&mut self) -> Option<Vec<u8>> {
        let mut json = Vec::new();
        let (mut depth, mut in_string, mut escaped) = (0, false, false);
        loop {
            let character = self.unescaped()?;
            let mut bytes = [0; 4];
            match character {
                Character::Byte(byte) => json.push(byte),
                Character::Escaped(character) => {
                    json.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
                }
            }
            match character {
                _ if escaped => escaped = false,
                Character::Byte(b'\\') if in_string => escaped = true,
                Character::Byte(b'"') => in_string = !in_string,
                _ if in_string => {}
                Character::Byte(b'[' | b'{') => depth += 1,
                Character::Byte(b']' | b'}') => depth -= 1,
                _ => {}
            }
            if depth > MOST_DEPTH {
                return None;
            }
            if depth == 0 && !in_string {
                return Some(json);
            }
        }
    }

    /// The next character of the JSON text, which may be written as an escape itself.
    fn unescaped(&mut self) -> Option<Character> {
        match self.take()? {
            ..b' ' => None,
            b'"' if IN_STRING => None,
            b'\\' if IN_STRING => match self.take()? {
                plain @ (b'"' | b'\\' | b'/') => Some(Character::Byte(plain)),
                // Some writers escape `<`, `>` and `&`, and others what is not ASCII.
                b'u' => {
                    let digits = self.text.get(self.at..self.at + 4)?;
                    self.at += 4;
                    let code = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
                    let character = char::from_u32(code)?;
                    let is_token = character < ' ' || "\"\\[]{}".contains(character);
                    (!is_token).then_some(Character::Escaped(character))
                }
                _ => None,
            },
            byte => Some(Character::Byte(byte)),
        }
    }

    /// What a span says that has just been read.
    fn resolve(&self, span: Span) -> Option<String> {
        let (at, length) = (span.at(), span.length());
        match at.checked_sub(self.text.len()) {
            None => String::from_utf8(self.text[at..at + length].to_vec()).ok(),
            Some(at) => self.table.aside.get(at..at + length).map(str::to_owned),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn expect(&mut self, token: &[u8]) -> Option<()> {
        self.text[self.at..].starts_with(token).then(|| self.at += token.len())
    }

    /// Passes over space inside a row; other white space than blanks is escaped there.
    fn space(&mut self) {
        if IN_STRING {
            while self.peek() == Some(b' ') {
                self.at += 1;
            }
        } else {
            self.outer_space();
        }
    }

    fn outer_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }
}

impl Table {
    fn new(steps: Range<i64>) -> Self {
        Self {
            steps,
            pages: Vec::new(),
            columns: Vec::new(),
            by_key: HashMap::new(),
            aside: String::new(),
            rows: 0,
            irregular: Vec::new(),
            touched: Vec::new(),
            in_order: true,
            first: 0,
            step: None,
        }
    }

    /// The column of a key, a new one if there is none.
    fn column(&mut self, key: &str) -> usize {
        if let Some(&column) = self.by_key.get(key) {
            return column;
        }
        let column = self.columns.len();
        if key == STEP {
            self.step = Some(column);
        }
        self.by_key.insert(key.into(), column);
        self.columns.push(Growing { key: key.into(), lead: 0..0, next: column + 1, spans: Vec::new() });
        column
    }

    /// Of a key that a row repeats the last value counts, at the place of the first.
    fn put(&mut self, column: usize, span: Span) {
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

    fn end_row(&mut self, text: &[u8]) -> Option<()> {
        let step = self.columns.get(self.step?)?.spans.get(self.rows).copied()?;
        let step = whole(step.kind(), text.get(step.at()..step.at() + step.length())?)?;
        if !self.steps.contains(&step) {
            return None;
        }
        self.steps.start = step + 1;
        if !self.in_order {
            self.irregular.push((self.rows, Box::from(&*self.touched)));
            self.in_order = true;
        }
        self.touched.clear();
        self.rows += 1;
        if self.rows * self.columns.len() > MOST_CELLS {
            self.cut();
        }
        Some(())
    }

    /// Makes a page of the rows so far.
    fn cut(&mut self) {
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
                Cells { key: column.key.clone(), spans }
            })
            .collect();
        let aside = std::mem::take(&mut self.aside);
        self.pages.push(Page { text: Arc::default(), aside, rows, columns, irregular });
    }
}

/// Whether there is a number inside that JSON text without spaces has no way to write.
fn has_non_finite(value: &Value) -> bool {
    match value {
        Value::Float(float) => !float.is_finite(),
        Value::List(list) => list.iter().any(has_non_finite),
        Value::Map(map) => map.iter().any(|(_, value)| has_non_finite(value)),
        _ => false,
    }
}

/// The step that a number is, however it is written.
fn whole(kind: CellKind, digits: &[u8]) -> Option<i64> {
    let digits = std::str::from_utf8(digits).ok()?;
    match kind {
        CellKind::Int => digits.parse().ok(),
        CellKind::Float => {
            let float: f64 = digits.parse().ok()?;
            #[expect(clippy::cast_possible_truncation, reason = "whole and within the exact range")]
            (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i64)
        }
        _ => None,
    }
}
