//! The folder that holds a mirror. Links that lead out of it are not followed.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use super::super::layout::{LOCK, OWN};
use super::medium::{FileSystem, How, Kind, OpenFile};

/// A folder locked against other writers.
#[derive(Debug)]
pub(crate) struct Folder {
    dir: Dir,
    #[cfg(unix)]
    root: PathBuf,
    /// Held open to keep the lock.
    _lock: File,
}

impl Folder {
    /// Locks the folder, creating it if it is missing. Returns `None` if another mirror has locked it.
    pub(crate) fn lock(root: &Path) -> io::Result<Option<Self>> {
        make_lasting(root)?;
        let dir = Dir::open_ambient_dir(root, ambient_authority())?;
        dir.create_dir_all(OWN)?;
        let lock =
            dir.open_with(LOCK, OpenOptions::new().create(true).truncate(false).write(true))?.into_std();
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self {
                dir,
                #[cfg(unix)]
                root: root.to_owned(),
                _lock: lock,
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Creates a folder and its missing parents, and syncs them so that they survive a crash.
pub(crate) fn make_lasting(folder: &Path) -> io::Result<()> {
    let around = folder.ancestors().skip(1).take_while(|folder| !folder.exists());
    let new: Vec<_> = std::iter::once(folder).chain(around).collect();
    std::fs::create_dir_all(folder)?;
    new.into_iter().try_for_each(wandb_tables::sync_directory)
}

/// Returns the full path of an entry of a folder.
pub(crate) fn place(root: &Path, here: &str) -> PathBuf {
    here.split('/').filter(|part| !part.is_empty()).fold(root.to_owned(), |path, part| path.join(part))
}

impl FileSystem for Folder {
    fn open(&self, here: &str, how: How) -> io::Result<Box<dyn OpenFile>> {
        let mut options = OpenOptions::new();
        match how {
            How::Read => options.read(true),
            How::New => options.read(true).write(true).create_new(true),
            How::Change => options.read(true).write(true).create(true).truncate(false),
        };
        Ok(Box::new(self.dir.open_with(here, &options)?.into_std()))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.dir.rename(from, &self.dir, to)
    }

    fn remove(&self, here: &str) -> io::Result<()> {
        self.dir.remove_file(here)
    }

    fn make_folder(&self, here: &str) -> io::Result<()> {
        self.dir.create_dir(here)
    }

    fn sync_folder(&self, here: &str) -> io::Result<()> {
        wandb_tables::sync_opened(self.dir.open(itself(here)).map(cap_std::fs::File::into_std))
    }

    fn kind(&self, here: &str) -> io::Result<Option<Kind>> {
        match self.dir.metadata(itself(here)) {
            Ok(found) => Ok(Some(if found.is_dir() { Kind::Folder } else { Kind::File })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn names(&self, here: &str) -> io::Result<Vec<String>> {
        let entries = self.dir.read_dir(itself(here))?;
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

/// Maps the empty path to the folder itself.
fn itself(here: &str) -> &str {
    if here.is_empty() { "." } else { here }
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
