//! A tokenizer for GraphQL text.

use std::ops::Range;

/// A name, number, string or punctuator with its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) span: Range<usize>,
}

/// Splits a text into tokens, without white space, commas and comments.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = &text[at..];
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' if rest.starts_with("\"\"\"") => {
                rest.get(3..).and_then(|inner| inner.find("\"\"\"")).map_or(rest.len(), |end| end + 6)
            }
            '"' => string(rest),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        if !first.is_whitespace() && !matches!(first, ',' | '#' | '\u{feff}') {
            tokens.push(Token { text: &rest[..length], span: at..at + length });
        }
        at += length;
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// The length of the string at the start of `text`, including its quotation marks.
fn string(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_tokens() {
        let text = "a(b: \"x \\\" y\", c: -1.5) # no\n{ \"\"\"d \" e\"\"\" ü }";
        let texts: Vec<_> = tokens(text).into_iter().map(|token| token.text).collect();
        assert_eq!(
            texts,
            ["a", "(", "b", ":", "\"x \\\" y\"", "c", ":", "-1.5", ")", "{", "\"\"\"d \" e\"\"\"", "ü", "}"]
        );
        for token in tokens(text) {
            assert_eq!(&text[token.span.clone()], token.text);
        }
        assert_eq!(tokens("\"cut").len(), 1);
    }
}
