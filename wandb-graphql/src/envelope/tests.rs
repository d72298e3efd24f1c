use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use wandb_core::operation::{AnswerError, Field};

use super::data;

#[derive(Debug, Deserialize, PartialEq)]
struct Data {
    run: Option<String>,
}

fn read(status: u16, body: &str) -> Result<Data, AnswerError> {
    let response = Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
    data(&response, || "run team/project/abc".to_owned())
}

fn refused(status: u16, body: &str) -> String {
    read(status, body).unwrap_err().to_string()
}

#[test]
fn data_is_read_despite_other_content() {
    let expected = Data { run: Some("abc".to_owned()) };
    for body in [
        r#"{"data": {"run": "abc"}}"#,
        r#"{"errors": [], "data": {"run": "abc", "other": 1}, "extensions": {"cost": 1}}"#,
        r#"{"data": {"run": "abc"}, "errors": null}"#,
        "{\"data\": {\"run\": \"abc\", \"loss\": NaN}, \"note\": \"a\tb\"}",
    ] {
        assert_eq!(read(200, body).unwrap(), expected, "{body}");
    }
}

#[test]
fn data_with_errors_is_rejected() {
    let body =
        r#"{"data": {"run": null}, "errors": [{"message": "context deadline exceeded", "path": ["run"]}]}"#;
    assert_eq!(read(200, body), Err(AnswerError::Failed { message: "context deadline exceeded".to_owned() }));
}

#[test]
fn each_lacking_field_is_reported_once() {
    let body = r#"{"errors": [
        {"message": "Cannot query field \"historyKeys\" on type \"Run\"."},
        {"message": "Cannot query field \"features\" on type \"ServerInfo\". Did you mean \"feature\"?"},
        {"message": "Cannot query field \"historyKeys\" on type \"Run\"."}
    ]}"#;
    let lacking = [Field::new("Run", "historyKeys"), Field::new("ServerInfo", "features")];
    assert_eq!(read(400, body), Err(AnswerError::UnsupportedFields(lacking.into_iter().collect())));
}

#[test]
fn most_severe_error_decides_and_all_are_shown() {
    let body = r#"{"data": null, "errors": [
        {"message": "internal error"}, {"message": "permission denied"}, {"message": "permission denied"}
    ]}"#;
    let message = "internal error; permission denied".to_owned();
    assert_eq!(read(200, body), Err(AnswerError::Denied { message }));
}

#[test]
fn not_found_names_the_object_in_user_terms() {
    let body = r#"{"data": {"run": null}, "errors": [{"message": "run not found", "path": ["run"]}]}"#;
    assert_eq!(refused(200, body), "run team/project/abc does not exist, or the API key may not see it");
}

#[test]
fn code_and_status_classify_an_error() {
    let body = r#"{"errors": [{"message": "no", "extensions": {"code": "FORBIDDEN"}}]}"#;
    assert!(matches!(read(200, body), Err(AnswerError::Denied { .. })));
    let body = r#"{"errors": [{"message": "no", "extensions": {"code": 7}}]}"#;
    assert!(matches!(read(400, body), Err(AnswerError::Refused { .. })));
    assert!(matches!(read(413, r#"{"errors": [{}]}"#), Err(AnswerError::TooLarge { .. })));
}

#[test]
fn non_graphql_json_error_is_a_refusal() {
    let message = "bad gateway".to_owned();
    assert_eq!(read(502, r#"{"error": "bad gateway"}"#), Err(AnswerError::Failed { message }));
    let message = r#"{"code": 7}"#.to_owned();
    assert_eq!(read(400, r#"{"error": {"code": 7}}"#), Err(AnswerError::Refused { message }));
    assert!(matches!(read(404, r#"{"message": "Not Found"}"#), Err(AnswerError::NotFound { .. })));
}

#[test]
fn unreadable_body_is_malformed_and_quoted() {
    for (body, message) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        (r#"{"data": {"run": "ab"#, "EOF while parsing a string"),
        ("upstream error", "expected value"),
        (r#"{"data": null}"#, "it holds neither data nor errors"),
        ("{}", "it holds neither data nor errors"),
        ("[]", "it holds neither data nor errors"),
        (r#"{"data": {"run": 5}}"#, "invalid type: integer `5`, expected a string"),
    ] {
        let error = read(200, body).unwrap_err();
        let AnswerError::Malformed { message: said, excerpt } = &error else { panic!("{body}: {error}") };
        assert!(said.contains(message), "{body}: {said}");
        assert_eq!(excerpt, body);
    }
}
