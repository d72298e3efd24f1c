//! Response bodies, which can be truncated or stalled on purpose.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use hyper::body::{Body, Frame, SizeHint};

use crate::store::Blob;
use crate::traffic::InFlight;

/// A response body that may fail.
#[derive(Debug)]
pub(crate) struct Payload {
    data: Blob,
    end: BodyEnd,
    is_chunked: bool,
    /// Dropped when the bytes have been handed to the connection.
    _in_flight: InFlight,
}

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyEnd {
    Complete,
    Break,
    Hang,
}

/// Closes the connection in the middle of a body.
#[derive(Debug, thiserror::Error)]
#[error("the body was cut on purpose")]
pub(crate) struct Cut;

impl Body for Payload {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match (self.data.next(), self.end) {
            (Some(data), _) => Poll::Ready(Some(Ok(Frame::data(data)))),
            (None, BodyEnd::Complete) => Poll::Ready(None),
            (None, BodyEnd::Break) => Poll::Ready(Some(Err(Cut))),
            // Never woken: the connection ends when the client or the server closes it.
            (None, BodyEnd::Hang) => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_empty() && self.end == BodyEnd::Complete
    }

    fn size_hint(&self) -> SizeHint {
        match self.end {
            BodyEnd::Complete if !self.is_chunked => SizeHint::with_exact(self.data.len() as u64),
            // Chunked bodies have no length, and the header of a truncated one is wrong on purpose.
            BodyEnd::Complete | BodyEnd::Break | BodyEnd::Hang => SizeHint::default(),
        }
    }
}

/// A response before faults are applied.
pub(crate) type Reply = Response<Blob>;

/// Builds a response.
pub(crate) fn reply(status: StatusCode, content_type: &'static str, body: impl Into<Blob>) -> Reply {
    let mut reply = Response::new(body.into());
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// Builds a JSON response.
pub(crate) fn json(status: StatusCode, body: impl Into<Blob>) -> Reply {
    reply(status, "application/json", body)
}

/// Builds a JSON response with an error message.
pub(crate) fn error(status: StatusCode, message: &str) -> Reply {
    json(status, serde_json::json!({ "error": message, "errors": [{ "message": message }] }).to_string())
}

/// Builds an HTML page as from a proxy or login page.
pub(crate) fn html(status: StatusCode) -> Reply {
    reply(
        status,
        "text/html; charset=utf-8",
        "<!DOCTYPE html><html><body><h1>Please log in</h1></body></html>",
    )
}

/// Converts a reply to the final response, truncated to half unless `end` is `Complete`.
pub(crate) fn send(reply: Reply, end: BodyEnd, head_only: bool, in_flight: InFlight) -> Response<Payload> {
    let (mut parts, data) = reply.into_parts();
    let length = data.len();
    let is_chunked = parts.headers.contains_key(header::TRANSFER_ENCODING);
    if !is_chunked && !parts.headers.contains_key(header::CONTENT_LENGTH) {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    let data = match end {
        _ if head_only => data.slice(0..0),
        BodyEnd::Complete => data,
        BodyEnd::Break | BodyEnd::Hang => data.slice(0..length / 2),
    };
    let end = if head_only { BodyEnd::Complete } else { end };
    Response::from_parts(parts, Payload { data, end, is_chunked, _in_flight: in_flight })
}
