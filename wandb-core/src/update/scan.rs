//! Locates the members of an object in its text.

use std::ops::Range;

use crate::value::Value;

/// A member of an object in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) key: String,
    /// From the opening quote of the key to the end of the value.
    pub(super) whole: Range<usize>,
    pub(super) value: Range<usize>,
}

/// Returns the members of the object at `start`, and the offset of its closing brace. The text must be valid JSON.
pub(super) fn members(text: &str, start: usize) -> (Vec<Member>, usize) {
    let bytes = text.as_bytes();
    let mut members = Vec::new();
    let mut at = start + 1;
    while let Some(begin) = find_from(bytes, at, |byte| matches!(byte, b'"' | b'}')) {
        if bytes[begin] == b'}' {
            return (members, begin);
        }
        let key = begin..string_end(bytes, begin);
        let Some(colon) = find_from(bytes, key.end, |byte| byte == b':') else { break };
        let Some(first) = find_from(bytes, colon + 1, |byte| !byte.is_ascii_whitespace()) else { break };
        let value = first..value_end(bytes, first);
        // Cannot fail: the whole text has been parsed before.
        let Ok(Value::String(name)) = Value::parse(text[key].as_bytes()) else { break };
        at = value.end;
        members.push(Member { key: name, whole: begin..value.end, value });
    }
    (members, text.len())
}

fn find_from(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.iter().position(|&byte| wanted(byte)).map(|found| from + found)
}

/// Returns the end of the string at `start`, after its closing quote.
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
            find_from(bytes, start, ends).unwrap_or(bytes.len())
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
