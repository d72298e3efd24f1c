//! Finds the list of a field in a response body without parsing the list.

/// The byte offset of the list at `path` in a body without other fields: `{"data":{"project":{"run":{"history":[`.
///
/// Returns `None` for any other beginning, even though such a body may hold the list elsewhere.
pub(crate) fn find_list(body: &[u8], path: &[&str]) -> Option<usize> {
    let mut cursor = Cursor { body, at: 0 };
    for field in path {
        cursor.expect_token(b"{")?;
        cursor.expect_token(b"\"")?;
        // White space inside the quotes would be part of the name.
        cursor.expect_exactly(field.as_bytes())?;
        cursor.expect_exactly(b"\"")?;
        cursor.expect_token(b":")?;
    }
    cursor.skip_white_space();
    (body.get(cursor.at) == Some(&b'[')).then_some(cursor.at)
}

/// Whether only `closers` and white space follow `at`.
pub(crate) fn only_closers_follow(body: &[u8], at: usize, closers: &[u8]) -> bool {
    let mut cursor = Cursor { body, at };
    if closers.iter().any(|closer| cursor.expect_token(&[*closer]).is_none()) {
        return false;
    }
    cursor.skip_white_space();
    cursor.at == body.len()
}

struct Cursor<'a> {
    body: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn expect_token(&mut self, token: &[u8]) -> Option<()> {
        self.skip_white_space();
        self.expect_exactly(token)
    }

    fn expect_exactly(&mut self, token: &[u8]) -> Option<()> {
        self.body.get(self.at..)?.starts_with(token).then(|| self.at += token.len())
    }

    fn skip_white_space(&mut self) {
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
    fn list_is_found_despite_white_space() {
        for body in
            [r#"{"data":{"run":{"history":[1]}}}"#, "\n{ \"data\" : {\"run\": {\"history\" :\t[1] }}\n} "]
        {
            let at = find_list(body.as_bytes(), PATH).expect(body);
            assert!(body[at..].starts_with("[1]"));
            assert!(only_closers_follow(body.as_bytes(), at + 3, b"}}}"), "{body}");
            assert!(!only_closers_follow(body.as_bytes(), at + 3, b"}}"), "{body}");
            assert!(!only_closers_follow(body.as_bytes(), at + 3, b"}}}}"), "{body}");
        }
    }

    #[test]
    fn other_bodies_have_no_list_offset() {
        for body in [
            "",
            "{",
            r#"{"errors":[]}"#,
            r#"{"data":null}"#,
            r#"{"data":{"run":{"history":null}}}"#,
            r#"{"data":{"run":{" history":[]}}}"#,
            r#"{"extensions":{},"data":{"run":{"history":[]}}}"#,
        ] {
            assert_eq!(find_list(body.as_bytes(), PATH), None, "{body}");
        }
        assert!(!only_closers_follow(br#"{"data":{"run":{"history":[]}},"errors":[]}"#, 27, b"}}}"));
    }
}
