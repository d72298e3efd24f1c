//! Where the members of an object begin and end in its text.

use std::ops::Range;

use crate::value::Value;

/// A member of an object in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) key: String,
    /// From the key's first quote to behind the value.
    pub(super) whole: Range<usize>,
    pub(super) value: Range<usize>,
}

/// The members of the object that begins at `start`, and where its closing brace is. The text has been parsed as a
/// whole before, so it has the form of JSON.
pub(super) fn members(text: &str, start: usize) -> (Vec<Member>, usize) {
    let bytes = text.as_bytes();
    let mut members = Vec::new();
    let mut at = start + 1;
    while let Some(begin) = next_of(bytes, at, |byte| matches!(byte, b'"' | b'}')) {
        if bytes[begin] == b'}' {
            return (members, begin);
        }
        let key = begin..string_end(bytes, begin);
        let Some(colon) = next_of(bytes, key.end, |byte| byte == b':') else { break };
        let Some(first) = next_of(bytes, colon + 1, |byte| !byte.is_ascii_whitespace()) else { break };
        let value = first..value_end(bytes, first);
        // It has been parsed before as part of the whole.
        let Ok(Value::String(name)) = Value::parse(text[key].as_bytes()) else { break };
        at = value.end;
        members.push(Member { key: name, whole: begin..value.end, value });
    }
    (members, text.len())
}

fn next_of(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.iter().position(|&byte| wanted(byte)).map(|found| from + found)
}

/// Behind the closing quote of the string that begins at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn value_end(bytes: &[u8], start: usize) -> usize {
    match bytes[start] {
        b'"' => string_end(bytes, start),
        b'{' | b'[' => nested_end(bytes, start),
        _ => {
            let ends = |byte: u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
            next_of(bytes, start, ends).unwrap_or(bytes.len())
        }
    }
}

fn nested_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}
