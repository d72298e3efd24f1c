//! Tests of the validation and redaction of API keys.

use http::HeaderValue;
use proptest::prelude::*;

use super::key;
use crate::auth::{ApiKey, ApiKeyError};

/// The expected results are those of `check_api_key` of the Python SDK 0.31.0.
#[test]
fn keys_are_validated_as_in_the_python_sdk() {
    let long = "a".repeat(40);
    for valid in [
        long.clone(),
        "aZ0_".repeat(12),
        format!("local-{long}"),
        format!("-{long}"),
        format!("my.host-{long}"),
        format!("a-b-{}", "c".repeat(38)),
        "a.b.c".to_owned(),
        "eyJ-_0.x.y-z".to_owned(),
    ] {
        assert_eq!(ApiKey::parse(&valid).unwrap().secret(), valid);
    }
    for (invalid, error) in [
        (String::new(), ApiKeyError::Empty),
        ("a".repeat(39), ApiKeyError::TooShort { length: 39 }),
        (format!("local-{}", "a".repeat(39)), ApiKeyError::TooShort { length: 39 }),
        ("a-b-c".to_owned(), ApiKeyError::TooShort { length: 3 }),
        (format!("{long}!"), ApiKeyError::Characters),
        (format!("{long} {long}"), ApiKeyError::Characters),
        ("local-".to_owned(), ApiKeyError::Characters),
        ("a.b".to_owned(), ApiKeyError::Characters),
        ("a..c".to_owned(), ApiKeyError::Characters),
        ("a.b.c.d".to_owned(), ApiKeyError::Characters),
    ] {
        assert_eq!(ApiKey::parse(&invalid), Err(error), "{invalid:?}");
    }
}

#[test]
fn keys_accepted_by_sdk_accident_are_rejected() {
    for text in [
        format!("é{}", "a".repeat(40)),
        format!("a b-{}", "a".repeat(40)),
        format!("\u{1}-{}", "a".repeat(40)),
    ] {
        assert_eq!(ApiKey::parse(&text), Err(ApiKeyError::Characters), "{text:?}");
    }
}

#[test]
fn whitespace_around_a_key_is_trimmed() {
    assert_eq!(ApiKey::parse(&format!(" {}\r\n", key("x"))).unwrap().secret(), key("x"));
}

#[test]
fn header_is_basic_auth_and_sensitive() {
    let header = ApiKey::parse(&key("1")).unwrap().authorization_header();
    let expect = "Basic YXBpOjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDE=";
    assert_eq!(header, HeaderValue::from_static(expect));
    assert!(header.is_sensitive());
}

proptest! {
    #[test]
    fn formatted_keys_are_redacted(text in "[A-Za-z0-9_]{40,60}") {
        let key: ApiKey = text.parse().unwrap();
        for shown in [format!("{key}"), format!("{key:?}"), format!("{key:#?}"), format!("{:?}", key.authorization_header())] {
            prop_assert!(!shown.contains(&text[..8]));
        }
    }

    #[test]
    fn errors_never_repeat_the_text(text in "\\PC{1,60}") {
        if let Err(error) = ApiKey::parse(&text) {
            prop_assume!(text.len() > 12);
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains(&text));
        }
    }
}
