//! Partial files, kept so that a later download can resume them.

use std::io::{self, Write as _};
use std::sync::Arc;

use wandb_core::client::{FileVersion, Partial};
use wandb_storage::safe_names::hash_name;
use wandb_storage::{Digest, Digests, ObjectReader, Staged, Storage, digest_onto};

use super::content::Content;

/// A file that stays on the local disk until it is complete, locked while it is written, with notes for resuming it.
///
/// Its methods block on disk I/O, so call them on a thread that may block.
#[derive(Debug)]
pub(crate) struct PartialFile {
    storage: Arc<dyn Storage>,
    staged: Staged,
    notes: ResumeNotes,
    /// Digest of the bytes written.
    digest: Digest,
}

/// Notes stored with a partial file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct ResumeNotes {
    name: String,
    content: Content,
    etag: Option<String>,
    /// The length of the whole file as reported by the storage.
    #[serde(default)]
    length: Option<u64>,
    #[serde(default)]
    stored_md5: Option<String>,
}

impl ResumeNotes {
    fn new(name: &str, content: &Content) -> Self {
        let (name, content) = (name.to_owned(), content.clone());
        Self { name, content, etag: None, length: None, stored_md5: None }
    }

    fn version(&self) -> FileVersion {
        FileVersion::default()
            .with_etag(self.etag.clone())
            .with_length(self.length)
            .with_md5(self.stored_md5.clone())
    }

    /// Returns whether the joined file can be verified as one version, by its tag or digest.
    fn can_be_joined(&self) -> bool {
        self.etag.is_some() || self.content.has_digest() || self.stored_md5.is_some()
    }
}

impl PartialFile {
    pub(super) fn open(storage: Arc<dyn Storage>, name: &str, content: &Content) -> io::Result<Self> {
        let staged = storage.stage_keyed(&hash_name(name))?;
        let earlier = staged.note().and_then(|text| serde_json::from_slice::<ResumeNotes>(&text).ok());
        let notes = ResumeNotes::new(name, content);
        let mut partial = Self { storage, staged, notes, digest: content.start_digest() };
        match earlier {
            Some(earlier) if (&*earlier.name, &earlier.content) == (name, content) => {
                partial.notes = earlier;
                let written = partial.staged.read_back()?;
                partial.digest = digest_onto(content.start_digest(), &mut ObjectReader::new(written, 0))?;
            }
            _ => partial.restart()?,
        }
        Ok(partial)
    }

    /// Returns whether an earlier download may have left a part of a file.
    pub(super) fn may_exist(storage: &dyn Storage, name: &str) -> bool {
        storage.has_keyed(&hash_name(name))
    }

    /// Returns the version and size of the received part, or `None` if the download cannot be resumed.
    pub(crate) fn resumable_part(&self) -> Option<Partial> {
        let is_resumable = self.written() > 0 && self.notes.can_be_joined();
        is_resumable.then(|| Partial::new(self.written(), self.notes.version()))
    }

    /// Returns the number of bytes written.
    pub(crate) fn written(&self) -> u64 {
        self.staged.size()
    }

    /// Discards the bytes written.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        self.digest = self.notes.content.start_digest();
        self.staged.clear()
    }

    /// Stores the version of the file that the bytes belong to, which a later download needs to resume.
    pub(crate) fn set_version(&mut self, version: &FileVersion) -> io::Result<()> {
        let has_bytes = self.written() > 0;
        // A storage may report less about a range than about the whole file.
        let before = if has_bytes { self.notes.version() } else { FileVersion::default() };
        let version = FileVersion::default()
            .with_etag(version.etag.clone().or(before.etag))
            .with_length(version.length.or(before.length))
            .with_md5(version.md5.clone().or(before.md5));
        if has_bytes && version == self.notes.version() {
            return Ok(());
        }
        (self.notes.etag, self.notes.length, self.notes.stored_md5) =
            (version.etag, version.length, version.md5);
        self.staged.set_note(&serde_json::to_vec(&self.notes)?)
    }

    /// Describes how the file differs from the server's list.
    pub(crate) fn mismatch(&self) -> Option<String> {
        self.notes.content.mismatch(self.written(), &self.digests())
    }

    /// Returns the digests of the bytes written.
    pub(crate) fn digests(&self) -> Digests {
        self.digest.clone().finish_all()
    }

    /// Appends bytes without updating the digest.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.staged.write_all(bytes)
    }

    /// Waits for writes in the background.
    ///
    /// # Errors
    /// If they fail. The file is then not resumed.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        self.staged.settle()
    }

    /// Takes the digest out, to update it elsewhere.
    pub(crate) fn take_digest(&mut self) -> Digest {
        std::mem::take(&mut self.digest)
    }

    /// Puts the digest back, updated to all bytes written.
    pub(crate) fn set_digest(&mut self, digest: Digest) {
        self.digest = digest;
    }

    /// Puts the complete file at its destination.
    pub(crate) fn finish(self, local_name: &str) -> io::Result<()> {
        self.storage.put(local_name, self.staged)
    }

    /// Puts the complete file at its destination, where nothing may exist.
    pub(crate) fn finish_new(self, local_name: &str) -> io::Result<()> {
        self.storage.put_new(local_name, self.staged)
    }

    /// Removes the partial file and its notes.
    pub(crate) fn discard(self) {
        self.staged.discard();
    }
}

#[cfg(test)]
mod tests {
    use super::super::DownloadFolder;
    use super::*;

    fn content() -> Content {
        Content { size: Some(4), md5: None, xxh128: None }
    }

    fn tagged() -> FileVersion {
        FileVersion::default().with_etag(Some("\"tag\"".to_owned()))
    }

    #[test]
    fn part_without_etag_resumes_with_a_digest() {
        let untagged = FileVersion::default().with_length(Some(4));
        let with_digest = untagged.clone().with_md5(Some("x".to_owned()));
        let listed = Content { md5: Some("x".to_owned()), ..content() };
        for (content, version, is_resumable) in
            [(content(), &untagged, false), (content(), &with_digest, true), (listed, &untagged, true)]
        {
            let target = tempfile::tempdir().unwrap();
            let folder = DownloadFolder::open(target.path()).unwrap();
            let mut first = folder.open_partial("a", &content).unwrap();
            first.set_version(version).unwrap();
            first.append(b"ab").unwrap();
            drop(first);
            let resumable = folder.open_partial("a", &content).unwrap().resumable_part();
            assert_eq!(resumable, is_resumable.then(|| Partial::new(2, version.clone())));
        }
    }

    #[test]
    fn part_of_the_same_file_is_resumed() {
        let target = tempfile::tempdir().unwrap();
        let folder = DownloadFolder::open(target.path()).unwrap();
        let mut first = folder.open_partial("a", &content()).unwrap();
        first.set_version(&tagged()).unwrap();
        first.append(b"ab").unwrap();
        drop(first);
        let mut second = folder.open_partial("a", &content()).unwrap();
        assert_eq!(second.resumable_part(), Some(Partial::new(2, tagged())));
        second.append(b"cd").unwrap();
        assert_eq!((second.mismatch(), second.written()), (None, 4));
        second.finish("sub/a").unwrap();
        assert_eq!(std::fs::read(target.path().join("sub/a")).unwrap(), b"abcd");
        folder.tidy();
        assert_eq!(std::fs::read_dir(target.path()).unwrap().count(), 1);
        assert_eq!(folder.open_partial("a", &content()).unwrap().resumable_part(), None);
    }

    #[test]
    fn part_of_another_file_is_discarded() {
        let target = tempfile::tempdir().unwrap();
        let folder = DownloadFolder::open(target.path()).unwrap();
        let mut first = folder.open_partial("a", &content()).unwrap();
        first.set_version(&tagged()).unwrap();
        first.append(b"ab").unwrap();
        drop(first);
        let other = Content { size: Some(5), md5: None, xxh128: None };
        assert_eq!(folder.open_partial("a", &other).unwrap().resumable_part(), None);
    }
}
