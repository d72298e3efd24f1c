//! Files that are whole or not there, in the folder of a mirror.

pub(super) mod folder;
pub(super) mod medium;

use std::collections::HashSet;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use self::folder::Folder;
pub(super) use self::folder::make_lasting;
use self::medium::{How, Kind, Medium};
pub(super) use self::medium::{OpenFile, read_at};
use super::layout::{FOLDERS, OWN};
use super::record::Stored;
use crate::files::Digest;

/// The folder of a mirror, which nobody else writes to meanwhile.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    medium: Box<dyn Medium>,
    /// How many files have been begun.
    begun: AtomicU64,
    /// The folders whose names outlive a crash.
    lasting: Mutex<HashSet<String>>,
}

/// The begin of the names of files that are not whole yet.
const NEW: &str = "new-";

impl Disk {
    /// Opens the folder, which is made if there is none. `None` if another mirror is at work on it.
    pub(super) fn open(root: &Path) -> io::Result<Option<Self>> {
        Folder::lock(root)?.map(|folder| Self::on(root, folder)).transpose()
    }

    /// A mirror on a medium, which errors call `root`. What an earlier one was at when it was killed is cleared away, and what
    /// it has done outlives a crash from now on.
    pub(super) fn on(root: &Path, medium: impl Medium + 'static) -> io::Result<Self> {
        let shared = Shared {
            root: root.to_owned(),
            medium: Box::new(medium),
            begun: AtomicU64::new(0),
            lasting: Mutex::default(),
        };
        let disk = Self { shared: Arc::new(shared) };
        disk.make_folder(OWN)?;
        let medium = &disk.shared.medium;
        for name in medium.names(OWN)? {
            if name.starts_with(NEW) {
                medium.remove(&format!("{OWN}/{name}"))?;
            }
        }
        // A file that is not there is not removed again, so its removal has to last before anything is built on it.
        for folder in FOLDERS {
            if medium.kind(folder)? == Some(Kind::Folder) {
                medium.sync_folder(folder)?;
            }
        }
        Ok(disk)
    }

    /// The folder.
    pub(super) fn root(&self) -> &Path {
        &self.shared.root
    }

    /// The whole path of something in the folder.
    pub(super) fn place(&self, here: &str) -> PathBuf {
        folder::place(&self.shared.root, here)
    }

    /// Begins a file, to be put into its place when it is whole.
    pub(super) fn create(&self) -> io::Result<NewFile> {
        let number = self.shared.begun.fetch_add(1, Ordering::Relaxed);
        let name = Unplaced { disk: self.clone(), here: format!("{OWN}/{NEW}{number}"), is_placed: false };
        let file = self.shared.medium.open(&name.here, How::New)?;
        let writer = BufWriter::with_capacity(64 << 10, file);
        Ok(NewFile { writer, name, bytes: 0, digest: Digest::default() })
    }

    /// How many bytes there is room for, where the system tells.
    pub(super) fn room(&self) -> Option<u64> {
        self.shared.medium.room()
    }

    /// Whether there is anything at a place.
    pub(super) fn exists(&self, here: &str) -> io::Result<bool> {
        Ok(self.shared.medium.kind(here)?.is_some())
    }

    /// Whether there is a file at a place.
    pub(super) fn is_file(&self, here: &str) -> io::Result<bool> {
        Ok(self.shared.medium.kind(here)? == Some(Kind::File))
    }

    /// Opens a file to read it; `None` if there is none.
    pub(super) fn open_file(&self, here: &str) -> io::Result<Option<Box<dyn OpenFile>>> {
        match self.shared.medium.open(here, How::Read) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens a file to read it and to write behind its first `len` bytes; what is behind them is cut off.
    pub(super) fn open_to_append(&self, here: &str, len: u64) -> io::Result<Appended> {
        let folder = folder_of(here);
        self.make_folder(folder)?;
        let file = self.shared.medium.open(here, How::Change)?;
        file.cut(len)?;
        file.sync()?;
        self.shared.medium.sync_folder(folder)?;
        Ok(Appended { file, len })
    }

    /// Removes a file, if there is one.
    pub(super) fn remove(&self, here: &str) -> io::Result<()> {
        match self.shared.medium.remove(here) {
            Ok(()) => self.shared.medium.sync_folder(folder_of(here)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes a folder that outlives a crash, if there is none. None is inside of another.
    fn make_folder(&self, here: &str) -> io::Result<()> {
        // Whoever finds a folder that somebody else has just made waits here until it lasts.
        let mut lasting = self.shared.lasting.lock().unwrap_or_else(PoisonError::into_inner);
        if here.is_empty() || lasting.contains(here) {
            return Ok(());
        }
        let medium = &self.shared.medium;
        if medium.kind(here)?.is_none() {
            medium.make_folder(here)?;
        }
        // Also one that was there: whoever has made it may have been killed before it lasted.
        medium.sync_folder(folder_of(here))?;
        lasting.insert(here.to_owned());
        Ok(())
    }
}

/// The folder that something is in.
pub(super) fn folder_of(here: &str) -> &str {
    here.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The name of a file that is not whole yet, which is taken away unless the file is put into its place.
#[derive(Debug)]
struct Unplaced {
    disk: Disk,
    here: String,
    is_placed: bool,
}

impl Unplaced {
    fn place(mut self, here: &str) -> io::Result<()> {
        self.disk.shared.medium.rename(&self.here, here)?;
        self.is_placed = true;
        Ok(())
    }
}

impl Drop for Unplaced {
    fn drop(&mut self) {
        if !self.is_placed {
            // Whatever is left is cleared away by the next mirror.
            drop(self.disk.shared.medium.remove(&self.here));
        }
    }
}

/// A file that is not whole yet. It is removed if it is dropped.
pub(super) struct NewFile {
    // Declared before the name, so that the file is closed before it is removed, as some systems ask for.
    writer: BufWriter<Box<dyn OpenFile>>,
    name: Unplaced,
    bytes: u64,
    digest: Digest,
}

impl NewFile {
    /// Puts the file into its place, whatever was there.
    pub(super) fn put(self, here: &str, rows: u64) -> io::Result<Stored> {
        let Self { writer, name, bytes, digest } = self;
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync()?;
        // Closed before it is renamed, as some systems ask for.
        drop(file);
        let (disk, folder) = (name.disk.clone(), folder_of(here));
        disk.make_folder(folder)?;
        name.place(here)?;
        disk.shared.medium.sync_folder(folder)?;
        Ok(Stored { rows, bytes, md5: digest.finish() })
    }

    /// Opens what has been written so far to read it.
    pub(super) fn reopen(&mut self) -> io::Result<Box<dyn OpenFile>> {
        self.writer.flush()?;
        self.name.disk.shared.medium.open(&self.name.here, How::Read)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// A new file that somebody writes to who does not give it back.
#[derive(Clone)]
pub(super) struct SharedFile(Arc<Mutex<Option<NewFile>>>);

impl SharedFile {
    pub(super) fn new(file: NewFile) -> Self {
        Self(Arc::new(Mutex::new(Some(file))))
    }

    /// The file, of which nothing can be written any more through what has been shared.
    pub(super) fn take(&self) -> io::Result<NewFile> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(gone)
    }

    fn with<T>(&self, act: impl FnOnce(&mut NewFile) -> io::Result<T>) -> io::Result<T> {
        act(self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut().ok_or_else(gone)?)
    }
}

fn gone() -> io::Error {
    io::Error::other("the file has been finished")
}

impl Write for SharedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.with(NewFile::flush)
    }
}

/// A file that only grows.
#[derive(Debug)]
pub(super) struct Appended {
    file: Box<dyn OpenFile>,
    len: u64,
}

impl Appended {
    /// Where the next byte goes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Writes `bytes` behind the others.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.len))?;
        self.file.write_all(bytes)?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Waits until the disk has everything.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    /// Reads what was written at `offset`.
    pub(super) fn read_at(&mut self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        read_at(&mut self.file, offset, len)
    }
}
