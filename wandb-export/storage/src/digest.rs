//! MD5 digests of contents.

use std::io::{self, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

/// An MD5 digest in progress.
#[derive(Debug, Clone, Default)]
pub struct Digest(Md5);

impl Digest {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the digest in base64.
    pub fn finish(self) -> String {
        STANDARD.encode(self.0.finalize())
    }
}

/// Reads to the end and returns the digest.
pub fn digest(reader: &mut impl Read) -> io::Result<Digest> {
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
