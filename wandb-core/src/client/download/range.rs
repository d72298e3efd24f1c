//! Which bytes of a file to ask for, and of which version of it.

use std::ops::Range;

use http::HeaderValue;

/// Which bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByteRange {
    /// Those from one offset up to, not including, another.
    Within(Range<u64>),
    /// So many at the end, or all of a file that has fewer.
    Last(u64),
}

/// What tells a file from another one at the same URL, as far as the server said it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileVersion {
    /// The tag, if it promises that the same tag means the same bytes.
    pub etag: Option<String>,
    /// The size in bytes.
    pub length: Option<u64>,
}

/// A request for a file or a part of it.
pub(super) struct Asked {
    /// A range up to `u64::MAX` goes on to the end of the file, wherever that is.
    pub(super) range: Option<ByteRange>,
    pub(super) etag: Option<HeaderValue>,
    pub(super) length: Option<u64>,
    /// Whether another version of the file is an error, rather than the beginning of a new download.
    pub(super) must_be_same: bool,
}

impl Asked {
    pub(super) fn everything() -> Self {
        Self { range: None, etag: None, length: None, must_be_same: false }
    }

    pub(super) fn of(range: &ByteRange, version: &FileVersion) -> Self {
        Self {
            range: Some(range.clone()),
            etag: version.etag.as_deref().and_then(|etag| HeaderValue::from_str(etag).ok()),
            length: version.length,
            must_be_same: true,
        }
    }

    /// What is left from `from` on, up to `end` or to the end of the file.
    pub(super) fn rest(from: u64, end: Option<u64>, etag: Option<HeaderValue>) -> Self {
        let range = ByteRange::Within(from..end.unwrap_or(u64::MAX));
        Self { range: Some(range), etag, length: None, must_be_same: false }
    }

    /// The value of the header `Range`.
    pub(super) fn header(&self) -> Option<String> {
        self.range.as_ref().map(|range| match range {
            ByteRange::Within(range) if range.end == u64::MAX => format!("bytes={}-", range.start),
            ByteRange::Within(range) => format!("bytes={}-{}", range.start, range.end.saturating_sub(1)),
            ByteRange::Last(bytes) => format!("bytes=-{bytes}"),
        })
    }
}
