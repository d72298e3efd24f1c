//! Partial files, kept so that a later download can resume them.

use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::time::Duration;

use cap_std::fs::{Dir, OpenOptions};
use wandb_core::client::{FileVersion, Partial};

use super::content::{Content, Digest, digest};
use super::folder::Folder;
use super::name::hash;
use super::names::Names;

/// A file under `.wandb-export`, locked while it is written, with a notes file for resuming it.
///
/// Its methods block on disk I/O, so call them on a thread that may block.
#[derive(Debug)]
pub(crate) struct PartialFile {
    folder: Folder,
    file: std::fs::File,
    data: String,
    notes: Notes,
    written: u64,
    /// Digest of the bytes written.
    digest: Digest,
}

/// Notes stored beside a partial file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Notes {
    name: String,
    content: Content,
    etag: Option<String>,
    /// The length of the whole file as reported by the storage.
    #[serde(default)]
    length: Option<u64>,
    #[serde(default)]
    stored_md5: Option<String>,
}

impl Notes {
    fn of(name: &str, content: &Content) -> Self {
        let (name, content) = (name.to_owned(), content.clone());
        Self { name, content, etag: None, length: None, stored_md5: None }
    }

    fn version(&self) -> FileVersion {
        FileVersion { etag: self.etag.clone(), length: self.length, md5: self.stored_md5.clone() }
    }

    /// Returns whether the joined file can be verified as one version, by its tag or digest.
    fn can_be_joined(&self) -> bool {
        self.etag.is_some() || self.content.md5.is_some() || self.stored_md5.is_some()
    }
}

/// Number of attempts to lock a partial file that another download holds.
const MOST_OPENINGS: u32 = 25;

/// Wait between attempts.
const MOMENT: Duration = Duration::from_millis(20);

/// Maximum size of a notes file in bytes.
const LONGEST_NOTES: u64 = 1 << 20;

impl PartialFile {
    pub(super) fn open(folder: Folder, name: &str, content: &Content) -> io::Result<Self> {
        let data = format!("{}/{}.part", Names::PARTIAL, hash(name));
        let file = locked(folder.dir(), &data)?;
        let notes = Notes::of(name, content);
        let mut partial = Self { folder, file, data, notes, written: 0, digest: Digest::default() };
        match partial.earlier_notes() {
            Some(earlier) if (&*earlier.name, &earlier.content) == (name, content) => {
                partial.notes = earlier;
                partial.digest = digest(&mut partial.file)?;
                partial.written = partial.file.seek(SeekFrom::End(0))?;
            }
            _ => partial.restart()?,
        }
        Ok(partial)
    }

    /// Returns the version and size of the received part, or `None` if the download cannot be resumed.
    pub(crate) fn begun(&self) -> Option<Partial> {
        let is_of_use = self.written > 0 && self.notes.can_be_joined();
        is_of_use.then(|| Partial { received: self.written, version: self.notes.version() })
    }

    /// Returns the number of bytes written.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Discards the bytes written.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.written = 0;
        self.digest = Digest::default();
        Ok(())
    }

    /// Stores the version of the file that the bytes belong to, which a later download needs to resume.
    pub(crate) fn note(&mut self, version: &FileVersion) -> io::Result<()> {
        let is_begun = self.written > 0;
        // A storage may report less about a range than about the whole file.
        let before = if is_begun { self.notes.version() } else { FileVersion::default() };
        let FileVersion { etag, length, md5 } = version.clone();
        let version = FileVersion {
            etag: etag.or(before.etag),
            length: length.or(before.length),
            md5: md5.or(before.md5),
        };
        if is_begun && version == self.notes.version() {
            return Ok(());
        }
        (self.notes.etag, self.notes.length, self.notes.stored_md5) =
            (version.etag, version.length, version.md5);
        let text = serde_json::to_vec(&self.notes)?;
        self.folder.replace(&self.notes_path(), &text)
    }

    /// Describes how the file differs from the server's list.
    pub(crate) fn mismatch(&self) -> Option<String> {
        self.notes.content.mismatch(self.written, &self.md5())
    }

    /// Returns the MD5 digest of the bytes written, in base64.
    pub(crate) fn md5(&self) -> String {
        self.digest.clone().finish()
    }

    /// Appends bytes without updating the digest.
    pub(crate) fn append(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.file.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.written += written as u64;
                    bytes = &bytes[written..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Opens a second handle to sync the file from another thread. A cloned handle would hold the lock during
    /// the sync, and would consume sync errors that this handle should report.
    pub(crate) fn file(&self) -> io::Result<std::fs::File> {
        Ok(self.folder.dir().open_with(&self.data, OpenOptions::new().write(true))?.into_std())
    }

    /// Removes the notes, so that the download is not resumed.
    pub(crate) fn forget(&self) {
        // If this fails, the disk is failing, which other operations report.
        let _ = self.folder.dir().remove_file(self.notes_path());
    }

    /// Takes the digest out, to update it elsewhere.
    pub(crate) fn take_digest(&mut self) -> Digest {
        std::mem::take(&mut self.digest)
    }

    /// Puts the digest back, updated to all bytes written.
    pub(crate) fn set_digest(&mut self, digest: Digest) {
        self.digest = digest;
    }

    /// Syncs the complete file and moves it to its destination.
    pub(crate) fn finish(self, here: &str) -> io::Result<()> {
        if let Err(error) = self.file.sync_all() {
            // The operating system reports a failed sync only once. The next sync would succeed, and the file
            // would look complete.
            self.discard();
            return Err(error);
        }
        let notes = self.notes_path();
        let Self { folder, file, data, .. } = self;
        // Hold the lock until the rename, so that nobody resumes the file. Windows cannot rename an open
        // file.
        let locked = if cfg!(windows) {
            drop(file);
            None
        } else {
            Some(file)
        };
        folder.put(&data, here)?;
        drop(locked);
        // Notes without a partial file are harmless.
        let _ = folder.dir().remove_file(notes);
        Ok(())
    }

    /// Removes the partial file and its notes.
    pub(crate) fn discard(self) {
        let notes = self.notes_path();
        let Self { folder, file, data, .. } = self;
        // Hold the lock until the removal, so that nobody resumes the file. Windows cannot remove an open
        // file.
        let locked = if cfg!(windows) {
            drop(file);
            None
        } else {
            Some(file)
        };
        // A file that cannot be removed now is truncated when next opened, because it has no notes.
        let _ = folder.dir().remove_file(notes);
        let _ = folder.dir().remove_file(data);
        drop(locked);
    }

    fn notes_path(&self) -> String {
        self.data.replace(".part", ".json")
    }

    fn earlier_notes(&self) -> Option<Notes> {
        let file = self.folder.dir().open(self.notes_path()).ok()?;
        let mut text = Vec::new();
        file.take(LONGEST_NOTES).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

/// Opens and locks the partial file. A previous lock holder may have moved the file to its destination
/// meanwhile; it must then not be touched, so open again.
fn locked(dir: &Dir, data: &str) -> io::Result<std::fs::File> {
    let busy = || io::Error::new(io::ErrorKind::ResourceBusy, "another download of this file is in progress");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    for _ in 0..MOST_OPENINGS {
        let file = dir.open_with(data, &options)?.into_std();
        match file.try_lock() {
            // A cancelled download releases the lock as soon as its last bytes are written.
            Err(std::fs::TryLockError::WouldBlock) => {
                std::thread::sleep(MOMENT);
                continue;
            }
            // Some file systems do not support locks.
            Ok(()) | Err(std::fs::TryLockError::Error(_)) => {}
        }
        if is_at(dir, data, &file)? {
            return Ok(file);
        }
    }
    Err(busy())
}

/// Returns whether the path still refers to the file.
#[cfg(unix)]
fn is_at(dir: &Dir, path: &str, file: &std::fs::File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let own = file.metadata()?;
    match dir.metadata(path) {
        Ok(found) => {
            use cap_std::fs::MetadataExt as _;
            Ok((found.dev(), found.ino()) == (own.dev(), own.ino()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Returns true: an open file cannot be renamed on these systems.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "same signature as on Unix")]
fn is_at(_dir: &Dir, _path: &str, _file: &std::fs::File) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content {
        Content { size: Some(4), md5: None }
    }

    fn tagged() -> FileVersion {
        FileVersion { etag: Some("\"tag\"".to_owned()), ..FileVersion::default() }
    }

    #[test]
    fn part_without_etag_resumes_with_a_digest() {
        let untagged = FileVersion { length: Some(4), ..FileVersion::default() };
        let with_digest = FileVersion { md5: Some("x".to_owned()), ..untagged.clone() };
        let listed = Content { md5: Some("x".to_owned()), ..content() };
        for (content, version, is_of_use) in
            [(content(), &untagged, false), (content(), &with_digest, true), (listed, &untagged, true)]
        {
            let target = tempfile::tempdir().unwrap();
            let folder = Folder::open(target.path()).unwrap();
            let mut first = folder.partial("a", &content).unwrap();
            first.note(version).unwrap();
            first.append(b"ab").unwrap();
            drop(first);
            let begun = folder.partial("a", &content).unwrap().begun();
            assert_eq!(begun, is_of_use.then(|| Partial { received: 2, version: version.clone() }));
        }
    }

    #[test]
    fn part_of_the_same_file_is_resumed() {
        let target = tempfile::tempdir().unwrap();
        let folder = Folder::open(target.path()).unwrap();
        let mut first = folder.partial("a", &content()).unwrap();
        first.note(&tagged()).unwrap();
        first.append(b"ab").unwrap();
        drop(first);
        let mut second = folder.partial("a", &content()).unwrap();
        assert_eq!(second.begun(), Some(Partial { received: 2, version: tagged() }));
        second.append(b"cd").unwrap();
        assert_eq!((second.mismatch(), second.written()), (None, 4));
        second.finish("sub/a").unwrap();
        assert_eq!(std::fs::read(target.path().join("sub/a")).unwrap(), b"abcd");
        folder.tidy();
        assert_eq!(std::fs::read_dir(target.path()).unwrap().count(), 1);
        assert_eq!(folder.partial("a", &content()).unwrap().begun(), None);
    }

    #[test]
    fn part_of_another_file_is_discarded() {
        let target = tempfile::tempdir().unwrap();
        let folder = Folder::open(target.path()).unwrap();
        let mut first = folder.partial("a", &content()).unwrap();
        first.note(&tagged()).unwrap();
        first.append(b"ab").unwrap();
        drop(first);
        let other = Content { size: Some(5), md5: None };
        assert_eq!(folder.partial("a", &other).unwrap().begun(), None);
    }

    #[test]
    fn part_is_locked_by_one_download() {
        let target = tempfile::tempdir().unwrap();
        let folder = Folder::open(target.path()).unwrap();
        let first = folder.partial("a", &content()).unwrap();
        let error = folder.partial("a", &content()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        first.discard();
        folder.partial("a", &content()).unwrap();
    }
}
