//! A file that is not whole yet, kept so that a later download can go on with it.

use std::io::{self, Read as _, Seek as _, SeekFrom, Write};

use cap_std::fs::OpenOptions;
use wandb_core::client::Partial;

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
    digest: Digest,
}

/// What is known of a partial file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Notes {
    name: String,
    content: Content,
    etag: Option<String>,
}

/// The longest notes that are read.
const LONGEST_NOTES: u64 = 1 << 20;

impl PartialFile {
    pub(super) fn open(folder: Folder, name: &str, content: &Content) -> io::Result<Self> {
        let data = format!("{}/{}.part", Names::PARTIAL, hash(name));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        let file = folder.dir().open_with(&data, &options)?.into_std();
        match file.try_lock() {
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(io::Error::new(
                    io::ErrorKind::ResourceBusy,
                    "another download of it is under way",
                ));
            }
            // Some file systems have no locks.
            Ok(()) | Err(std::fs::TryLockError::Error(_)) => {}
        }
        let notes = Notes { name: name.to_owned(), content: content.clone(), etag: None };
        let mut partial = Self { folder, file, data, notes, written: 0, digest: Digest::default() };
        match partial.earlier_notes() {
            Some(earlier) if earlier == (Notes { etag: earlier.etag.clone(), ..partial.notes.clone() }) => {
                partial.notes = earlier;
                partial.digest = digest(&mut partial.file)?;
                partial.written = partial.file.stream_position()?;
            }
            _ => partial.restart()?,
        }
        Ok(partial)
    }

    /// What is there already, if the rest can be asked for.
    pub(crate) fn begun(&self) -> Option<Partial> {
        let etag = self.notes.etag.clone().filter(|_| self.written > 0)?;
        Some(Partial { received: self.written, etag })
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

    /// Notes the tag that a later download needs to go on.
    pub(crate) fn note(&mut self, etag: Option<&str>) -> io::Result<()> {
        if self.notes.etag.as_deref() == etag && self.written > 0 {
            return Ok(());
        }
        self.notes.etag = etag.map(str::to_owned);
        let text = serde_json::to_vec(&self.notes)?;
        self.folder.replace(&self.notes_path(), &text)
    }

    /// What does not fit to what the server says of it.
    pub(crate) fn mismatch(&self) -> Option<String> {
        self.notes.content.mismatch(self.written, &self.digest.clone().finish())
    }

    /// Puts the whole file into its place.
    pub(crate) fn finish(self, here: &str) -> io::Result<()> {
        self.file.sync_all()?;
        let notes = self.notes_path();
        let Self { folder, file, data, .. } = self;
        // Closed before it is renamed, as some systems ask for.
        drop(file);
        folder.put(&data, here)?;
        // Notes without data do no harm.
        let _ = folder.dir().remove_file(notes);
        Ok(())
    }

    /// Removes it: it is of no use.
    pub(crate) fn discard(self) {
        let notes = self.notes_path();
        let Self { folder, file, data, .. } = self;
        drop(file);
        // What cannot be removed now is thrown away when it is opened again, as its notes are gone.
        let _ = folder.dir().remove_file(notes);
        let _ = folder.dir().remove_file(data);
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

impl Write for PartialFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
