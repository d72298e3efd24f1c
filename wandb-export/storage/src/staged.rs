//! The content of an object before it is put.

use std::io::{self, BufWriter, Read as _, Write};
use std::sync::Arc;

use crate::background_sync::BackgroundSync;
use crate::file_system::{Access, FileSystem, OpenFile};
use crate::object::{Object, ObjectReader};

/// Buffer size of a content without a key, in bytes.
const BUFFER: usize = 64 << 10;

/// Maximum size of a note in bytes.
const LONGEST_NOTE: u64 = 1 << 20;

/// The unfinished content of an object, on the local disk. [`Storage::put`](crate::Storage::put) completes it.
///
/// A content [without a key](crate::Storage::stage) is removed when it is dropped. A content
/// [with a key](crate::Storage::stage_keyed) stays, together with a note, and is resumed by the next user of the key.
/// A long content is written to the disk in the background, so that completing it is short.
#[derive(Debug)]
pub struct Staged {
    // Declared before the name, so that the file is closed before it is removed, as some systems require.
    writer: BufWriter<Tail>,
    name: StagedName,
}

/// The file, and the offset of the next byte.
#[derive(Debug)]
struct Tail {
    file: Box<dyn OpenFile>,
    offset: u64,
    syncing: BackgroundSync,
    files: Arc<dyn FileSystem>,
    name: String,
}

/// The name of the file until the content is put.
#[derive(Debug)]
struct StagedName {
    files: Arc<dyn FileSystem>,
    name: String,
    /// The file with the note of a content with a key.
    note: Option<String>,
    is_placed: bool,
}

impl Staged {
    /// Creates a content that is removed when it is dropped.
    pub(crate) fn temporary(files: Arc<dyn FileSystem>, name: String, file: Box<dyn OpenFile>) -> Self {
        Self::new(files, (name, None), (file, 0), BUFFER)
    }

    /// Resumes a content that stays when it is dropped. It is not buffered, so that nothing is lost then.
    pub(crate) fn keyed(
        files: Arc<dyn FileSystem>,
        (name, note): (String, String),
        file: Box<dyn OpenFile>,
    ) -> io::Result<Self> {
        let size = file.size()?;
        Ok(Self::new(files, (name, Some(note)), (file, size), 0))
    }

    fn new(
        files: Arc<dyn FileSystem>,
        (name, note): (String, Option<String>),
        (file, offset): (Box<dyn OpenFile>, u64),
        buffer: usize,
    ) -> Self {
        let tail = Tail {
            file,
            offset,
            syncing: BackgroundSync::default(),
            files: Arc::clone(&files),
            name: name.clone(),
        };
        let writer = BufWriter::with_capacity(buffer, tail);
        Self { writer, name: StagedName { files, name, note, is_placed: false } }
    }

    /// Returns the size of the content in bytes.
    pub fn size(&self) -> u64 {
        self.writer.get_ref().offset + self.writer.buffer().len() as u64
    }

    /// Opens the bytes written so far for reading.
    pub fn read_back(&mut self) -> io::Result<Arc<dyn Object>> {
        self.writer.flush()?;
        let file: Box<dyn Object> = self.name.files.open(&self.name.name, Access::Read)?;
        Ok(file.into())
    }

    /// Removes all bytes.
    pub fn clear(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        let tail = self.writer.get_mut();
        tail.file.truncate(0)?;
        tail.offset = 0;
        Ok(())
    }

    /// Copies the bytes from `start` on to `to`, and removes all bytes.
    pub fn take_back(&mut self, start: u64, to: &mut dyn Write) -> io::Result<()> {
        let mut reader = io::BufReader::with_capacity(BUFFER, ObjectReader::new(self.read_back()?, start));
        io::copy(&mut reader, to)?;
        self.clear()
    }

    /// Writes buffered bytes and waits for the background. Without it, only [`put`](crate::Storage::put) reports the
    /// errors of the background.
    ///
    /// # Errors
    /// If the bytes cannot be written to the disk. The operating system reports this only once, so a content with a key
    /// then loses its note.
    pub fn settle(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        let settled = self.writer.get_mut().syncing.end();
        self.doubt(settled)
    }

    /// Returns the note of a content with a key, if it has a readable one.
    pub fn note(&self) -> Option<Vec<u8>> {
        let file: Box<dyn Object> = self.name.files.open(self.name.note.as_ref()?, Access::Read).ok()?;
        let mut text = Vec::new();
        ObjectReader::new(file.into(), 0).take(LONGEST_NOTE).read_to_end(&mut text).ok()?;
        Some(text)
    }

    /// Replaces the note of a content with a key, atomically. Without a key, does nothing.
    pub fn set_note(&mut self, text: &[u8]) -> io::Result<()> {
        let Some(note) = &self.name.note else { return Ok(()) };
        let files = &self.name.files;
        let new = format!("{note}.new");
        // Remove an existing entry first, so that a planted link is not followed.
        let _ = files.remove(&new);
        let file = files.open(&new, Access::CreateNew)?;
        let mut tail = Tail {
            file,
            offset: 0,
            syncing: BackgroundSync::default(),
            files: Arc::clone(files),
            name: String::new(),
        };
        tail.write_all(text)?;
        tail.file.sync()?;
        drop(tail);
        files.rename(&new, note)
    }

    /// Removes the content and its note.
    pub fn discard(self) {
        let Self { writer, mut name } = self;
        // The buffered bytes need not be written.
        let (tail, _) = writer.into_parts();
        name.discard(tail.file);
    }

    /// Writes everything to the disk.
    pub(crate) fn complete(self) -> io::Result<Complete> {
        let Self { writer, mut name } = self;
        let Tail { file, mut syncing, .. } = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        match syncing.end().and_then(|()| file.sync()) {
            Ok(()) => Ok(Complete { file, name }),
            Err(error) => {
                // The operating system reports a failed sync only once. The next sync would succeed, and the file
                // would look complete.
                name.discard(file);
                Err(error)
            }
        }
    }

    /// Removes the note after an error of a sync, so that the content is not resumed.
    fn doubt<T>(&mut self, synced: io::Result<T>) -> io::Result<T> {
        if let (Err(_), Some(note)) = (&synced, &self.name.note) {
            // If this fails, the disk is failing, which other operations report.
            let _ = self.name.files.remove(note);
        }
        synced
    }
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        let tail = self.writer.get_mut();
        let synced = tail.syncing.written(written, || tail.files.open(&tail.name, Access::Write));
        self.doubt(synced)?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Write for Tail {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write_at(self.offset, bytes)?;
        self.offset += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A content that is on the disk, but not under its final name yet.
pub(crate) struct Complete {
    /// Open, because it may hold a lock.
    file: Box<dyn OpenFile>,
    name: StagedName,
}

impl Complete {
    /// Moves the file by `rename`, which gets its present name. Closes it before, or afterwards if it has a key: the
    /// lock is held until then, so that nobody resumes the file.
    pub(crate) fn place(self, rename: impl FnOnce(&str) -> io::Result<()>) -> io::Result<()> {
        let Self { file, mut name } = self;
        let locked = name.keep_lock(file);
        rename(&name.name)?;
        name.is_placed = true;
        drop(locked);
        if let Some(note) = &name.note {
            // A note without a content is harmless.
            let _ = name.files.remove(note);
        }
        Ok(())
    }
}

impl StagedName {
    fn discard(&mut self, file: Box<dyn OpenFile>) {
        let locked = self.keep_lock(file);
        if let Some(note) = &self.note {
            let _ = self.files.remove(note);
        }
        // A content that cannot be removed now is cleared when it is resumed, because it has no note.
        let _ = self.files.remove(&self.name);
        self.is_placed = true;
        drop(locked);
    }

    /// Returns the file if its lock still matters. Windows can neither rename nor remove an open file.
    fn keep_lock(&self, file: Box<dyn OpenFile>) -> Option<Box<dyn OpenFile>> {
        (self.note.is_some() && !cfg!(windows)).then_some(file)
    }
}

impl Drop for StagedName {
    fn drop(&mut self) {
        if !self.is_placed && self.note.is_none() {
            // If this fails, the next process that owns the folder removes the file.
            let _ = self.files.remove(&self.name);
        }
    }
}
