//! What tells two files apart.

use std::io::{self, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use wandb_core::model::File;

/// What the server says of a file's content.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Content {
    pub(crate) size: Option<u64>,
    /// The MD5 digest in base64.
    pub(crate) md5: Option<String>,
}

impl Content {
    pub(crate) fn of(file: &File) -> Self {
        Self { size: file.size, md5: file.md5.clone() }
    }

    /// How a file of that size and digest differs from what the server says.
    pub(crate) fn mismatch(&self, size: u64, md5: &str) -> Option<String> {
        if let Some(expected) = self.size.filter(|expected| *expected != size) {
            return Some(format!("it has {size} bytes, and the server's list says {expected}"));
        }
        let expected = self.md5.as_deref().filter(|expected| *expected != md5)?;
        Some(format!("its MD5 digest is {md5}, and the server's list says {expected}"))
    }

    /// Whether a reader has just this content. Without a digest nobody knows.
    pub(crate) fn is_in(&self, mut reader: impl Read, size: u64) -> io::Result<bool> {
        let Some(md5) = self.md5.as_deref().filter(|_| self.size.is_none_or(|expected| expected == size))
        else {
            return Ok(false);
        };
        Ok(digest(&mut reader)?.finish() == md5)
    }
}

/// A digest that is being computed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Digest(Md5);

impl Digest {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// In base64, as the server gives it.
    pub(crate) fn finish(self) -> String {
        STANDARD.encode(self.0.finalize())
    }
}

/// Reads to the end.
pub(crate) fn digest(reader: &mut impl Read) -> io::Result<Digest> {
    let mut digest = Digest::default();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(digest),
            Ok(read) => digest.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = "XUFAKrxLKna5cZ2REBfFkg==";

    #[test]
    fn the_digest_is_the_servers() {
        let content = |size, md5: Option<&str>| Content { size, md5: md5.map(str::to_owned) };
        assert!(content(Some(5), Some(HELLO)).is_in(&b"hello"[..], 5).unwrap());
        assert!(content(None, Some(HELLO)).is_in(&b"hello"[..], 5).unwrap());
        assert!(!content(Some(5), Some(HELLO)).is_in(&b"hellO"[..], 5).unwrap());
        assert!(!content(Some(4), Some(HELLO)).is_in(&b"hello"[..], 5).unwrap());
        assert!(!content(Some(5), None).is_in(&b"hello"[..], 5).unwrap(), "nobody knows");
        assert_eq!(content(Some(5), Some(HELLO)).mismatch(5, HELLO), None);
        assert!(content(Some(4), None).mismatch(5, HELLO).is_some());
        assert_eq!(content(Some(5), None).mismatch(5, HELLO), None);
        assert!(content(None, Some("other")).mismatch(5, HELLO).is_some());
    }
}
