//! JSON that is not quite JSON.
//!
//! W&B keeps what users log, and Python's `json` writes `NaN`, `Infinity` and `-Infinity` without quotes; control
//! characters also occur inside strings. A text that a strict parser refuses is put right here and parsed again.

use std::borrow::Cow;

/// The numbers that JSON lacks, longest first where one begins another.
const NON_FINITE: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];

/// `text` with bare non-finite numbers put in quotes, as W&B writes them where it writes strict JSON, and control
/// characters inside strings escaped. Borrowed if there is nothing to put right.
pub(crate) fn strict(text: &[u8]) -> Cow<'_, [u8]> {
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

    fn put_right(text: &str) -> String {
        String::from_utf8(strict(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn strict_json_is_left_alone() {
        for text in [r#"{"a": [1, -2, "NaN", "\"Infinity", null]}"#, "", "-", r#"{"a": "cut \"#] {
            assert!(matches!(strict(text.as_bytes()), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn bare_numbers_are_quoted() {
        assert_eq!(
            put_right(r#"{"a":NaN,"b":[Infinity,-Infinity,-1,NaN],"NaN":"NaN"}"#),
            r#"{"a":"NaN","b":["Infinity","-Infinity",-1,"NaN"],"NaN":"NaN"}"#,
        );
    }

    #[test]
    fn control_characters_in_strings_are_escaped() {
        let text = "{\n\"a\\\\\": \"tab\there\u{1}\"\n}";
        let value: serde_json::Value = serde_json::from_str(&put_right(text)).unwrap();
        assert_eq!(value, serde_json::json!({"a\\": "tab\there\u{1}"}));
    }

    proptest::proptest! {
        #[test]
        fn valid_json_keeps_its_meaning(text in "[a-zA-Z\"\\\\ \\t\u{e9}]{0,20}") {
            let json = serde_json::to_string(&vec![text]).unwrap();
            proptest::prop_assert_eq!(put_right(&json), json);
        }
    }
}
