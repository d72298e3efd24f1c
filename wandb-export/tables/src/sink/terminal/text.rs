//! Values as text that is safe and small enough for a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use wandb_core::Value;

use super::ELLIPSIS;

/// A value as people write it: strings without quotes.
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

/// The columns of a terminal that `text` takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// As much of `text` as fits into `most` columns. Whatever would move the cursor, change colours or turn the direction
/// of writing around is written as an escape: names and values are anyone's.
pub(super) fn fit(text: &str, most: usize) -> String {
    let mut safe = String::new();
    for char in text.chars() {
        if is_unsafe(char) {
            safe.extend(char.escape_default());
        } else {
            safe.push(char);
        }
        // Enough for any outcome below, so that a value of megabytes costs no more than a short one.
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

/// Control characters, and those that reorder or hide the text around them.
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
    fn what_fits_stays_and_what_does_not_is_cut() {
        assert_eq!(fit("loss", 4), "loss");
        assert_eq!(fit("losses", 4), "los…");
        assert_eq!(fit("損失関数", 8), "損失関数");
        assert_eq!(fit("損失関数", 7), "損失関…");
        assert_eq!(fit("損失関数", 6), "損失…");
    }

    #[test]
    fn control_characters_are_shown_rather_than_obeyed() {
        assert_eq!(fit("a\u{1b}[31mb\n", 40), r"a\u{1b}[31mb\n");
        assert_eq!(fit("\u{202e}evil", 40), r"\u{202e}evil");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_allowed(text in ".*", most in 1_usize..50) {
            let fitting = fit(&text, most);
            prop_assert!(width(&fitting) <= most);
            prop_assert!(!fitting.chars().any(char::is_control));
        }
    }
}
