//! Formats values as text that is safe and short enough for a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use wandb_core::Value;

use super::ELLIPSIS;

/// Returns a value as people write it: strings have no quotes.
pub(super) fn cell_text(value: &Value) -> String {
    match value {
        Value::String(string) => string.clone(),
        Value::Float(float) if float.is_nan() => "NaN".to_owned(),
        Value::Float(float) if float.is_infinite() => {
            if *float > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
        }
        value => value.to_json(),
    }
}

/// Returns the width of `text` in terminal columns.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Cuts `text` to `most` columns. Characters that would move the cursor, change colours or reverse the
/// writing direction are escaped, because names and values are untrusted.
pub(super) fn fit(text: &str, most: usize) -> String {
    let mut safe = String::new();
    for char in text.chars() {
        if is_unsafe(char) {
            safe.extend(char.escape_default());
        } else {
            safe.push(char);
        }
        // Enough for any result below, so that a very long value costs no more than a short one.
        if safe.len() > most.saturating_mul(8).saturating_add(64) {
            break;
        }
    }
    if safe.width() <= most {
        return safe;
    }
    let room = most.saturating_sub(ELLIPSIS.width());
    let mut fitting = String::new();
    for char in safe.chars() {
        fitting.push(char);
        if fitting.width() > room {
            fitting.pop();
            break;
        }
    }
    fitting.push_str(ELLIPSIS);
    fitting
}

/// Returns whether a character is a control character, or reorders or hides the text around it.
fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        || char.width().is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_text_is_cut_to_width() {
        assert_eq!(fit("loss", 4), "loss");
        assert_eq!(fit("losses", 4), "los…");
        assert_eq!(fit("損失関数", 8), "損失関数");
        assert_eq!(fit("損失関数", 7), "損失関…");
        assert_eq!(fit("損失関数", 6), "損失…");
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(fit("a\u{1b}[31mb\n", 40), r"a\u{1b}[31mb\n");
        assert_eq!(fit("\u{202e}evil", 40), r"\u{202e}evil");
    }

    proptest! {
        #[test]
        fn text_is_never_wider_than_allowed(text in ".*", most in 1_usize..50) {
            let fitting = fit(&text, most);
            prop_assert!(width(&fitting) <= most);
            prop_assert!(!fitting.chars().any(char::is_control));
        }
    }
}
