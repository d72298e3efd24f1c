//! A file that is not whole yet, kept so that a later download can go on with it.

use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::time::Duration;

use cap_std::fs::{Dir, OpenOptions};
use wandb_core::client::{FileVersion, Partial};

use super::content::{Content, Digest, digest};
use super::folder::Folder;
use super::name::hash;
use super::names::Names;

/// A file under `.wandb-export`, locked while it is written, and beside it what has to be known to go on with it.
///
/// It writes to the disk, so it belongs on a thread that may wait.
#[derive(Debug)]
pub(crate) struct PartialFile {
    folder: Folder,
    file: std::fs::File,
    data: String,
    notes: Notes,
    written: u64,
    /// Of what is written.
    digest: Digest,
}

/// What is known of a partial file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Notes {
    name: String,
    content: Content,
    etag: Option<String>,
    /// What the storage said of the whole file.
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

    /// Whether something tells afterwards that the rest belongs to what is there.
    fn can_be_joined(&self) -> bool {
        self.etag.is_some() || self.content.md5.is_some() || self.stored_md5.is_some()
    }
}

/// So often a partial file is opened that others are at work on.
const MOST_OPENINGS: u32 = 25;

/// The wait before it is opened again.
const MOMENT: Duration = Duration::from_millis(20);

/// The longest notes that are read.
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

    /// What is there already, if the rest can be asked for.
    pub(crate) fn begun(&self) -> Option<Partial> {
        let is_of_use = self.written > 0 && self.notes.can_be_joined();
        is_of_use.then(|| Partial { received: self.written, version: self.notes.version() })
    }

    /// How many bytes are there.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Throws away what is there.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.written = 0;
        self.digest = Digest::default();
        Ok(())
    }

    /// Notes of which version of the file the bytes are, which a later download needs to go on.
    pub(crate) fn note(&mut self, version: &FileVersion) -> io::Result<()> {
        let is_begun = self.written > 0;
        // A storage may say less of a part than of the whole file.
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

    /// How it differs from what the server says of it.
    pub(crate) fn mismatch(&self) -> Option<String> {
        self.notes.content.mismatch(self.written, &self.md5())
    }

    /// The MD5 digest of what is there, in base64.
    pub(crate) fn md5(&self) -> String {
        self.digest.clone().finish()
    }

    /// Adds to what is there, of which the digest then knows nothing.
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

    /// The file, opened once more to be brought to the disk from another thread. (A clone would hold the lock as long as that
    /// takes, and would be told of failures that this one then knows nothing of.)
    pub(crate) fn file(&self) -> io::Result<std::fs::File> {
        Ok(self.folder.dir().open_with(&self.data, OpenOptions::new().write(true))?.into_std())
    }

    /// Forgets what is known of the file, so that nobody goes on with it.
    pub(crate) fn forget(&self) {
        // Where that fails the disk does, and is told of otherwise.
        let _ = self.folder.dir().remove_file(self.notes_path());
    }

    /// Hands out the digest to be gone on with elsewhere.
    pub(crate) fn take_digest(&mut self) -> Digest {
        std::mem::take(&mut self.digest)
    }

    /// Takes the digest back, now of all that is there.
    pub(crate) fn set_digest(&mut self, digest: Digest) {
        self.digest = digest;
    }

    /// Puts the whole file into its place.
    pub(crate) fn finish(self, here: &str) -> io::Result<()> {
        if let Err(error) = self.file.sync_all() {
            // A system tells once that it could not keep something: the next time it would look whole.
            self.discard();
            return Err(error);
        }
        let notes = self.notes_path();
        let Self { folder, file, data, .. } = self;
        // Locked until it is in its place, so that nobody goes on with it; but Windows renames no open files.
        let locked = if cfg!(windows) {
            drop(file);
            None
        } else {
            Some(file)
        };
        folder.put(&data, here)?;
        drop(locked);
        // Notes without data do no harm.
        let _ = folder.dir().remove_file(notes);
        Ok(())
    }

    /// Removes it: it is of no use.
    pub(crate) fn discard(self) {
        let notes = self.notes_path();
        let Self { folder, file, data, .. } = self;
        // Locked until it is gone, so that nobody begins to go on with it; but Windows removes no open files.
        let locked = if cfg!(windows) {
            drop(file);
            None
        } else {
            Some(file)
        };
        // What cannot be removed now is thrown away when it is opened again, as its notes are gone.
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

/// Opens the file and locks it. Who had locked it before may have put it into its place meanwhile; then it is not the partial
/// file any more, and must not be touched.
fn locked(dir: &Dir, data: &str) -> io::Result<std::fs::File> {
    let busy = || io::Error::new(io::ErrorKind::ResourceBusy, "another download of it is under way");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    for _ in 0..MOST_OPENINGS {
        let file = dir.open_with(data, &options)?.into_std();
        match file.try_lock() {
            // A download that was given up a moment ago lets go of it as soon as its last bytes are written.
            Err(std::fs::TryLockError::WouldBlock) => {
                std::thread::sleep(MOMENT);
                continue;
            }
            // Some file systems have no locks.
            Ok(()) | Err(std::fs::TryLockError::Error(_)) => {}
        }
        if is_at(dir, data, &file)? {
            return Ok(file);
        }
    }
    Err(busy())
}

/// Whether the path still leads to the file.
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

/// An open file cannot be renamed.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature on every system")]
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
    fn an_untagged_part_is_of_use_with_a_digest() {
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
    fn a_part_is_gone_on_with_if_the_file_is_the_same() {
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
    fn a_part_of_another_file_is_thrown_away() {
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
    fn a_part_belongs_to_one_download_at_a_time() {
        let target = tempfile::tempdir().unwrap();
        let folder = Folder::open(target.path()).unwrap();
        let first = folder.partial("a", &content()).unwrap();
        let error = folder.partial("a", &content()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        first.discard();
        folder.partial("a", &content()).unwrap();
    }
}
