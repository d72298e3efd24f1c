//! The content of a file, fetched to be read more than once.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Cursor, Read, Write as _};
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::RunFile;
use crate::error::Error;
use crate::source::StoredFile;

/// The size up to which a content stays in memory.
const MAX_IN_MEMORY: usize = 512 << 10;

/// Bytes that are collected before they are written, so that threads change rarely.
const CHUNK: usize = 1 << 20;

/// The content of a file, with its size and digest.
#[derive(Debug)]
pub(crate) struct FileContent {
    place: Place,
    pub(crate) size: u64,
    /// The SHA-256 digest in hexadecimal.
    pub(crate) sha256: String,
}

#[derive(Debug)]
enum Place {
    Memory(Bytes),
    /// A temporary file, which is removed with this value.
    Temporary(NamedTempFile),
    /// A file of a run on disk.
    Stored(Arc<dyn StoredFile>),
}

impl FileContent {
    /// Returns a content that is in memory.
    pub(crate) fn of_text(text: String) -> Self {
        let sha256 = hex(&Sha256::digest(text.as_bytes()));
        Self { size: text.len() as u64, place: Place::Memory(text.into()), sha256 }
    }

    /// Reads a file on disk to its end for its digest. May block.
    pub(crate) fn of_stored(file: Arc<dyn StoredFile>) -> io::Result<Self> {
        let (mut reader, mut digest, mut size) = (file.open()?, Sha256::new(), 0);
        let mut buffer = vec![0; CHUNK];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    digest.update(&buffer[..read]);
                    size += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { place: Place::Stored(file), size, sha256: hex(&digest.finalize()) })
    }

    /// Opens the content. May block.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match &self.place {
            Place::Memory(bytes) => Ok(Box::new(Cursor::new(bytes.clone()))),
            Place::Temporary(file) => Ok(Box::new(File::open(file.path())?)),
            Place::Stored(file) => file.open(),
        }
    }
}

impl RunFile {
    /// Fetches the content of the file, whatever its size. A content from a server waits in memory or in a temporary
    /// file.
    pub(crate) async fn fetch(&self) -> Result<FileContent, Error> {
        let client = &self.api.client;
        if let Some(file) = self.on_disk.clone() {
            let reading = format!("reading {}", file.path().display());
            let content = client.work(move || FileContent::of_stored(file)).await;
            return content.map_err(|error| Error::io(reading, error));
        }
        let spooling = |error| Error::io(format!("spooling {}", self.name), error);
        let mut download = client.download(&self.require_urls()?, &self.subject()).await?;
        let mut spool = Spool::default();
        loop {
            match download.chunk().await {
                Ok(None) => return client.work(|| spool.finish()).await.map_err(spooling),
                Ok(Some(chunk)) => {
                    spool.pending.extend_from_slice(&chunk);
                    if spool.pending.len() >= CHUNK {
                        spool = client.work(|| spool.flush()).await.map_err(spooling)?;
                    }
                }
                Err(error) => {
                    download.restart(error).await?;
                    spool = Spool::default();
                }
            }
        }
    }
}

/// A content that is arriving.
#[derive(Default)]
struct Spool {
    pending: Vec<u8>,
    file: Option<NamedTempFile>,
    digest: Sha256,
    size: u64,
}

impl Spool {
    /// Moves the pending bytes to the file.
    fn flush(mut self) -> io::Result<Self> {
        self.digest.update(&self.pending);
        self.size += self.pending.len() as u64;
        let mut file = match self.file.take() {
            Some(file) => file,
            None => NamedTempFile::new()?,
        };
        file.write_all(&self.pending)?;
        self.pending.clear();
        self.file = Some(file);
        Ok(self)
    }

    fn finish(mut self) -> io::Result<FileContent> {
        if self.file.is_none() && self.pending.len() <= MAX_IN_MEMORY {
            self.digest.update(&self.pending);
            let (size, sha256) = (self.pending.len() as u64, hex(&self.digest.finalize()));
            return Ok(FileContent { place: Place::Memory(self.pending.into()), size, sha256 });
        }
        let Self { file, digest, size, .. } = self.flush()?;
        let mut file = file.ok_or_else(|| io::Error::other("the temporary file is gone"))?;
        file.flush()?;
        Ok(FileContent { place: Place::Temporary(file), size, sha256: hex(&digest.finalize()) })
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spool(pieces: &[&[u8]], flush: bool) -> FileContent {
        let mut spool = Spool::default();
        for piece in pieces {
            spool.pending.extend_from_slice(piece);
            if flush {
                spool = spool.flush().unwrap();
            }
        }
        spool.finish().unwrap()
    }

    #[test]
    fn content_can_be_read_repeatedly() {
        let large = vec![7; MAX_IN_MEMORY + 1];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hello");
        std::fs::write(&path, "hello").unwrap();
        let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        for (content, expected, sha256) in [
            (spool(&[b"he", b"llo"], false), &b"hello"[..], Some(hello)),
            (spool(&[b"he", b"llo"], true), b"hello", Some(hello)),
            (spool(&[&large], false), &large, None),
            (FileContent::of_text("hello".to_owned()), b"hello", Some(hello)),
            (FileContent::of_stored(Arc::new(path)).unwrap(), b"hello", Some(hello)),
        ] {
            for _ in 0..2 {
                let mut read = Vec::new();
                content.open().unwrap().read_to_end(&mut read).unwrap();
                assert!(read == expected);
            }
            assert_eq!(content.size, expected.len() as u64);
            assert!(sha256.is_none_or(|sha256| content.sha256 == sha256));
        }
    }
}
