//! Digests of contents: MD5, and the 128-bit variant of XXH3 where it is wanted.

use std::fmt::{self, Write as _};
use std::io::{self, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use twox_hash::XxHash3_128;
use wandb_core::model::DigestAlgorithm;

/// A digest in progress: MD5, and XXH128 if it was started with it.
///
/// ```
/// use wandb_storage::Digest;
///
/// let mut digest = Digest::with_xxh128();
/// digest.update(b"hello");
/// let digests = digest.finish_all();
/// assert_eq!(digests.md5, "XUFAKrxLKna5cZ2REBfFkg==");
/// assert_eq!(digests.xxh128.as_deref(), Some("tenBrQcbPn/Hec+qXlI4GA=="));
/// ```
#[derive(Clone, Default)]
pub struct Digest {
    md5: Md5,
    /// Boxed, because it has a buffer.
    xxh128: Option<Box<XxHash3_128>>,
}

/// The digests of a content, in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// MD5.
    pub md5: String,
    /// XXH128, if it was wanted.
    pub xxh128: Option<String>,
}

impl Digest {
    /// Starts a digest that also has XXH128.
    pub fn with_xxh128() -> Self {
        Self { xxh128: Some(Box::default()), ..Self::default() }
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        if let Some(xxh128) = &mut self.xxh128 {
            xxh128.write(bytes);
        }
    }

    /// Returns the MD5 digest in base64.
    pub fn finish(self) -> String {
        STANDARD.encode(self.md5.finalize())
    }

    /// Returns all digests.
    pub fn finish_all(self) -> Digests {
        // The canonical form of XXH128 has its most significant byte first.
        let xxh128 = self.xxh128.as_ref().map(|xxh128| STANDARD.encode(xxh128.finish_128().to_be_bytes()));
        Digests { md5: self.finish(), xxh128 }
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digest").field("has_xxh128", &self.xxh128.is_some()).finish_non_exhaustive()
    }
}

/// Reads to the end and returns the MD5 digest.
pub fn digest(reader: &mut impl Read) -> io::Result<Digest> {
    digest_onto(Digest::default(), reader)
}

/// Reads to the end and adds everything to a digest.
pub fn digest_onto(mut digest: Digest, reader: &mut impl Read) -> io::Result<Digest> {
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

/// Returns the digest of texts one after the other, in hexadecimal form.
///
/// ```
/// use wandb_core::model::DigestAlgorithm;
/// use wandb_storage::hex_digest;
///
/// assert_eq!(hex_digest(DigestAlgorithm::Md5, ["hel", "lo"]), "5d41402abc4b2a76b9719d911017c592");
/// assert_eq!(hex_digest(DigestAlgorithm::Xxh128, ["hel", "lo"]), "b5e9c1ad071b3e7fc779cfaa5e523818");
/// ```
pub fn hex_digest<T: AsRef<[u8]>>(algorithm: DigestAlgorithm, texts: impl IntoIterator<Item = T>) -> String {
    if algorithm == DigestAlgorithm::Xxh128 {
        let mut hasher = XxHash3_128::new();
        texts.into_iter().for_each(|text| hasher.write(text.as_ref()));
        return hex(&hasher.finish_128().to_be_bytes());
    }
    let mut hasher = Md5::new();
    texts.into_iter().for_each(|text| hasher.update(text.as_ref()));
    hex(&hasher.finalize())
}

/// Returns bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing into a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
