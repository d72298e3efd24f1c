//! The folder that a mirror is in.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::super::layout::{LOCK, OWN};
use super::medium::{How, Kind, Medium, OpenFile};

/// A folder that nobody else writes to meanwhile.
#[derive(Debug)]
pub(in super::super) struct Folder {
    root: PathBuf,
    /// Locked as long as it is open.
    _lock: File,
}

impl Folder {
    /// Locks the folder, which is made if there is none. `None` if another mirror is at work on it.
    pub(in super::super) fn lock(root: &Path) -> io::Result<Option<Self>> {
        make_lasting(root)?;
        fs::create_dir_all(root.join(OWN))?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(root.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { root: root.to_owned(), _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn place(&self, here: &str) -> PathBuf {
        place(&self.root, here)
    }
}

/// Makes a folder, if there is none, so that it outlives a crash of the system, with those that it is in and that were not
/// there either.
pub(in super::super) fn make_lasting(folder: &Path) -> io::Result<()> {
    let around = folder.ancestors().skip(1).take_while(|folder| !folder.exists());
    let new: Vec<_> = std::iter::once(folder).chain(around).collect();
    fs::create_dir_all(folder)?;
    new.into_iter().try_for_each(crate::sink::sync_directory)
}

/// The whole path of something in a folder.
pub(super) fn place(root: &Path, here: &str) -> PathBuf {
    here.split('/').filter(|part| !part.is_empty()).fold(root.to_owned(), |path, part| path.join(part))
}

impl Medium for Folder {
    fn open(&self, here: &str, how: How) -> io::Result<Box<dyn OpenFile>> {
        let mut options = OpenOptions::new();
        match how {
            How::Read => options.read(true),
            How::New => options.read(true).write(true).create_new(true),
            How::Change => options.read(true).write(true).create(true).truncate(false),
        };
        Ok(Box::new(options.open(self.place(here))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.place(from), self.place(to))
    }

    fn remove(&self, here: &str) -> io::Result<()> {
        fs::remove_file(self.place(here))
    }

    fn make_folder(&self, here: &str) -> io::Result<()> {
        fs::create_dir(self.place(here))
    }

    fn sync_folder(&self, here: &str) -> io::Result<()> {
        sync_directory(&self.place(here))
    }

    fn kind(&self, here: &str) -> io::Result<Option<Kind>> {
        match fs::metadata(self.place(here)) {
            Ok(found) => Ok(Some(if found.is_dir() { Kind::Folder } else { Kind::File })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn names(&self, here: &str) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(self.place(here))?;
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    #[cfg(unix)]
    fn room(&self) -> Option<u64> {
        let found = rustix::fs::statvfs(&self.root).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    }

    #[cfg(not(unix))]
    fn room(&self) -> Option<u64> {
        None
    }
}

impl OpenFile for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn cut(&self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_all()
    }

    fn again(&self) -> io::Result<Box<dyn OpenFile>> {
        Ok(Box::new(self.try_clone()?))
    }
}

/// Makes what has been renamed and made in a folder outlive a crash.
pub(in super::super) fn sync_directory(folder: &Path) -> io::Result<()> {
    crate::sink::sync_directory(&folder.join(OWN))
}
