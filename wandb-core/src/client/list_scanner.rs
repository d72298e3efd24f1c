//! Extracts the elements of one long list from a body that is still arriving.

/// Consumes a body piece by piece, returns the elements of the list at a path, and keeps the rest: the body with that
/// list emptied.
///
/// It only tracks where strings, lists and objects begin and end. Whether the body is valid JSON is checked by the
/// parser of its parts.
#[derive(Debug)]
pub(super) struct ListScanner {
    path: &'static [&'static str],
    /// The body without the elements.
    rest: Vec<u8>,
    /// Elements not yet returned, as a list without its closing bracket.
    elements: Vec<u8>,
    /// The end of the last complete element in `elements`.
    complete_end: usize,
    /// The number of complete elements in the list so far.
    count: u64,
    in_string: bool,
    is_escaped: bool,
    /// The nesting depth of lists and objects, not counting the list itself.
    depth: usize,
    position: Position,
}

/// The position of the scanner.
#[derive(Debug)]
enum Position {
    /// Before the list. `matched` fields of the path lead to the innermost object on it.
    Before { matched: usize, key: Key },
    /// Inside the list.
    Inside,
    /// After the list.
    After,
}

/// The role of the last string before the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// Irrelevant.
    Other,
    /// Starts at this byte of the rest. It is the next field of the path if it matches and a colon follows.
    From(usize),
    /// The next field of the path; its value follows.
    Found,
}

impl ListScanner {
    pub(super) fn new(path: &'static [&'static str]) -> Self {
        Self {
            path,
            rest: Vec::new(),
            elements: Vec::new(),
            complete_end: 0,
            count: 0,
            in_string: false,
            is_escaped: false,
            depth: 0,
            position: Position::Before { matched: 0, key: Key::Other },
        }
    }

    /// The number of elements so far.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The number of buffered bytes.
    pub(super) fn held(&self) -> usize {
        self.rest.len() + self.elements.len()
    }

    /// Consumes a piece of the body.
    pub(super) fn push(&mut self, mut piece: &[u8]) {
        while let Some(&byte) = piece.first() {
            let length = match self.position {
                Position::After => piece.len(),
                // Fast path: most bytes are in the middle of strings.
                _ if self.in_string && !self.is_escaped => {
                    let plain = piece.iter().position(|byte| matches!(byte, b'"' | b'\\'));
                    plain.unwrap_or(piece.len())
                }
                _ => 0,
            };
            if length == 0 {
                self.take(byte);
                piece = &piece[1..];
                continue;
            }
            let (plain, left) = piece.split_at(length);
            self.part().extend_from_slice(plain);
            piece = left;
        }
    }

    /// The buffer for the current position.
    fn part(&mut self) -> &mut Vec<u8> {
        match self.position {
            Position::Inside => &mut self.elements,
            Position::Before { .. } | Position::After => &mut self.rest,
        }
    }

    fn take(&mut self, byte: u8) {
        if self.in_string {
            let ends = !self.is_escaped && byte == b'"';
            self.is_escaped = !self.is_escaped && byte == b'\\';
            self.in_string = !ends;
            self.part().push(byte);
            return;
        }
        match self.position {
            Position::Before { matched, key } => self.take_before(byte, matched, key),
            Position::Inside => self.take_inside(byte),
            Position::After => self.rest.push(byte),
        }
    }

    fn take_before(&mut self, byte: u8, matched: usize, key: Key) {
        let starts_list = byte == b'[' && key == Key::Found && matched + 1 == self.path.len();
        let is_space = byte.is_ascii_whitespace();
        let (mut matched, mut next) = (matched, if is_space { key } else { Key::Other });
        match byte {
            b'"' => {
                self.in_string = true;
                // Only strings directly in the innermost object of the path can be the next field.
                if self.depth == matched + 1 {
                    next = Key::From(self.rest.len() + 1);
                }
            }
            b':' => {
                if let (Key::From(start), Some(field)) = (key, self.path.get(matched))
                    && self.rest[start..].trim_ascii_end().strip_suffix(b"\"") == Some(field.as_bytes())
                {
                    next = Key::Found;
                }
            }
            b'{' => {
                if key == Key::Found && matched + 1 < self.path.len() {
                    matched += 1;
                }
                self.depth += 1;
            }
            b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                matched = matched.min(self.depth.saturating_sub(1));
            }
            _ => {}
        }
        self.rest.push(byte);
        self.position = Position::Before { matched, key: next };
        if starts_list {
            self.depth = 0;
            self.elements.push(b'[');
            self.complete_end = self.elements.len();
            self.position = Position::Inside;
        }
    }

    fn take_inside(&mut self, byte: u8) {
        match byte {
            b'"' => self.in_string = true,
            b'[' | b'{' => self.depth += 1,
            b']' if self.depth == 0 => {
                self.end_element();
                self.rest.push(byte);
                self.position = Position::After;
                return;
            }
            b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            b',' if self.depth == 0 => self.end_element(),
            _ => {}
        }
        self.elements.push(byte);
    }

    fn end_element(&mut self) {
        let is_element = self.elements[self.complete_end..]
            .iter()
            .any(|byte| !byte.is_ascii_whitespace() && *byte != b',');
        self.count += u64::from(is_element);
        self.complete_end = self.elements.len();
    }

    /// Returns the complete elements not yet returned, as a JSON list. Returns `None` if there are none, or if they
    /// take fewer than `min_bytes` bytes and the list has not ended.
    pub(super) fn elements(&mut self, min_bytes: usize) -> Option<Vec<u8>> {
        let has_ended = matches!(self.position, Position::After);
        if self.complete_end <= 1 || !(has_ended || self.complete_end >= min_bytes) {
            return None;
        }
        let left = self.elements.split_off(self.complete_end);
        let mut elements = std::mem::replace(&mut self.elements, vec![b'[']);
        // The remaining bytes start with the comma before the next element.
        self.elements.extend_from_slice(left.strip_prefix(b",").unwrap_or(&left));
        self.complete_end = 1;
        elements.push(b']');
        Some(elements)
    }

    /// Returns the body without the elements, once all of it has been pushed. A list that has not ended stays open.
    pub(super) fn into_rest(self) -> Vec<u8> {
        self.rest
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATH: &[&str] = &["data", "run", "events"];

    /// Returns the elements, the rest and the number of elements of a body that arrives in pieces of the given
    /// lengths.
    fn scan(body: &str, lengths: &[usize], min_bytes: usize) -> (Vec<serde_json::Value>, String, u64) {
        let mut scanner = ListScanner::new(PATH);
        let (mut left, mut lengths) = (body.as_bytes(), lengths.iter().cycle());
        let mut found = Vec::new();
        while !left.is_empty() {
            let length = lengths.next().copied().unwrap_or(left.len()).clamp(1, left.len());
            let (piece, rest) = left.split_at(length);
            scanner.push(piece);
            left = rest;
            if let Some(elements) = scanner.elements(min_bytes) {
                let elements: Vec<serde_json::Value> = serde_json::from_slice(&elements).expect("a list");
                found.extend(elements);
            }
        }
        let count = scanner.count();
        (found, String::from_utf8(scanner.into_rest()).expect("text"), count)
    }

    #[test]
    fn elements_are_extracted_among_other_fields() {
        let body = r#"{"errors": null, "data": {"other": {"events": [1]}, "run": {"count": 2, "events" : [
            "{\"a\": \"],\\\"\"}", null , {"b": [1, {"c": ","}]} ], "more": ["events", [2]]}}, "events": [3]}"#;
        for lengths in [&[1][..], &[2, 3], &[1_000]] {
            for min_bytes in [0, 10, 1_000] {
                let (found, rest, count) = scan(body, lengths, min_bytes);
                let expected = serde_json::json!(["{\"a\": \"],\\\"\"}", null, {"b": [1, {"c": ","}]}]);
                assert_eq!((serde_json::Value::from(found), count), (expected, 3));
                let rest: serde_json::Value = serde_json::from_str(&rest).expect("JSON");
                assert_eq!(rest["data"]["run"]["events"], serde_json::json!([]));
                assert_eq!(rest["data"]["run"]["more"], serde_json::json!(["events", [2]]));
            }
        }
    }

    #[test]
    fn bodies_without_the_list_are_unchanged() {
        for body in [
            "",
            "[1, 2]",
            "not JSON \" at all",
            r#"{"data": {"run": {"events": null}}}"#,
            r#"{"data": {"run": null}, "errors": [{"message": "events"}]}"#,
            r#"{"data": {"run": [{"events": [1]}]}}"#,
            r#"{"data": ["run", {"events": [1]}], "run": {"events": [2]}}"#,
        ] {
            assert_eq!(scan(body, &[3], 0), (Vec::new(), body.to_owned(), 0), "{body}");
        }
    }

    #[test]
    fn empty_lists_have_no_elements() {
        let body = r#"{"data":{"run":{"events":[ ]}}}"#;
        let (found, rest, count) = scan(body, &[1], 0);
        assert_eq!((found.len(), count), (0, 0));
        assert_eq!(rest, r#"{"data":{"run":{"events":[]}}}"#);
    }

    proptest! {
        #[test]
        fn rows_survive_any_split_into_pieces(
            rows in proptest::collection::vec(proptest::option::of(".{0,40}"), 0..20),
            lengths in proptest::collection::vec(1_usize..30, 1..8),
            min_bytes in 0_usize..200,
        ) {
            let body = serde_json::json!({"data": {"run": {"events": rows, "z": "]"}}}).to_string();
            let (found, rest, count) = scan(&body, &lengths, min_bytes);
            prop_assert_eq!(serde_json::json!(found), serde_json::json!(rows));
            prop_assert_eq!(count, rows.len() as u64);
            prop_assert_eq!(rest, r#"{"data":{"run":{"events":[],"z":"]"}}}"#);
        }
    }
}
