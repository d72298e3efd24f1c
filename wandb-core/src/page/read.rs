//! Parses the text of an answer into pages, in a single pass.
//!
//! Rows of a run repeat their keys in the same order, so the characters from one value to the next are predictable:
//! they are compared with those of the previous row, and a key is parsed and looked up only where they differ. In
//! most answers a row is JSON text inside a JSON string. It is parsed in place, without unescaping it first.
//!
//! The result always equals that of [`Row::parse`](crate::Row::parse). If a row needs repair, or rows are out of
//! order, the parser returns no pages and leaves the answer to that function.

use std::ops::Range;
use std::sync::Arc;

use super::Page;
use super::cell::{CellKind, Span};
use super::number::number;
use super::table::Table;
use crate::value::Value;

/// The maximum nesting depth of lists and maps. Deeper ones are left to the parser that counts exactly.
const MAX_DEPTH: usize = 200;

/// The encoding of rows in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowEncoding {
    /// As JSON text inside strings: `["{\"_step\":0}"]`.
    Text,
    /// As objects: `[{"_step":0}]`.
    Inline,
}

/// The result of parsing a list of rows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReadRows {
    /// The rows, in order.
    pub pages: Vec<Page>,
    /// The offset of the list's end in the text.
    pub end: usize,
}

/// Parses the list of rows at offset `at`. Every `_step` must be within `steps` and not smaller than the previous
/// one.
///
/// Returns `None` otherwise, or if a row has anything unusual: a null instead of a row, which the caller must count,
/// text in need of repair, escapes that no server writes, or a list that is malformed.
pub fn read_rows(text: &Arc<String>, at: usize, form: RowEncoding, steps: Range<i64>) -> Option<ReadRows> {
    match form {
        RowEncoding::Text => read::<true>(text, at, steps),
        RowEncoding::Inline => read::<false>(text, at, steps),
    }
}

fn read<const IN_STRING: bool>(text: &Arc<String>, at: usize, steps: Range<i64>) -> Option<ReadRows> {
    let mut reader = Reader::<IN_STRING> { text: text.as_bytes(), at, table: Table::new(steps) };
    reader.list()?;
    let (end, mut table) = (reader.at, reader.table);
    table.end_page();
    let pages = table.pages.into_iter().map(|page| Page { text: Arc::clone(text), ..page }).collect();
    Some(ReadRows { pages, end })
}

/// A cursor over the text.
struct Reader<'t, const IN_STRING: bool> {
    text: &'t [u8],
    at: usize,
    table: Table,
}

/// A character of JSON text inside a string.
#[derive(Clone, Copy)]
enum Character {
    Byte(u8),
    Escaped(char),
}

impl<const IN_STRING: bool> Reader<'_, IN_STRING> {
    /// The delimiter of strings.
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
        if self.repeat_last_row()? {
            return self.table.end_row(self.text);
        }
        let mut previous = self.table.last_column();
        let mut predicted = previous.map_or(self.table.first, |previous| self.table.columns[previous].next);
        loop {
            let column = self.key(predicted)?;
            let span = self.value()?;
            self.table.put(column, span);
            match previous {
                Some(previous) => self.table.columns[previous].next = column,
                None => self.table.first = column,
            }
            previous = Some(column);
            self.space();
            match self.take()? {
                b',' => predicted = self.table.columns[column].next,
                b'}' => return self.table.end_row(self.text),
                _ => return None,
            }
        }
    }

    /// Parses the start of the row while its keys repeat those of the previous row in order, usually the whole row.
    /// Returns true if the row has ended.
    fn repeat_last_row(&mut self) -> Option<bool> {
        let mut ended = false;
        let mut repeated = 0;
        while let Some(column) = self.table.last_row.get(repeated).map(|&column| column as usize)
            && self.skip_key(column)
        {
            let span = self.value()?;
            self.table.columns[column].spans.push(span);
            repeated += 1;
            self.space();
            match self.take()? {
                b',' => {}
                b'}' => {
                    ended = true;
                    break;
                }
                _ => return None,
            }
        }
        self.table.repeat_columns(repeated);
        Some(ended)
    }

    /// Advances to the value if the next key is that of the given column.
    #[inline]
    fn skip_key(&mut self, column: usize) -> bool {
        let Some(column) = self.table.columns.get(column) else { return false };
        let key_prefix = &self.text[column.key_prefix.clone()];
        let matches = starts_with(&self.text[self.at..], key_prefix);
        if matches {
            self.at += key_prefix.len();
        }
        matches
    }

    /// Advances to the value of the next key and returns its column. A row without keys is invalid, as it has no
    /// step.
    fn key(&mut self, predicted: usize) -> Option<usize> {
        if self.skip_key(predicted) {
            return Some(predicted);
        }
        let start = self.at;
        self.space();
        self.expect(Self::QUOTE)?;
        let key = self.string()?;
        self.space();
        self.expect(b":")?;
        self.space();
        let column = self.table.column(&self.resolve(key)?);
        self.table.columns[column].key_prefix = start..self.at;
        Some(column)
    }

    fn value(&mut self) -> Option<Span> {
        let start = self.at;
        match self.peek()? {
            b'-' | b'0'..=b'9' | b'N' | b'I' => {
                let (kind, length) = number(&self.text[start..])?;
                self.at += length;
                match (kind, &self.text[start..self.at]) {
                    // Integers have no negative zero.
                    (CellKind::Int, b"-0") => Span::new(kind, start + 1, 1),
                    (CellKind::Int | CellKind::BigInt | CellKind::Float, _) => Span::new(kind, start, length),
                    _ => Some(Span::bare(kind)),
                }
            }
            b't' => self.expect(b"true").map(|()| Span::bare(CellKind::True)),
            b'f' => self.expect(b"false").map(|()| Span::bare(CellKind::False)),
            b'n' => self.expect(b"null").map(|()| Span::bare(CellKind::Null)),
            b'[' | b'{' => self.slow_value(),
            // This row has more whitespace than the previous one with this key prefix.
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

    /// Parses a string after its opening quote.
    fn string(&mut self) -> Option<Span> {
        let start = self.at;
        let rest = &self.text[start..];
        let plain = rest.iter().position(|&byte| matches!(byte, b'\\' | b'"' | ..b' '))?;
        if rest[plain..].starts_with(Self::QUOTE) {
            self.at += plain + Self::QUOTE.len();
            return Span::new(CellKind::String, start, plain);
        }
        self.at = start - Self::QUOTE.len();
        self.slow_value()
    }

    /// Parses a list, an object or a string with escapes, after unescaping it from an outer string, and stores its
    /// text.
    fn slow_value(&mut self) -> Option<Span> {
        let json = self.extract()?;
        let (value, kind) = parse_exact(&json)?;
        let unescaped = &mut self.table.unescaped;
        let at = unescaped.len();
        match value {
            Value::String(string) => unescaped.push_str(&string),
            value => value.write_json(unescaped),
        }
        Span::new(kind, self.text.len() + at, unescaped.len() - at)
    }

    /// Extracts the JSON text of the value at the cursor and advances past it.
    fn extract(&mut self) -> Option<Vec<u8>> {
        let mut json = Vec::new();
        let (mut depth, mut in_string, mut escaped) = (0, false, false);
        loop {
            let character = self.next_character()?;
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
            if depth > MAX_DEPTH {
                return None;
            }
            if depth == 0 && !in_string {
                return Some(json);
            }
        }
    }

    /// Returns the next character of the JSON text, which may itself be written as an escape.
    fn next_character(&mut self) -> Option<Character> {
        match self.take()? {
            ..b' ' => None,
            b'"' if IN_STRING => None,
            b'\\' if IN_STRING => match self.take()? {
                plain @ (b'"' | b'\\' | b'/') => Some(Character::Byte(plain)),
                // Some writers escape `<`, `>` and `&`, others all characters that are not ASCII.
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

    /// Returns the text of a span that has just been parsed.
    fn resolve(&self, span: Span) -> Option<String> {
        let (at, length) = (span.at(), span.length());
        match at.checked_sub(self.text.len()) {
            None => String::from_utf8(self.text[at..at + length].to_vec()).ok(),
            Some(at) => self.table.unescaped.get(at..at + length).map(str::to_owned),
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

    /// Skips whitespace inside a row. In an outer string, only blanks appear unescaped.
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

/// Returns true if `text` starts with `key_prefix`, which is usually about ten bytes long. Compares eight bytes at a time;
/// the general function would first dispatch on the length.
#[inline]
fn starts_with(text: &[u8], key_prefix: &[u8]) -> bool {
    let Some(text) = text.get(..key_prefix.len()) else { return false };
    match key_prefix.len() {
        8..=16 => {
            text.first_chunk::<8>() == key_prefix.first_chunk()
                && text.last_chunk::<8>() == key_prefix.last_chunk()
        }
        _ => text == key_prefix,
    }
}

/// Parses a string, list or object that a page can hold: it needs no repair and serializes to an equal value.
pub(super) fn parse_exact(json: &[u8]) -> Option<(Value, CellKind)> {
    let (value, repairs) = Value::parse_with_repairs(json).ok()?;
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
    Some((value, kind))
}

/// Returns true if the value contains a number that is not finite, which JSON cannot represent.
fn has_non_finite(value: &Value) -> bool {
    match value {
        Value::Float(float) => !float.is_finite(),
        Value::List(list) => list.iter().any(has_non_finite),
        Value::Map(map) => map.iter().any(|(_, value)| has_non_finite(value)),
        _ => false,
    }
}
