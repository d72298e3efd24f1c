//! The byte range to request, and the version of the file it must belong to.

use std::ops::Range;

use http::HeaderValue;
use serde::{Deserialize, Serialize};

/// Identifies a version of the file at an address, as far as the server describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileVersion {
    /// The `ETag`, if it is strong: equal tags then mean equal bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// The storage's MD5 digest of the whole file, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
}

impl FileVersion {
    /// Sets the strong `ETag`.
    #[must_use]
    pub fn with_etag(self, etag: Option<String>) -> Self {
        Self { etag, ..self }
    }

    /// Sets the size in bytes.
    #[must_use]
    pub fn with_length(self, length: Option<u64>) -> Self {
        Self { length, ..self }
    }

    /// Sets the MD5 digest of the whole file, in base64.
    #[must_use]
    pub fn with_md5(self, md5: Option<String>) -> Self {
        Self { md5, ..self }
    }

    /// Returns true if both describe the same file, as far as they are comparable.
    pub fn agrees_with(&self, other: &Self) -> bool {
        fn agree<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.zip(other).is_none_or(|(one, other)| one == other)
        }
        agree(self.etag.as_ref(), other.etag.as_ref())
            && agree(self.length.as_ref(), other.length.as_ref())
            && agree(self.md5.as_ref(), other.md5.as_ref())
    }
}

/// A request for a file or a range of it.
pub(super) struct RangeRequest {
    /// A range up to `u64::MAX` extends to the end of the file.
    pub(super) range: Option<Range<u64>>,
    pub(super) version: FileVersion,
    /// Whether a different version is an error, rather than the start of a new download.
    pub(super) must_be_same: bool,
}

impl RangeRequest {
    pub(super) fn everything() -> Self {
        Self { range: None, version: FileVersion::default(), must_be_same: false }
    }

    /// Requests a range of a file that must be `version`.
    pub(super) fn part(range: &Range<u64>, version: &FileVersion) -> Self {
        Self { range: Some(range.clone()), version: version.clone(), must_be_same: true }
    }

    /// Requests the rest from `from` up to `end`, or to the end of the file.
    pub(super) fn rest(from: u64, end: Option<u64>, version: &FileVersion) -> Self {
        Self { range: Some(from..end.unwrap_or(u64::MAX)), version: version.clone(), must_be_same: false }
    }

    /// The value of the `Range` header. Never a suffix (`bytes=-N`): Azure answers one with the whole file.
    pub(super) fn range_header(&self) -> Option<String> {
        self.range.as_ref().map(|range| {
            if range.end == u64::MAX {
                format!("bytes={}-", range.start)
            } else {
                format!("bytes={}-{}", range.start, range.end.saturating_sub(1))
            }
        })
    }

    /// The value of the `If-Range` header, sent with a range.
    pub(super) fn if_range_header(&self) -> Option<HeaderValue> {
        let etag = self.version.etag.as_deref().filter(|_| self.range.is_some())?;
        HeaderValue::from_str(etag).ok()
    }
}
