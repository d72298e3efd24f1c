//! Makes foreign text safe to print.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

/// Escapes control characters, line breaks, and marks that reorder or hide text, so that the text is a single line
/// that a terminal only displays.
///
/// ```
/// use wandb_core::text::printable;
///
/// assert_eq!(printable("run\n\u{1b}]0;title\u{7}"), r"run\n\u{1b}]0;title\u{7}");
/// assert_eq!(printable("größe 日本"), "größe 日本");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_terminal_control) {
        return Cow::Borrowed(text);
    }
    let mut printable = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_terminal_control(character) {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    Cow::Owned(printable)
}

/// Truncates a text to a number of characters, with an ellipsis if it is truncated.
///
/// ```
/// use wandb_core::text::shortened;
///
/// assert_eq!(shortened("größe", 3), "grö…");
/// assert_eq!(shortened("größe", 5), "größe");
/// ```
pub fn shortened(text: &str, max_characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max_characters) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// Escapes everything that a terminal would act on, except colours and tabs.
///
/// ```
/// use wandb_core::text::printable_with_colours;
///
/// assert_eq!(printable_with_colours("\u{1b}[31mred\u{1b}[0m\tx"), "\u{1b}[31mred\u{1b}[0m\tx");
/// assert_eq!(printable_with_colours("\u{1b}]52;c;eA\u{7}"), r"\u{1b}]52;c;eA\u{7}");
/// ```
pub fn printable_with_colours(text: &str) -> Cow<'_, str> {
    if !text.contains(|character| character != '\t' && is_terminal_control(character)) {
        return Cow::Borrowed(text);
    }
    let mut printable = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let length = colour_length(rest).unwrap_or(character.len_utf8());
        let (piece, tail) = rest.split_at(length);
        if length > character.len_utf8() || character == '\t' || !is_terminal_control(character) {
            printable.push_str(piece);
        } else {
            printable.extend(character.escape_default());
        }
        rest = tail;
    }
    Cow::Owned(printable)
}

/// Returns the length of the colour sequence (SGR) at the start of the text, if there is one.
fn colour_length(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end =
        parameters.find(|character: char| !character.is_ascii_digit() && !matches!(character, ';' | ':'))?;
    parameters[end..].starts_with('m').then_some(end + 3)
}

/// Returns true if a terminal acts on the character instead of displaying it.
fn is_terminal_control(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// The replacement of a secret.
const REDACTED: &str = "[redacted]";

/// Removes secrets from texts: an API key, and user names and passwords in URLs.
///
/// ```
/// use wandb_core::text::Redactor;
///
/// let redactor = Redactor::default();
/// assert_eq!(redactor.redact("see https://user:pw@host/x"), "see https://[redacted]@host/x");
/// ```
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    /// Removes the key of an `Authorization` header, in every form in which a server may return it.
    pub(crate) fn of_authorization(header: &HeaderValue) -> Self {
        let mut secrets = Vec::new();
        if let Some(encoded) = header.to_str().ok().and_then(|text| text.strip_prefix("Basic ")) {
            let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            if let Some((_, key)) = decoded.as_deref().and_then(|decoded| decoded.split_once(':')) {
                secrets.push(key.to_owned());
            }
            secrets.push(encoded.to_owned());
        }
        secrets.retain(|secret| !secret.is_empty());
        Self { secrets }
    }

    /// Removes the secrets from a text.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut redacted = without_user_info(text);
        for secret in &self.secrets {
            if redacted.contains(secret.as_str()) {
                redacted = Cow::Owned(redacted.replace(secret.as_str(), REDACTED));
            }
        }
        redacted
    }

    /// Makes a text safe to print: without secrets, on one line, without anything that a terminal would act on.
    pub fn printable(&self, text: &str) -> String {
        printable(&self.redact(text)).into_owned()
    }
}

/// Prints no secrets.
impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

/// The separator before the authority of a URL.
const AUTHORITY: &str = "://";

fn without_user_info(text: &str) -> Cow<'_, str> {
    if !text.contains(AUTHORITY) || !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(AUTHORITY) {
        let (before, authority) = rest.split_at(at + AUTHORITY.len());
        redacted.push_str(before);
        let ends = |character: char| character.is_whitespace() || "/?#\"'<>\\".contains(character);
        let end = authority.find(ends).unwrap_or(authority.len());
        rest = authority;
        if let Some(user_info) = authority[..end].rfind('@') {
            redacted.push_str(REDACTED);
            rest = &authority[user_info..];
        }
    }
    redacted.push_str(rest);
    Cow::Owned(redacted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ApiKey;

    #[test]
    fn key_is_redacted_in_every_form() {
        let key = "0123456789".repeat(4);
        let header = ApiKey::parse(&key).expect("a key").authorization_header();
        let redactor = Redactor::of_authorization(&header);
        let encoded = STANDARD.encode(format!("api:{key}"));
        for text in
            [format!("no key {key}!"), format!("{key}{key}"), format!("Authorization: Basic {encoded}")]
        {
            let redacted = redactor.redact(&text);
            assert!(!redacted.contains(&key) && !redacted.contains(&encoded), "{redacted}");
            assert!(redacted.contains(REDACTED), "{redacted}");
        }
        assert!(!format!("{redactor:?}").contains(&key));
    }

    #[test]
    fn credentials_in_urls_are_redacted() {
        for (text, redacted) in [
            ("http://u:p@h:1/x?a=b@c", "http://[redacted]@h:1/x?a=b@c"),
            (
                "proxy socks5://u@h, then http://a:b@c",
                "proxy socks5://[redacted]@h, then http://[redacted]@c",
            ),
            ("https://h/a@b", "https://h/a@b"),
            ("mail a@b", "mail a@b"),
            ("http://p@ss@h", "http://[redacted]@h"),
        ] {
            assert_eq!(Redactor::default().redact(text), redacted);
        }
    }

    #[test]
    fn colours_stay_and_other_sequences_are_escaped() {
        for text in ["\u{1b}[m", "\u{1b}[38;5;1mx", "\u{1b}[4:3m", "plain\ttext"] {
            assert_eq!(printable_with_colours(text), text);
        }
        for text in [
            "\u{1b}[2J",
            "\u{1b}[31",
            "\u{1b}",
            "\u{9b}31m",
            "a\rb",
            "\u{202e}x",
            "\u{1b}]8;;http://x\u{1b}\\",
        ] {
            let shown = printable_with_colours(text);
            assert!(!shown.contains(is_terminal_control), "{text:?}: {shown:?}");
        }
    }

    proptest! {
        #[test]
        fn printable_text_has_no_controls(text in any::<String>()) {
            prop_assert!(!printable(&text).contains(is_terminal_control));
            let once = printable(&text);
            prop_assert_eq!(printable(&once), &*once);
        }

        #[test]
        fn only_colour_sequences_stay(text in "[\u{1b}\\[\\]0-9;:m\t\r\u{7}\u{9b}x]{0,20}") {
            let shown = printable_with_colours(&text);
            let mut rest = &*shown;
            while let Some(character) = rest.chars().next() {
                let length = colour_length(rest).unwrap_or(character.len_utf8());
                prop_assert!(length > 1 || character == '\t' || !is_terminal_control(character), "{:?}", shown);
                rest = &rest[length..];
            }
        }
    }
}
