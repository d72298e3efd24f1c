//! Helpers for the tests of all operations: requests as text, and answers from text.

use bytes::Bytes;
use http::Response;
use wandb_core::operation::{AnswerError, Endpoint, Field, Operation, UnsupportedFields};

pub(super) fn endpoint() -> Endpoint {
    Endpoint::new("https://wandb.example.org/prefix".parse().unwrap())
}

/// Formats the request to a server that lacks `lacking`.
pub(super) fn request(operation: &impl Operation, lacking: &[Field]) -> String {
    let unsupported: UnsupportedFields = lacking.iter().cloned().collect();
    let request = operation.request(&endpoint(), &unsupported).unwrap();
    let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(body["operationName"], operation.name());
    let headers: Vec<String> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
        .collect();
    format!(
        "subject: {}\n{} {}\n{}\n{}\n{:#}",
        operation.subject(),
        request.method(),
        request.uri(),
        headers.concat(),
        body["query"].as_str().unwrap(),
        body["variables"],
    )
}

/// Parses a body with status 200 as the operation's answer.
pub(super) fn answer<O: Operation>(operation: &O, body: &str) -> Result<O::Answer, AnswerError> {
    operation.answer(Response::new(Bytes::copy_from_slice(body.as_bytes())))
}

/// A next page after this cursor, or the end.
pub(crate) fn next_page(cursor: Option<usize>) -> super::page::NextPage {
    cursor.map_or(super::page::NextPage::End, |cursor| super::page::NextPage::After(cursor.to_string()))
}

/// A next page without a cursor.
pub(crate) fn without_cursor() -> super::page::NextPage {
    super::page::NextPage::WithoutCursor
}
