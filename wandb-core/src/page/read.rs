//! From the text of an answer to pages, in one pass.
//!
//! Rows of a run repeat their keys in the same order, so the characters from one value to the next are known before
//! they are looked at: they are compared with those of the row before, and only where they differ is a key read and
//! looked up. In most answers rows are JSON text inside a JSON string; they are read as they stand there, without
//! being unescaped first.
//!
//! What is read is exactly what [`Row::parse`](crate::Row::parse) reads. Whatever needs mending, and rows that are not
//! in order, are left to that: then there are no pages.

use std::ops::Range;
use std::sync::Arc;

use super::Page;
use super::cell::{CellKind, Span};
use super::number::number;
use super::table::Table;
use crate::value::Value;

/// Lists and maps nested more deeply are left to those who count exactly.
const MOST_DEPTH: usize = 200;

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

/// Reads the list of rows that begins at `at`, none with a smaller `_step` than the one before and all of them within
/// `steps`.
///
/// `None` if that is not so, or if there is anything unusual about a row: a null in its place, which others count, text
/// that has to be mended, escapes that nobody writes, a list that is none.
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

/// A character of JSON text that stands inside a string.
#[derive(Clone, Copy)]
enum Character {
    Byte(u8),
    Escaped(char),
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
        if self.like_the_last()? {
            return self.table.end_row(self.text);
        }
        let mut before = self.table.last_touched();
        let mut guess = before.map_or(self.table.first, |before| self.table.columns[before].next);
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

    /// Reads as much of the row as has the keys of the row before in their order, which is all of most rows; whether it
    /// has ended.
    fn like_the_last(&mut self) -> Option<bool> {
        let mut ended = false;
        let mut same = 0;
        while let Some(column) = self.table.last_row.get(same).map(|&column| column as usize)
            && self.pass_lead(column)
        {
            let span = self.value()?;
            self.table.columns[column].spans.push(span);
            same += 1;
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
        self.table.touch_as_last(same);
        Some(ended)
    }

    /// Goes on to the value if it is one of this column.
    #[inline]
    fn pass_lead(&mut self, column: usize) -> bool {
        let Some(column) = self.table.columns.get(column) else { return false };
        let lead = &self.text[column.lead.clone()];
        let is_there = begins(&self.text[self.at..], lead);
        if is_there {
            self.at += lead.len();
        }
        is_there
    }

    /// Goes on to the value behind the next key, and tells its column. A row without a single key has no step, either.
    fn key(&mut self, guess: usize) -> Option<usize> {
        if self.pass_lead(guess) {
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
        let (value, kind) = exact(&json)?;
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

/// Whether `text` begins with `lead`, which has some ten characters: compared eight at a time, where the general way has to
/// find out first how long it is.
#[inline]
fn begins(text: &[u8], lead: &[u8]) -> bool {
    let Some(text) = text.get(..lead.len()) else { return false };
    match lead.len() {
        8..=16 => {
            text.first_chunk::<8>() == lead.first_chunk() && text.last_chunk::<8>() == lead.last_chunk()
        }
        _ => text == lead,
    }
}

/// A string, list or object that a page can hold: nothing was mended, and it can be written again as it was meant.
pub(super) fn exact(json: &[u8]) -> Option<(Value, CellKind)> {
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

/// Whether there is a number inside that JSON text without spaces has no way to write.
fn has_non_finite(value: &Value) -> bool {
    match value {
        Value::Float(float) => !float.is_finite(),
        Value::List(list) => list.iter().any(has_non_finite),
        Value::Map(map) => map.iter().any(|(_, value)| has_non_finite(value)),
        _ => false,
    }
}
