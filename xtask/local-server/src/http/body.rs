//! Response bodies that may end too early, or never.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use hyper::body::{Body, Frame, SizeHint};

use crate::store::Blob;
use crate::traffic::Underway;

/// A body that may be told to fail.
#[derive(Debug)]
pub(crate) struct Payload {
    data: Blob,
    then: Then,
    is_chunked: bool,
    /// Ends when the bytes are on their way.
    _underway: Underway,
}

/// What comes behind the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    End,
    Break,
    Hang,
}

/// The connection is to be closed in the middle of a body.
#[derive(Debug, thiserror::Error)]
#[error("the body was cut on purpose")]
pub(crate) struct Cut;

impl Body for Payload {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match (self.data.next(), self.then) {
            (Some(data), _) => Poll::Ready(Some(Ok(Frame::data(data)))),
            (None, Then::End) => Poll::Ready(None),
            (None, Then::Break) => Poll::Ready(Some(Err(Cut))),
            // Nothing wakes this up: the connection ends when the client or the server gives up.
            (None, Then::Hang) => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_empty() && self.then == Then::End
    }

    fn size_hint(&self) -> SizeHint {
        match self.then {
            Then::End if !self.is_chunked => SizeHint::with_exact(self.data.len() as u64),
            // There is no length, or the one in the header is not true.
            Then::End | Then::Break | Then::Hang => SizeHint::default(),
        }
    }
}

/// An answer before faults are applied.
pub(crate) type Reply = Response<Blob>;

/// An answer of some type.
pub(crate) fn reply(status: StatusCode, content_type: &'static str, body: impl Into<Blob>) -> Reply {
    let mut reply = Response::new(body.into());
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: impl Into<Blob>) -> Reply {
    reply(status, "application/json", body)
}

/// A JSON answer that says what is wrong.
pub(crate) fn error(status: StatusCode, message: &str) -> Reply {
    json(status, serde_json::json!({ "error": message, "errors": [{ "message": message }] }).to_string())
}

/// A page such as a proxy or a login would send.
pub(crate) fn html(status: StatusCode) -> Reply {
    reply(
        status,
        "text/html; charset=utf-8",
        "<!DOCTYPE html><html><body><h1>Please log in</h1></body></html>",
    )
}

/// Puts an answer on the wire, cut short in the middle unless `then` is the end.
pub(crate) fn send(reply: Reply, then: Then, head_only: bool, underway: Underway) -> Response<Payload> {
    let (mut parts, data) = reply.into_parts();
    let length = data.len();
    let is_chunked = parts.headers.contains_key(header::TRANSFER_ENCODING);
    if !is_chunked && !parts.headers.contains_key(header::CONTENT_LENGTH) {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    let data = match then {
        _ if head_only => data.slice(0..0),
        Then::End => data,
        Then::Break | Then::Hang => data.slice(0..length / 2),
    };
    let then = if head_only { Then::End } else { then };
    Response::from_parts(parts, Payload { data, then, is_chunked, _underway: underway })
}
