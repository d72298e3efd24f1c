//! The response to a request for a file.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG};
use http::{HeaderMap, HeaderName, StatusCode};
use url::Url;

use super::range::{FileVersion, RangeRequest};
use crate::client::reply::{Failure, classify};
use crate::client::transfer_slots::FileSlot;
use crate::operation::AnswerError;
use crate::transport::{ContentRange, Response};

/// A response body and its offset in the file.
pub(super) struct Opened {
    pub(super) response: Response,
    /// The slot that the body holds.
    pub(super) slot: FileSlot,
    pub(super) from: u64,
    /// The end of the range, unless it ends with the file.
    pub(super) part_end: Option<u64>,
    /// Whether the body is the whole file.
    is_whole: bool,
    /// The version of the whole file, from the response headers.
    pub(super) version: FileVersion,
}

impl Opened {
    pub(super) fn new(response: Response, slot: FileSlot, asked: &RangeRequest) -> Result<Self, Failure> {
        let opened = Self::read(response, slot, asked)?;
        if asked.must_be_same && !opened.is_of(&asked.version) {
            return Err(Failure::Answer(AnswerError::Changed));
        }
        Ok(opened)
    }

    /// Returns true if the file may be that version, as far as the headers tell.
    ///
    /// An equal `ETag` is enough if the storage sends the whole file instead of a range: it may then report the length
    /// of a compressed body.
    pub(super) fn is_of(&self, version: &FileVersion) -> bool {
        let has_same_tag = version.etag.is_some() && version.etag == self.version.etag;
        self.version.agrees_with(version) || (has_same_tag && self.is_whole)
    }

    fn read(response: Response, slot: FileSlot, asked: &RangeRequest) -> Result<Self, Failure> {
        let headers = response.headers();
        let is_part = response.status() == StatusCode::PARTIAL_CONTENT;
        let Some(range) = asked.range.as_ref().filter(|_| is_part) else {
            let length = text(headers, &CONTENT_LENGTH).and_then(number);
            let version = FileVersion { etag: strong_tag(headers), length, md5: stored_md5(headers, false) };
            return Ok(Self { response, slot, from: 0, part_end: None, is_whole: true, version });
        };
        let content_range = text(headers, &CONTENT_RANGE).and_then(ContentRange::parse);
        let Some(content_range) = content_range.filter(|content_range| content_range.first == range.start)
        else {
            let header = asked.range_header().unwrap_or_default();
            let message = format!("the response is not the requested range {header:?}");
            return Err(Failure::Answer(AnswerError::malformed(message, b"")));
        };
        let end = range.end.min(content_range.length.unwrap_or(u64::MAX));
        // A server may send less than requested. The rest is then requested as after an interruption.
        let part_end = Some(end).filter(|end| content_range.length != Some(*end) && *end != u64::MAX);
        let version = FileVersion {
            etag: strong_tag(headers),
            length: content_range.length,
            md5: stored_md5(headers, true),
        };
        Ok(Self { response, slot, from: content_range.first, part_end, is_whole: false, version })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// Returns a strong `ETag`, which guarantees identical bytes. Weak ones are ignored.
fn strong_tag(headers: &HeaderMap) -> Option<String> {
    text(headers, &ETAG).filter(|etag| !etag.starts_with("W/")).map(str::to_owned)
}

/// Returns the MD5 digest of the whole file in base64, if the storage sends it.
///
/// Google sends it among the digests of `x-goog-hash`, Azure as `x-ms-blob-content-md5` with a range. With a whole
/// file, it is in `Content-MD5` or `x-goog-hash`. (With a range, `Content-MD5` is the digest of the range.)
fn stored_md5(headers: &HeaderMap, is_part: bool) -> Option<String> {
    let value = |name: &str| headers.get(name)?.to_str().ok();
    // Google decompresses some files in transit; its digest is that of the compressed bytes.
    let is_transcoded = value("x-goog-stored-content-encoding")
        .is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"));
    let google =
        headers.get_all("x-goog-hash").iter().filter(|_| !is_transcoded).filter_map(|hash| {
            hash.to_str().ok()?.split(',').find_map(|hash| hash.trim().strip_prefix("md5="))
        });
    let whole = value("content-md5").filter(|_| !is_part && !is_transcoded);
    google.chain(value("x-ms-blob-content-md5")).chain(whole).next().map(|md5| md5.trim().to_owned())
}

/// The maximum length read of a refusal's body; messages show no more.
const REFUSAL_LIMIT: u64 = 1 << 20;

pub(super) async fn refusal(url: &Url, response: Response) -> Failure {
    let (head, body) = response.into_parts();
    let status = head.status;
    let body: Bytes = body.bytes(REFUSAL_LIMIT).await.unwrap_or_default();
    match classify(url, http::Response::from_parts(head, body)) {
        Err(Failure::NotWandb { excerpt: message, .. }) => Failure::Status { status, message, asked: None },
        Err(failure) => failure,
        Ok(response) => {
            let message = String::from_utf8_lossy(response.body()).chars().take(200).collect();
            Failure::Status { status, message, asked: None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn storage_digests_are_read_per_vendor() {
        let whole = |pairs| stored_md5(&headers(pairs), false);
        let part = |pairs| stored_md5(&headers(pairs), true);
        assert_eq!(whole(&[("x-goog-hash", "crc32c=AAAAAA==,md5=abc==")]).as_deref(), Some("abc=="));
        assert_eq!(part(&[("x-goog-hash", "crc32c=AAAAAA==, md5=abc==")]).as_deref(), Some("abc=="));
        assert_eq!(whole(&[("content-md5", "abc==")]).as_deref(), Some("abc=="));
        assert_eq!(part(&[("content-md5", "abc==")]), None, "it is the digest of the range");
        let azure = [("content-md5", "part"), ("x-ms-blob-content-md5", "whole")];
        assert_eq!(part(&azure).as_deref(), Some("whole"));
        let transcoded = [("x-goog-hash", "md5=abc=="), ("x-goog-stored-content-encoding", "gzip")];
        assert_eq!(whole(&transcoded), None, "the digest is of the compressed file");
    }
}
