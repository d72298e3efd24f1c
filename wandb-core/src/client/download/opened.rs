//! What a response to a request for a file holds of it.

use std::ops::Range;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG};
use http::{HeaderValue, StatusCode};
use url::Url;

use super::range::{Asked, ByteRange};
use crate::client::reply::{Failure, sort};
use crate::operation::AnswerError;
use crate::transport::Response;

/// A body, and where in the file it begins.
pub(super) struct Opened {
    pub(super) response: Response,
    pub(super) from: u64,
    /// Where the part ends, if it is a part that does not end with the file.
    pub(super) part_end: Option<u64>,
    /// The length of the whole file.
    pub(super) length: Option<u64>,
}

/// `Content-Range: bytes first-last/length`
struct ContentRange {
    first: u64,
    length: Option<u64>,
}

impl Opened {
    pub(super) fn new(response: Response, asked: &Asked) -> Result<Self, Failure> {
        let opened = Self::read(response, asked)?;
        if asked.must_be_same && !opened.is_same(asked) {
            return Err(Failure::Answer(AnswerError::Changed));
        }
        Ok(opened)
    }

    fn read(response: Response, asked: &Asked) -> Result<Self, Failure> {
        let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let is_part = response.status() == StatusCode::PARTIAL_CONTENT;
        let Some(range) = asked.range.as_ref().filter(|_| is_part) else {
            let length = header(CONTENT_LENGTH).and_then(number);
            return Ok(Self { response, from: 0, part_end: None, length });
        };
        let came = header(CONTENT_RANGE).and_then(content_range);
        let wanted = came.as_ref().and_then(|came| wanted(range, came.length));
        let Some((came, wanted)) = came.zip(wanted).filter(|(came, wanted)| came.first == wanted.start)
        else {
            let header = asked.header().unwrap_or_default();
            let message = format!("it is not the part of the file that was asked for with {header:?}");
            return Err(Failure::Answer(AnswerError::malformed(message, b"")));
        };
        // A server may send less than was asked for. The rest is then asked for as after a broken connection.
        let part_end = Some(wanted.end).filter(|end| came.length != Some(*end) && *end != u64::MAX);
        Ok(Self { response, from: came.first, part_end, length: came.length })
    }

    /// Whether the file is the one that was asked for, as far as anything tells.
    fn is_same(&self, asked: &Asked) -> bool {
        let differs = |wanted: Option<&HeaderValue>, is: Option<&HeaderValue>| {
            wanted.zip(is).is_some_and(|(wanted, is)| wanted != is)
        };
        let tag = strong_tag(self.response.headers().get(ETAG));
        let length = asked.length.zip(self.length).is_none_or(|(wanted, is)| wanted == is);
        length && !differs(asked.etag.as_ref(), tag)
    }
}

/// Where `range` begins and ends in a file of `length`; `None` where only the length would tell.
fn wanted(range: &ByteRange, length: Option<u64>) -> Option<Range<u64>> {
    match (range, length) {
        (ByteRange::Within(range), _) => Some(range.start..range.end.min(length.unwrap_or(u64::MAX))),
        (ByteRange::Last(bytes), Some(length)) => Some(length.saturating_sub(*bytes)..length),
        (ByteRange::Last(_), None) => None,
    }
}

fn content_range(text: &str) -> Option<ContentRange> {
    let (range, length) = text.strip_prefix("bytes ")?.split_once('/')?;
    Some(ContentRange { first: number(range.split_once('-')?.0)?, length: number(length) })
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// A tag that promises the same bytes, which a weak one does not.
pub(super) fn strong_tag(etag: Option<&HeaderValue>) -> Option<&HeaderValue> {
    etag.filter(|etag| !etag.as_bytes().starts_with(b"W/"))
}

/// A refusal's body is read only so far as a message shows it.
const REFUSAL_LIMIT: u64 = 1 << 20;

pub(super) async fn refusal(url: &Url, response: Response) -> Failure {
    let (head, body) = response.into_parts();
    let status = head.status;
    let body: Bytes = body.bytes(REFUSAL_LIMIT).await.unwrap_or_default();
    match sort(url, http::Response::from_parts(head, body)) {
        Err(Failure::NotWandb { excerpt: message, .. }) => Failure::Status { status, message, asked: None },
        Err(failure) => failure,
        Ok(response) => {
            let message = String::from_utf8_lossy(response.body()).chars().take(200).collect();
            Failure::Status { status, message, asked: None }
        }
    }
}
