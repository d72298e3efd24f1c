//! Rewrites records that were written before all columns were known.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use wandb_core::Value;

use super::super::dialect::Dialect;
use super::record_layout::{Column, ColumnValues, RecordLayout};
use crate::columns::RestValue;

/// Rewrites records from one layout to a later one.
pub(super) struct RecordRewriter {
    dialect: Dialect,
    /// For each column of the new records, its source in the old ones, if any.
    sources: Vec<Option<Source>>,
    /// The new column for the rest, and the old columns that are merged into it.
    left_out: Option<(usize, Vec<(usize, Column)>)>,
    /// The incomplete record at the end of the text.
    rest: Vec<u8>,
    /// The fields of a record, as ranges of the text.
    fields: Vec<Range<usize>>,
}

#[derive(Clone, Copy)]
struct Source {
    field: usize,
    strings: Strings,
}

/// How to rewrite the strings of a column.
#[derive(Clone, Copy)]
enum Strings {
    /// Keep strings unchanged.
    Kept,
    /// Convert every value to a JSON string: all of them are strings.
    All,
    /// Convert only non-finite numbers to JSON strings: there are no other strings.
    NonFinite,
}

/// The spooled text is corrupt.
#[derive(Debug, thiserror::Error)]
#[error("the spooled text is corrupt")]
pub(super) struct CorruptSpool;

impl RecordRewriter {
    /// Creates a rewriter. Records of a single column may need it even if the layout is unchanged, because a
    /// missing value must not give a blank line.
    pub(super) fn new(dialect: Dialect, from: &RecordLayout, to: &RecordLayout) -> Self {
        let places: HashMap<&[String], usize> =
            from.0.iter().enumerate().map(|(field, column)| (&*column.path, field)).collect();
        let source = |path: &[String], values| {
            let field = *places.get(path)?;
            let strings = match (from.0[field].values, values) {
                (ColumnValues::Strings, ColumnValues::Json) => Strings::All,
                (ColumnValues::Numbers, ColumnValues::Json) => Strings::NonFinite,
                _ => Strings::Kept,
            };
            Some(Source { field, strings })
        };
        let sources = to.0.iter().map(|column| source(&column.path, column.values)).collect();
        let left_out = to.0.iter().position(|column| column.path.is_empty()).map(|rest| {
            let kept: HashSet<&[String]> = to.0.iter().map(|column| &*column.path).collect();
            let left_out = from.0.iter().enumerate().filter(|(_, column)| !kept.contains(&*column.path));
            (rest, left_out.map(|(field, column)| (field, column.clone())).collect())
        });
        Self { dialect, sources, left_out, rest: Vec::new(), fields: Vec::new() }
    }

    /// Adds a piece of text, and appends the complete records to `out`, rewritten.
    pub(super) fn push(&mut self, piece: &[u8], out: &mut String) -> Result<(), CorruptSpool> {
        self.rest.extend_from_slice(piece);
        let mut at = 0;
        while let Some(length) = record(self.dialect, &self.rest[at..], &mut self.fields) {
            self.write(&self.rest[at..at + length], out)?;
            at += length;
        }
        self.rest.drain(..at);
        Ok(())
    }

    /// Returns whether the text ended with a complete record.
    pub(super) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    fn write(&self, record: &[u8], out: &mut String) -> Result<(), CorruptSpool> {
        for (index, source) in self.sources.iter().enumerate() {
            if index > 0 {
                self.dialect.push_delimiter(out);
            }
            if let Some((_, left_out)) = self.left_out.as_ref().filter(|(rest, _)| *rest == index)
                && let Some(rest) = self.rest_of(record, left_out)?
            {
                self.dialect.push_string(&rest.to_json(), out);
                continue;
            }
            let (text, strings) = match source {
                Some(source) => {
                    let field = self.fields.get(source.field).ok_or(CorruptSpool)?;
                    (std::str::from_utf8(&record[field.clone()]).map_err(|_| CorruptSpool)?, source.strings)
                }
                None => ("", Strings::Kept),
            };
            match strings {
                // A blank line would not be a record.
                _ if text.is_empty() && self.sources.len() == 1 => out.push_str("\"\""),
                Strings::All if !text.is_empty() => push_as_json(self.dialect, text, out),
                Strings::NonFinite if matches!(text, "NaN" | "Infinity" | "-Infinity") => {
                    push_as_json(self.dialect, text, out);
                }
                _ => out.push_str(text),
            }
        }
        out.push('\n');
        Ok(())
    }

    /// Returns the values of columns that are merged into the rest.
    fn rest_of(&self, record: &[u8], left_out: &[(usize, Column)]) -> Result<Option<Value>, CorruptSpool> {
        let mut rest = RestValue::default();
        for (field, Column { path, values }) in left_out {
            let field = self.fields.get(*field).ok_or(CorruptSpool)?;
            let text = std::str::from_utf8(&record[field.clone()]).map_err(|_| CorruptSpool)?;
            if !text.is_empty() {
                rest.push(path, value(text, *values)?);
            }
        }
        Ok(rest.into_value())
    }
}

/// Parses the value of a field.
fn value(text: &str, values: ColumnValues) -> Result<Value, CorruptSpool> {
    let is_word = matches!(text, "NaN" | "Infinity" | "-Infinity");
    match values {
        ColumnValues::Numbers if is_word => Ok(text.into()),
        ColumnValues::Strings => Ok(Value::String(unquoted(text))),
        ColumnValues::Numbers | ColumnValues::Json => {
            Value::parse(unquoted(text).as_bytes()).map_err(|_| CorruptSpool)
        }
    }
}

fn unquoted(field: &str) -> String {
    match field.strip_prefix('"').and_then(|field| field.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => field.to_owned(),
    }
}

/// Returns the length of the first record, and stores its fields with their quotes. Returns `None` if it is
/// incomplete.
fn record(dialect: Dialect, text: &[u8], fields: &mut Vec<Range<usize>>) -> Option<usize> {
    fields.clear();
    let delimiter = dialect.delimiter();
    let mut start = 0;
    loop {
        let mut end = start;
        if *text.get(start)? == b'"' {
            loop {
                end += 1;
                end += text[end..].iter().position(|&byte| byte == b'"')? + 1;
                // A doubled quote is an escaped quote.
                if *text.get(end)? != b'"' {
                    break;
                }
            }
        } else {
            end += text[start..].iter().position(|&byte| byte == delimiter || byte == b'\n')?;
        }
        fields.push(start..end);
        match text.get(end)? {
            byte if *byte == delimiter => start = end + 1,
            _ => return Some(end + 1),
        }
    }
}

fn push_as_json(dialect: Dialect, field: &str, out: &mut String) {
    dialect.push_string(&Value::String(unquoted(field)).to_json(), out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(columns: &[(&str, ColumnValues)]) -> RecordLayout {
        let column = |&(key, values): &(&str, ColumnValues)| Column { path: vec![key.to_owned()], values };
        RecordLayout(columns.iter().map(column).collect())
    }

    fn rewritten(from: &[(&str, ColumnValues)], to: &[(&str, ColumnValues)], text: &str) -> String {
        let whole = in_pieces(from, to, text, text.len());
        for length in 1..text.len() {
            assert_eq!(in_pieces(from, to, text, length), whole, "in pieces of {length}");
        }
        whole
    }

    fn in_pieces(
        from: &[(&str, ColumnValues)],
        to: &[(&str, ColumnValues)],
        text: &str,
        length: usize,
    ) -> String {
        let mut rewriter = RecordRewriter::new(Dialect::Csv, &layout(from), &layout(to));
        let mut out = String::new();
        text.as_bytes().chunks(length).for_each(|piece| rewriter.push(piece, &mut out).expect("whole"));
        assert!(rewriter.is_done());
        out
    }

    const A: (&str, ColumnValues) = ("a", ColumnValues::Numbers);
    const B: (&str, ColumnValues) = ("b", ColumnValues::Strings);

    #[test]
    fn columns_are_added_dropped_and_reordered() {
        assert_eq!(rewritten(&[A], &[A, B], "1\n2\n"), "1,\n2,\n");
        assert_eq!(rewritten(&[A, B], &[B, A], "1,\"x,\"\"\n\"\n,\"\"\n"), "\"x,\"\"\n\",1\n\"\",\n");
        assert_eq!(rewritten(&[A, B], &[B], "1,\n2,\"\"\n3,x\n"), "\"\"\n\"\"\nx\n");
        assert_eq!(rewritten(&[], &[A, B], "\n\n"), ",\n,\n");
    }

    #[test]
    fn only_strings_become_json() {
        let json = [("a", ColumnValues::Json), ("b", ColumnValues::Json)];
        let text = "1.50,x\nNaN,\"\"\n-Infinity,\"say \"\"hi\"\"\n\"\ntrue,\n,NaN\n";
        let expected = "1.50,\"\"\"x\"\"\"\n\"\"\"NaN\"\"\",\"\"\"\"\"\"\n\
                        \"\"\"-Infinity\"\"\",\"\"\"say \\\"\"hi\\\"\"\\n\"\"\"\ntrue,\n,\"\"\"NaN\"\"\"\n";
        assert_eq!(rewritten(&[A, B], &json, text), expected);
        assert_eq!(rewritten(&json, &json, expected), expected);
    }

    #[test]
    fn record_with_too_few_fields_is_an_error() {
        let mut rewriter = RecordRewriter::new(Dialect::Csv, &layout(&[A, B]), &layout(&[B, A]));
        rewriter.push(b"1\n", &mut String::new()).expect_err("one field");
    }
}
