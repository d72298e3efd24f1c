//! Sizes and digests that identify the content of a file.

use std::io::{self, Read};

use wandb_core::client::ListedFile;
use wandb_storage::digest;

/// The size and digest of a file in the server's list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Content {
    pub(crate) size: Option<u64>,
    /// The MD5 digest in base64.
    pub(crate) md5: Option<String>,
}

impl From<&ListedFile> for Content {
    fn from(listed: &ListedFile) -> Self {
        Self { size: listed.size, md5: listed.md5.clone() }
    }
}

impl Content {
    /// Describes how a file of the given size and digest differs from the server's list.
    pub(crate) fn mismatch(&self, size: u64, md5: &str) -> Option<String> {
        if let Some(expected) = self.size.filter(|expected| *expected != size) {
            return Some(format!("it has {size} bytes, and the server's list says {expected}"));
        }
        let expected = self.md5.as_deref().filter(|expected| *expected != md5)?;
        Some(format!("its MD5 digest is {md5}, and the server's list says {expected}"))
    }

    /// Returns whether the reader has exactly this content. Returns false if the digest is unknown.
    pub(crate) fn is_content_of(&self, mut reader: impl Read, size: u64) -> io::Result<bool> {
        let Some(md5) = self.md5.as_deref().filter(|_| self.size.is_none_or(|expected| expected == size))
        else {
            return Ok(false);
        };
        Ok(digest(&mut reader)?.finish() == md5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = "XUFAKrxLKna5cZ2REBfFkg==";

    #[test]
    fn content_matches_by_size_and_md5() {
        let content = |size, md5: Option<&str>| Content { size, md5: md5.map(str::to_owned) };
        assert!(content(Some(5), Some(HELLO)).is_content_of(&b"hello"[..], 5).unwrap());
        assert!(content(None, Some(HELLO)).is_content_of(&b"hello"[..], 5).unwrap());
        assert!(!content(Some(5), Some(HELLO)).is_content_of(&b"hellO"[..], 5).unwrap());
        assert!(!content(Some(4), Some(HELLO)).is_content_of(&b"hello"[..], 5).unwrap());
        assert!(!content(Some(5), None).is_content_of(&b"hello"[..], 5).unwrap(), "no digest to compare");
        assert_eq!(content(Some(5), Some(HELLO)).mismatch(5, HELLO), None);
        assert!(content(Some(4), None).mismatch(5, HELLO).is_some());
        assert_eq!(content(Some(5), None).mismatch(5, HELLO), None);
        assert!(content(None, Some("other")).mismatch(5, HELLO).is_some());
    }
}
