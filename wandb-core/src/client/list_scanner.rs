//! Finds the elements of one long list in a body that is still arriving.

/// Takes a body piece by piece, gives out the elements of the list behind a path, and keeps the rest: the body with that
/// list emptied.
///
/// It looks at no more of JSON than where strings, lists and objects begin and end. Whether the body is JSON is for the
/// reader of its parts to say.
#[derive(Debug)]
pub(super) struct ListScanner {
    path: &'static [&'static str],
    /// The body without the elements.
    rest: Vec<u8>,
    /// A list of elements that have not been given out, without its end.
    elements: Vec<u8>,
    /// Where the last whole one of them ends.
    whole: usize,
    /// How many whole elements there are in the list so far.
    count: u64,
    in_string: bool,
    is_escaped: bool,
    /// How many lists and objects are open, apart from the list.
    depth: usize,
    place: Place,
}

/// Where the scanner is.
#[derive(Debug)]
enum Place {
    /// In front of the list. `matched` fields of the path lead to the innermost object on it.
    Before { matched: usize, key: Key },
    /// Among the elements.
    Within,
    /// Behind the list.
    Behind,
}

/// What a string in front of the list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// Nothing that matters.
    Other,
    /// The string that begins at this byte of the rest, which is the next field of the path if a value follows.
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
            whole: 0,
            count: 0,
            in_string: false,
            is_escaped: false,
            depth: 0,
            place: Place::Before { matched: 0, key: Key::Other },
        }
    }

    /// How many elements were there so far.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The bytes that it holds.
    pub(super) fn held(&self) -> usize {
        self.rest.len() + self.elements.len()
    }

    /// Takes more of the body.
    pub(super) fn push(&mut self, mut piece: &[u8]) {
        while let Some(&byte) = piece.first() {
            let length = match self.place {
                Place::Behind => piece.len(),
                // Most bytes are in the middle of strings.
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

    /// Where bytes belong now.
    fn part(&mut self) -> &mut Vec<u8> {
        match self.place {
            Place::Within => &mut self.elements,
            Place::Before { .. } | Place::Behind => &mut self.rest,
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
        match self.place {
            Place::Before { matched, key } => self.take_before(byte, matched, key),
            Place::Within => self.take_within(byte),
            Place::Behind => self.rest.push(byte),
        }
    }

    fn take_before(&mut self, byte: u8, matched: usize, key: Key) {
        let begins_list = byte == b'[' && key == Key::Found && matched + 1 == self.path.len();
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
        self.place = Place::Before { matched, key: next };
        if begins_list {
            self.depth = 0;
            self.elements.push(b'[');
            self.whole = self.elements.len();
            self.place = Place::Within;
        }
    }

    fn take_within(&mut self, byte: u8) {
        match byte {
            b'"' => self.in_string = true,
            b'[' | b'{' => self.depth += 1,
            b']' if self.depth == 0 => {
                self.end_element();
                self.rest.push(byte);
                self.place = Place::Behind;
                return;
            }
            b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            b',' if self.depth == 0 => self.end_element(),
            _ => {}
        }
        self.elements.push(byte);
    }

    fn end_element(&mut self) {
        let is_there =
            self.elements[self.whole..].iter().any(|byte| !byte.is_ascii_whitespace() && *byte != b',');
        self.count += u64::from(is_there);
        self.whole = self.elements.len();
    }

    /// The whole elements that have not been given out, as a JSON list, if they take at least `least` bytes or the list has
    /// ended. `None` if there are none.
    pub(super) fn elements(&mut self, least: usize) -> Option<Vec<u8>> {
        let has_ended = matches!(self.place, Place::Behind);
        if self.whole <= 1 || !(has_ended || self.whole >= least) {
            return None;
        }
        let left = self.elements.split_off(self.whole);
        let mut elements = std::mem::replace(&mut self.elements, vec![b'[']);
        // What is left begins with the comma in front of the next element.
        self.elements.extend_from_slice(left.strip_prefix(b",").unwrap_or(&left));
        self.whole = 1;
        elements.push(b']');
        Some(elements)
    }

    /// The body without the elements, once all of it has been taken. A list that has not ended is left open.
    pub(super) fn into_rest(self) -> Vec<u8> {
        self.rest
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATH: &[&str] = &["data", "run", "events"];

    /// The elements and the rest of a body that arrives in pieces of some lengths.
    fn scan(body: &str, lengths: &[usize], least: usize) -> (Vec<serde_json::Value>, String, u64) {
        let mut scanner = ListScanner::new(PATH);
        let (mut left, mut lengths) = (body.as_bytes(), lengths.iter().cycle());
        let mut found = Vec::new();
        while !left.is_empty() {
            let length = lengths.next().copied().unwrap_or(left.len()).clamp(1, left.len());
            let (piece, rest) = left.split_at(length);
            scanner.push(piece);
            left = rest;
            if let Some(elements) = scanner.elements(least) {
                let elements: Vec<serde_json::Value> = serde_json::from_slice(&elements).expect("a list");
                found.extend(elements);
            }
        }
        let count = scanner.count();
        (found, String::from_utf8(scanner.into_rest()).expect("text"), count)
    }

    #[test]
    fn elements_are_found_among_other_fields() {
        let body = r#"{"errors": null, "data": {"other": {"events": [1]}, "run": {"count": 2, "events" : [
            "{\"a\": \"],\\\"\"}", null , {"b": [1, {"c": ","}]} ], "more": ["events", [2]]}}, "events": [3]}"#;
        for lengths in [&[1][..], &[2, 3], &[1_000]] {
            for least in [0, 10, 1_000] {
                let (found, rest, count) = scan(body, lengths, least);
                let expected = serde_json::json!(["{\"a\": \"],\\\"\"}", null, {"b": [1, {"c": ","}]}]);
                assert_eq!((serde_json::Value::from(found), count), (expected, 3));
                let rest: serde_json::Value = serde_json::from_str(&rest).expect("JSON");
                assert_eq!(rest["data"]["run"]["events"], serde_json::json!([]));
                assert_eq!(rest["data"]["run"]["more"], serde_json::json!(["events", [2]]));
            }
        }
    }

    #[test]
    fn bodies_without_the_list_stay_whole() {
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
        fn any_rows_in_any_pieces_come_out_as_they_are(
            rows in proptest::collection::vec(proptest::option::of(".{0,40}"), 0..20),
            lengths in proptest::collection::vec(1_usize..30, 1..8),
            least in 0_usize..200,
        ) {
            let body = serde_json::json!({"data": {"run": {"events": rows, "z": "]"}}}).to_string();
            let (found, rest, count) = scan(&body, &lengths, least);
            prop_assert_eq!(serde_json::json!(found), serde_json::json!(rows));
            prop_assert_eq!(count, rows.len() as u64);
            prop_assert_eq!(rest, r#"{"data":{"run":{"events":[],"z":"]"}}}"#);
        }
    }
}
