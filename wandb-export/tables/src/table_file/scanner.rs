//! Splits the text of a table file into its entries and rows while it is read.
//!
//! It only tracks where strings, lists and objects begin and end. The parser of each part checks its syntax.

use std::io::{BufRead, BufReader, ErrorKind, Read};

use wandb_core::Value;

use super::error::TableFileError;

/// The key of the list of rows.
const ROWS: &str = "data";

/// Maximum size of one row or entry, which is held in memory.
const MAX_PART: usize = 256 << 20;

/// Size of the pieces that are read at once.
const CHUNK: usize = 64 << 10;

/// The mark that some editors put at the start of a text.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// A part of a table file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// An entry other than the rows. Its text is empty if it was not wanted.
    Entry(String),
    /// The next row.
    Row,
    /// The end of the list of rows.
    RowsEnd,
}

/// Reads the parts of a table file in order.
#[derive(Debug)]
pub(super) struct TableScanner<R> {
    input: BufReader<R>,
    offset: u64,
    position: Position,
    /// The text of the last part.
    text: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    Start,
    /// In the object, before an entry or its end.
    Entries {
        is_first: bool,
    },
    /// In the list of rows, before a row or the end of the list.
    Rows {
        is_first: bool,
    },
    End,
}

impl<R: Read> TableScanner<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input: BufReader::with_capacity(CHUNK, input),
            offset: 0,
            position: Position::Start,
            text: Vec::new(),
        }
    }

    /// The text of the last entry or row.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Returns the next part, or `None` at the end of the file. Skips the text of entries that `is_wanted` rejects.
    pub(super) fn next(&mut self, is_wanted: impl Fn(&str) -> bool) -> Result<Option<Part>, TableFileError> {
        loop {
            match self.position {
                Position::Start => {
                    self.skip_byte_order_mark()?;
                    self.take(b'{', "a JSON object")?;
                    self.position = Position::Entries { is_first: true };
                }
                Position::Entries { is_first } => {
                    if self.ends(b'}', is_first, "a comma or the end of the object")? {
                        self.position = Position::End;
                        if self.peek()?.is_some() {
                            return Err(self.expected("the end of the file"));
                        }
                        return Ok(None);
                    }
                    self.position = Position::Entries { is_first: false };
                    let key = self.key()?;
                    self.take(b':', "a colon")?;
                    if key == ROWS && self.peek()? == Some(b'[') {
                        self.take(b'[', "a list")?;
                        self.position = Position::Rows { is_first: true };
                        continue;
                    }
                    self.value(is_wanted(&key))?;
                    return Ok(Some(Part::Entry(key)));
                }
                Position::Rows { is_first } => {
                    if self.ends(b']', is_first, "a comma or the end of the rows")? {
                        self.position = Position::Entries { is_first: false };
                        return Ok(Some(Part::RowsEnd));
                    }
                    self.position = Position::Rows { is_first: false };
                    self.value(true)?;
                    return Ok(Some(Part::Row));
                }
                Position::End => return Ok(None),
            }
        }
    }

    /// Consumes the end of a list or object, or the comma before its next part.
    fn ends(&mut self, end: u8, is_first: bool, expected: &'static str) -> Result<bool, TableFileError> {
        match self.peek()? {
            Some(byte) if byte == end => {
                self.consume(1);
                Ok(true)
            }
            Some(b',') if !is_first => {
                self.consume(1);
                Ok(false)
            }
            Some(_) if is_first => Ok(false),
            _ => Err(self.expected(expected)),
        }
    }

    fn key(&mut self) -> Result<String, TableFileError> {
        if self.peek()? != Some(b'"') {
            return Err(self.expected("a key"));
        }
        self.value(true)?;
        match Value::parse(&self.text) {
            Ok(Value::String(key)) => Ok(key),
            _ => Err(self.expected("a key")),
        }
    }

    fn take(&mut self, byte: u8, expected: &'static str) -> Result<(), TableFileError> {
        if self.peek()? != Some(byte) {
            return Err(self.expected(expected));
        }
        self.consume(1);
        Ok(())
    }

    /// Reads one value of any length.
    fn value(&mut self, is_wanted: bool) -> Result<(), TableFileError> {
        self.text.clear();
        self.peek()?;
        let (mut extent, mut length) = (Extent::default(), 0_usize);
        loop {
            let chunk = fill(&mut self.input)?;
            if chunk.is_empty() {
                return Err(self.expected("the rest of a value"));
            }
            let (taken, has_ended) = extent.advance(chunk);
            if is_wanted {
                if self.text.len() + taken > MAX_PART {
                    return Err(TableFileError::TooLarge { offset: self.offset, limit: MAX_PART });
                }
                self.text.extend_from_slice(&chunk[..taken]);
            }
            length += taken;
            self.consume(taken);
            if has_ended {
                return if length == 0 { Err(self.expected("a value")) } else { Ok(()) };
            }
        }
    }

    /// Skips white space. Returns the next byte without consuming it.
    fn peek(&mut self) -> Result<Option<u8>, TableFileError> {
        loop {
            let chunk = fill(&mut self.input)?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let found = chunk.iter().position(|byte| !is_space(*byte));
            let (skipped, byte) = (found.unwrap_or(chunk.len()), found.map(|at| chunk[at]));
            self.consume(skipped);
            if byte.is_some() {
                return Ok(byte);
            }
        }
    }

    fn skip_byte_order_mark(&mut self) -> Result<(), TableFileError> {
        for (index, byte) in BYTE_ORDER_MARK.into_iter().enumerate() {
            if fill(&mut self.input)?.first() == Some(&byte) {
                self.consume(1);
            } else if index == 0 {
                break;
            } else {
                return Err(self.expected("a JSON object"));
            }
        }
        Ok(())
    }

    fn consume(&mut self, bytes: usize) {
        self.input.consume(bytes);
        self.offset += bytes as u64;
    }

    fn expected(&self, expected: &'static str) -> TableFileError {
        TableFileError::Syntax { offset: self.offset, expected }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

fn fill(input: &mut impl BufRead) -> Result<&[u8], TableFileError> {
    loop {
        match input.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(TableFileError::reading(error)),
            // The borrow of the first call would last beyond the loop.
            Ok(_) => return input.fill_buf().map_err(TableFileError::reading),
        }
    }
}

/// Finds the end of a value that arrives in pieces.
#[derive(Debug, Default)]
struct Extent {
    depth: usize,
    in_string: bool,
    is_escaped: bool,
}

impl Extent {
    /// Returns how many bytes of `chunk` belong to the value, and whether it ends there. A number or a word ends
    /// before the next delimiter.
    fn advance(&mut self, chunk: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while let Some(&byte) = chunk.get(at) {
            if self.in_string {
                if self.is_escaped {
                    self.is_escaped = false;
                    at += 1;
                    continue;
                }
                let special = chunk[at..].iter().position(|byte| matches!(byte, b'"' | b'\\'));
                let Some(special) = special else { return (chunk.len(), false) };
                at += special + 1;
                if chunk[at - 1] == b'\\' {
                    self.is_escaped = true;
                } else {
                    self.in_string = false;
                    if self.depth == 0 {
                        return (at, true);
                    }
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' | b',' | b':' if self.depth == 0 => return (at, true),
                b']' | b'}' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                byte if self.depth == 0 && is_space(byte) => return (at, true),
                _ => {}
            }
            at += 1;
        }
        (at, false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns its bytes in pieces of the given lengths.
    struct Pieces<'t>(&'t [u8], Vec<usize>, usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let most = self.1[self.2 % self.1.len()].min(buffer.len()).min(self.0.len());
            self.2 += 1;
            let (piece, rest) = self.0.split_at(most);
            buffer[..most].copy_from_slice(piece);
            self.0 = rest;
            Ok(most)
        }
    }

    /// The entries and rows of a file.
    type Parts = (Vec<(String, String)>, Vec<String>);

    fn scan(text: &str, lengths: &[usize]) -> Result<Parts, TableFileError> {
        let mut scanner = TableScanner::new(Pieces(text.as_bytes(), lengths.to_vec(), 0));
        let (mut entries, mut rows) = (Vec::new(), Vec::new());
        while let Some(part) = scanner.next(|_| true)? {
            let text = String::from_utf8(scanner.text().to_vec()).expect("UTF-8");
            match part {
                Part::Entry(key) => entries.push((key, text)),
                Part::Row => rows.push(text),
                Part::RowsEnd => {}
            }
        }
        Ok((entries, rows))
    }

    #[test]
    fn entries_and_rows_are_separated() {
        let text = "\u{feff}{ \"a\\\"]\": [1, {\"data\": [2]}] ,\"data\" : [ [1,\"]\\\\\"] , null,5 ],\"n\":7, \"s\":\"\"}\n";
        for lengths in [&[1][..], &[2, 5], &[1_000]] {
            let (entries, rows) = scan(text, lengths).expect("a table");
            let entries: Vec<_> = entries.iter().map(|(key, text)| (&**key, &**text)).collect();
            assert_eq!(entries, [("a\"]", "[1, {\"data\": [2]}]"), ("n", "7"), ("s", "\"\"")]);
            assert_eq!(rows, [r#"[1,"]\\"]"#, "null", "5"]);
        }
    }

    #[test]
    fn damaged_text_is_an_error() {
        for text in [
            "",
            "[]",
            "{",
            r#"{"data": [1"#,
            r#"{"data": [[1], ]}"#,
            r#"{"data": [[1] [2]]}"#,
            r#"{"data": [1]} x"#,
            r#"{"a" 1}"#,
            r#"{"a": }"#,
            "{a: 1}",
            r#"{"a": "x}"#,
            r#"{"a": 1,}"#,
        ] {
            let error = scan(text, &[3]).expect_err(text);
            assert!(matches!(error, TableFileError::Syntax { .. }), "{text}: {error}");
        }
    }

    #[test]
    fn unwanted_entries_are_skipped() {
        let mut scanner = TableScanner::new(&br#"{"a": [1, "x"], "b": 2}"#[..]);
        assert_eq!(scanner.next(|key| key == "b").expect("valid"), Some(Part::Entry("a".to_owned())));
        assert_eq!(scanner.text(), b"");
        assert_eq!(scanner.next(|key| key == "b").expect("valid"), Some(Part::Entry("b".to_owned())));
        assert_eq!(scanner.text(), b"2");
        assert_eq!(scanner.next(|_| true).expect("valid"), None);
        assert_eq!(scanner.next(|_| true).expect("valid"), None, "the end stays the end");
    }

    proptest! {
        #[test]
        fn rows_survive_any_split_into_pieces(
            rows in proptest::collection::vec(proptest::option::of(".{0,40}"), 0..20),
            lengths in proptest::collection::vec(1_usize..30, 1..8),
            is_pretty: bool,
        ) {
            let table = serde_json::json!({"columns": ["a"], "data": rows, "z": {"data": "]"}});
            let text = if is_pretty { serde_json::to_string_pretty(&table) } else { serde_json::to_string(&table) };
            let (entries, found) = scan(&text.expect("JSON"), &lengths).expect("a table");
            let found: Vec<Option<String>> =
                found.iter().map(|row| serde_json::from_str(row).expect("JSON")).collect();
            prop_assert_eq!(found, rows);
            prop_assert_eq!(entries.len(), 2);
        }
    }
}
