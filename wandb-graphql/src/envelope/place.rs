//! Where in a response a field's list stands, found without reading the list.

/// The place of the list behind `path` in a body that holds nothing else: `{"data":{"project":{"run":{"history":[`.
/// `None` if it begins otherwise; it may still hold such a list.
pub(crate) fn list_at(body: &[u8], path: &[&str]) -> Option<usize> {
    let mut cursor = Cursor { body, at: 0 };
    for field in path {
        cursor.expect(b"{")?;
        cursor.expect(b"\"")?;
        // No space in front of a name: it would be part of it.
        cursor.exactly(field.as_bytes())?;
        cursor.exactly(b"\"")?;
        cursor.expect(b":")?;
    }
    cursor.space();
    (body.get(cursor.at) == Some(&b'[')).then_some(cursor.at)
}

/// Whether there is nothing behind `at` but the ends of `closers`.
pub(crate) fn ends_with(body: &[u8], at: usize, closers: &[u8]) -> bool {
    let mut cursor = Cursor { body, at };
    if closers.iter().any(|closer| cursor.expect(&[*closer]).is_none()) {
        return false;
    }
    cursor.space();
    cursor.at == body.len()
}

struct Cursor<'a> {
    body: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn expect(&mut self, token: &[u8]) -> Option<()> {
        self.space();
        self.exactly(token)
    }

    fn exactly(&mut self, token: &[u8]) -> Option<()> {
        self.body.get(self.at..)?.starts_with(token).then(|| self.at += token.len())
    }

    fn space(&mut self) {
        while matches!(self.body.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &[&str] = &["data", "run", "history"];

    #[test]
    fn the_list_is_found_whatever_the_spaces() {
        for body in
            [r#"{"data":{"run":{"history":[1]}}}"#, "\n{ \"data\" : {\"run\": {\"history\" :\t[1] }}\n} "]
        {
            let at = list_at(body.as_bytes(), PATH).expect(body);
            assert!(body[at..].starts_with("[1]"));
            assert!(ends_with(body.as_bytes(), at + 3, b"}}}"), "{body}");
            assert!(!ends_with(body.as_bytes(), at + 3, b"}}"), "{body}");
            assert!(!ends_with(body.as_bytes(), at + 3, b"}}}}"), "{body}");
        }
    }

    #[test]
    fn other_answers_are_left_alone() {
        for body in [
            "",
            "{",
            r#"{"errors":[]}"#,
            r#"{"data":null}"#,
            r#"{"data":{"run":{"history":null}}}"#,
            r#"{"data":{"run":{" history":[]}}}"#,
            r#"{"extensions":{},"data":{"run":{"history":[]}}}"#,
        ] {
            assert_eq!(list_at(body.as_bytes(), PATH), None, "{body}");
        }
        assert!(!ends_with(br#"{"data":{"run":{"history":[]}},"errors":[]}"#, 27, b"}}}"));
    }
}
