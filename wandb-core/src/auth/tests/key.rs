//! What is an API key, and how it is kept.

use http::HeaderValue;
use proptest::prelude::*;

use super::key;
use crate::auth::{ApiKey, ApiKeyError};

/// The expectations are the answers of `check_api_key` of the Python SDK 0.31.0.
#[test]
fn keys_are_what_the_python_sdk_takes_for_keys() {
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
fn what_the_python_sdk_lets_through_by_accident_is_refused() {
    for text in [
        format!("é{}", "a".repeat(40)),
        format!("a b-{}", "a".repeat(40)),
        format!("\u{1}-{}", "a".repeat(40)),
    ] {
        assert_eq!(ApiKey::parse(&text), Err(ApiKeyError::Characters), "{text:?}");
    }
}

#[test]
fn blanks_around_a_key_are_dropped() {
    assert_eq!(ApiKey::parse(&format!(" {}\r\n", key("x"))).unwrap().secret(), key("x"));
}

#[test]
fn the_header_is_basic_authentication_and_sensitive() {
    let header = ApiKey::parse(&key("1")).unwrap().authorization_header();
    let expect = "Basic YXBpOjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDE=";
    assert_eq!(header, HeaderValue::from_static(expect));
    assert!(header.is_sensitive());
}

proptest! {
    #[test]
    fn a_key_is_never_shown(text in "[A-Za-z0-9_]{40,60}") {
        let key: ApiKey = text.parse().unwrap();
        for shown in [format!("{key}"), format!("{key:?}"), format!("{key:#?}"), format!("{:?}", key.authorization_header())] {
            prop_assert!(!shown.contains(&text[..8]));
        }
    }

    #[test]
    fn an_error_never_repeats_the_text(text in "\\PC{1,60}") {
        if let Err(error) = ApiKey::parse(&text) {
            prop_assume!(text.len() > 12);
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains(&text));
        }
    }
}
