//! Repairs JSON that a strict parser rejects.
//!
//! W&B stores user data as logged. Python's `json` writes `NaN`, `Infinity` and `-Infinity` without quotes, and strings
//! may contain control characters. A text that the strict parser rejects is repaired here and parsed again.

use std::borrow::Cow;

/// The numbers that JSON lacks.
const NON_FINITE: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];

/// Quotes bare non-finite numbers, as W&B does in strict JSON, and escapes control characters inside strings.
///
/// Borrows `text` if nothing needs repair.
pub(crate) fn to_strict(text: &[u8]) -> Cow<'_, [u8]> {
    let mut output = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    let mut in_string = false;
    while at < text.len() {
        let byte = text[at];
        let (length, replacement) = match byte {
            b'\\' if in_string => (2, None),
            b'"' => {
                in_string = !in_string;
                (1, None)
            }
            0..=0x1f if in_string => (1, Some(format!("\\u{byte:04x}").into_bytes())),
            b'-' | b'I' | b'N' if !in_string => match non_finite(&text[at..]) {
                Some(number) => (number.len(), Some([b"\"", number, b"\""].concat())),
                None => (1, None),
            },
            _ => (1, None),
        };
        if let Some(replacement) = replacement {
            output.extend_from_slice(&text[copied..at]);
            output.extend_from_slice(&replacement);
            copied = at + length;
        }
        at += length;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    output.extend_from_slice(&text[copied..]);
    Cow::Owned(output)
}

fn non_finite(text: &[u8]) -> Option<&'static [u8]> {
    NON_FINITE.into_iter().find(|number| text.starts_with(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(text: &str) -> String {
        String::from_utf8(to_strict(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn strict_json_is_left_alone() {
        for text in [r#"{"a": [1, -2, "NaN", "\"Infinity", null]}"#, "", "-", r#"{"a": "cut \"#] {
            assert!(matches!(to_strict(text.as_bytes()), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn bare_numbers_are_quoted() {
        assert_eq!(
            repaired(r#"{"a":NaN,"b":[Infinity,-Infinity,-1,NaN],"NaN":"NaN"}"#),
            r#"{"a":"NaN","b":["Infinity","-Infinity",-1,"NaN"],"NaN":"NaN"}"#,
        );
    }

    #[test]
    fn control_characters_in_strings_are_escaped() {
        let text = "{\n\"a\\\\\": \"tab\there\u{1}\"\n}";
        let value: serde_json::Value = serde_json::from_str(&repaired(text)).unwrap();
        assert_eq!(value, serde_json::json!({"a\\": "tab\there\u{1}"}));
    }

    proptest::proptest! {
        #[test]
        fn valid_json_keeps_its_meaning(text in "[a-zA-Z\"\\\\ \\t\u{e9}]{0,20}") {
            let json = serde_json::to_string(&vec![text]).unwrap();
            proptest::prop_assert_eq!(repaired(&json), json);
        }
    }
}
