//! What the tests of all operations share: requests as text, and answers from text.

use bytes::Bytes;
use http::Response;
use wandb_core::operation::{AnswerError, Endpoint, Field, Lacks, Operation};

pub(super) fn endpoint() -> Endpoint {
    Endpoint::new("https://wandb.example.org/prefix".parse().unwrap())
}

/// The request to a server that lacks `lacking`, laid out to be read.
pub(super) fn request(operation: &impl Operation, lacking: &[Field]) -> String {
    let lacks: Lacks = lacking.iter().cloned().collect();
    let request = operation.request(&endpoint(), &lacks).unwrap();
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

/// What the operation makes of a body that comes with status 200.
pub(super) fn answer<O: Operation>(operation: &O, body: &str) -> Result<O::Answer, AnswerError> {
    operation.answer(Response::new(Bytes::copy_from_slice(body.as_bytes())))
}

/// A page behind this cursor, or none.
pub(crate) fn onward(cursor: Option<usize>) -> super::page::Onward {
    cursor.map_or(super::page::Onward::End, |cursor| super::page::Onward::After(cursor.to_string()))
}

/// A page of which nobody says where it is.
pub(crate) fn nowhere() -> super::page::Onward {
    super::page::Onward::Nowhere
}
