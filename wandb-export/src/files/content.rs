//! Sizes and digests that identify the content of a file.

use std::io::{self, Read};

use wandb_core::client::ListedFile;
use wandb_storage::{Digest, Digests, digest_onto};

/// The size and digest of a file in the server's list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Content {
    pub(crate) size: Option<u64>,
    /// The MD5 digest in base64.
    pub(crate) md5: Option<String>,
    /// The XXH128 digest in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) xxh128: Option<String>,
}

impl From<&ListedFile> for Content {
    fn from(listed: &ListedFile) -> Self {
        Self { size: listed.size, md5: listed.md5.clone(), xxh128: listed.xxh128.clone() }
    }
}

impl Content {
    /// Starts a digest of what may be this content.
    pub(crate) fn start_digest(&self) -> Digest {
        if self.xxh128.is_some() { Digest::with_xxh128() } else { Digest::default() }
    }

    /// Returns whether a digest of the content is known.
    pub(crate) fn has_digest(&self) -> bool {
        self.md5.is_some() || self.xxh128.is_some()
    }

    /// Describes how a file of the given size and digests differs from the server's list.
    pub(crate) fn mismatch(&self, size: u64, digests: &Digests) -> Option<String> {
        if let Some(expected) = self.size.filter(|expected| *expected != size) {
            return Some(format!("it has {size} bytes, and the server's list says {expected}"));
        }
        let Digests { md5, xxh128 } = digests;
        let pairs = [("MD5", &self.md5, Some(md5)), ("XXH128", &self.xxh128, xxh128.as_ref())];
        pairs.into_iter().find_map(|(algorithm, expected, found)| {
            let (expected, found) =
                expected.as_ref().zip(found).filter(|(expected, found)| expected != found)?;
            Some(format!("its {algorithm} digest is {found}, and the server's list says {expected}"))
        })
    }

    /// Returns whether the reader has exactly this content. Returns false if the digest is unknown.
    pub(crate) fn is_content_of(&self, mut reader: impl Read, size: u64) -> io::Result<bool> {
        if !self.has_digest() || self.size.is_some_and(|expected| expected != size) {
            return Ok(false);
        }
        let digests = digest_onto(self.start_digest(), &mut reader)?.finish_all();
        Ok(self.mismatch(size, &digests).is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = "XUFAKrxLKna5cZ2REBfFkg==";

    #[test]
    fn content_matches_by_size_and_md5() {
        let content = |size, md5: Option<&str>| Content { size, md5: md5.map(str::to_owned), xxh128: None };
        let hello = Digests { md5: HELLO.to_owned(), xxh128: None };
        assert!(content(Some(5), Some(HELLO)).is_content_of(&b"hello"[..], 5).unwrap());
        assert!(content(None, Some(HELLO)).is_content_of(&b"hello"[..], 5).unwrap());
        assert!(!content(Some(5), Some(HELLO)).is_content_of(&b"hellO"[..], 5).unwrap());
        assert!(!content(Some(4), Some(HELLO)).is_content_of(&b"hello"[..], 5).unwrap());
        assert!(!content(Some(5), None).is_content_of(&b"hello"[..], 5).unwrap(), "no digest to compare");
        assert_eq!(content(Some(5), Some(HELLO)).mismatch(5, &hello), None);
        assert!(content(Some(4), None).mismatch(5, &hello).is_some());
        assert_eq!(content(Some(5), None).mismatch(5, &hello), None);
        assert!(content(None, Some("other")).mismatch(5, &hello).is_some());
    }
    #[test]
    fn content_matches_by_xxh128() {
        let content = |digest: &str| Content { size: Some(5), md5: None, xxh128: Some(digest.to_owned()) };
        assert!(content("tenBrQcbPn/Hec+qXlI4GA==").is_content_of(&b"hello"[..], 5).unwrap());
        let other = content("AAAAAAAAAAAAAAAAAAAAAA==");
        assert!(!other.is_content_of(&b"hello"[..], 5).unwrap());
        let found = digest_onto(other.start_digest(), &mut &b"hello"[..]).unwrap().finish_all();
        assert!(other.mismatch(5, &found).unwrap().starts_with("its XXH128 digest is "));
    }
}
