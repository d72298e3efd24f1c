//! Which bytes of a file to ask for, and of which version of it.

use std::ops::Range;

use http::HeaderValue;
use serde::{Deserialize, Serialize};

/// What tells a file from another one at the same address, as far as the server said it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileVersion {
    /// The tag (`ETag`), if it promises that the same tag means the same bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// The storage's own MD5 digest of the whole file, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
}

impl FileVersion {
    /// Whether both describe the same file, as far as they can be compared.
    pub fn agrees_with(&self, other: &Self) -> bool {
        fn agree<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.zip(other).is_none_or(|(one, other)| one == other)
        }
        agree(self.etag.as_ref(), other.etag.as_ref())
            && agree(self.length.as_ref(), other.length.as_ref())
            && agree(self.md5.as_ref(), other.md5.as_ref())
    }
}

/// A request for a file or a part of it.
pub(super) struct Asked {
    /// A range up to `u64::MAX` goes on to the end of the file, wherever that is.
    pub(super) range: Option<Range<u64>>,
    pub(super) version: FileVersion,
    /// Whether another version of the file is an error, rather than the beginning of a new download.
    pub(super) must_be_same: bool,
}

impl Asked {
    pub(super) fn everything() -> Self {
        Self { range: None, version: FileVersion::default(), must_be_same: false }
    }

    /// A part of a file that must be `version`.
    pub(super) fn part(range: &Range<u64>, version: &FileVersion) -> Self {
        Self { range: Some(range.clone()), version: version.clone(), must_be_same: true }
    }

    /// What is left from `from` on, up to `end` or to the end of the file.
    pub(super) fn rest(from: u64, end: Option<u64>, version: &FileVersion) -> Self {
        Self { range: Some(from..end.unwrap_or(u64::MAX)), version: version.clone(), must_be_same: false }
    }

    /// The value of the header `Range`. Never a suffix (`bytes=-N`): Azure answers one with the whole file.
    pub(super) fn range_header(&self) -> Option<String> {
        self.range.as_ref().map(|range| {
            if range.end == u64::MAX {
                format!("bytes={}-", range.start)
            } else {
                format!("bytes={}-{}", range.start, range.end.saturating_sub(1))
            }
        })
    }

    /// The value of the header `If-Range`, which goes along with a range.
    pub(super) fn if_range_header(&self) -> Option<HeaderValue> {
        let etag = self.version.etag.as_deref().filter(|_| self.range.is_some())?;
        HeaderValue::from_str(etag).ok()
    }
}
