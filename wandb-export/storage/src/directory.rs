//! A folder of the local disk. Links that lead out of it are not followed.

use std::fs::{File, Metadata, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use crate::file_system::{Access, Entry, FileSystem, Kind, OpenFile};
use crate::object::{Object, Version};

/// A folder of the local disk.
#[derive(Debug)]
pub struct Directory {
    dir: Dir,
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix reports the free space of a path"))]
    path: PathBuf,
    keeps_permissions: bool,
}

impl Directory {
    /// Opens an existing folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        let dir = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(Self { dir, path: path.to_owned(), keeps_permissions: false })
    }

    /// Lets a file keep the permissions of the file that it replaces. Default: it has those of a new file.
    #[must_use]
    pub fn keep_permissions(self) -> Self {
        Self { keeps_permissions: true, ..self }
    }
}

impl FileSystem for Directory {
    fn open(&self, name: &str, access: Access) -> io::Result<Box<dyn OpenFile>> {
        let mut options = OpenOptions::new();
        match access {
            Access::Read => options.read(true),
            Access::CreateNew => options.read(true).write(true).create_new(true),
            Access::Write => options.read(true).write(true).create(true).truncate(false),
        };
        Ok(Box::new(self.dir.open_with(name, &options)?.into_std()))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        if self.keeps_permissions
            && let Ok(old) = self.dir.metadata(to)
        {
            self.dir.set_permissions(from, old.permissions())?;
        }
        self.dir.rename(from, &self.dir, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.dir.remove_file(name)
    }

    fn make_folder(&self, name: &str) -> io::Result<()> {
        self.dir.create_dir(name)
    }

    fn remove_folder(&self, name: &str) -> io::Result<()> {
        self.dir.remove_dir(name)
    }

    fn sync_folder(&self, name: &str) -> io::Result<()> {
        sync(|| self.dir.open(itself(name)).map(cap_std::fs::File::into_std))
    }

    fn kind(&self, name: &str) -> io::Result<Option<Kind>> {
        found(self.dir.metadata(itself(name)).map(|found| kind(found.is_file(), found.is_dir())))
    }

    fn entry(&self, name: &str) -> io::Result<Option<Entry>> {
        found(self.dir.symlink_metadata(itself(name)).map(|found| Entry {
            kind: kind(found.is_file(), found.is_dir()),
            size: found.len(),
            identity: identity(&found),
        }))
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = self.dir.read_dir(itself(folder))?;
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    #[cfg(unix)]
    fn free_bytes(&self) -> Option<u64> {
        let found = rustix::fs::statvfs(&self.path).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    }

    #[cfg(not(unix))]
    fn free_bytes(&self) -> Option<u64> {
        None
    }
}

/// Maps the empty path to the folder itself.
fn itself(name: &str) -> &str {
    if name.is_empty() { "." } else { name }
}

fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn kind(is_file: bool, is_folder: bool) -> Kind {
    match (is_file, is_folder) {
        (true, _) => Kind::File,
        (_, true) => Kind::Folder,
        _ => Kind::Other,
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no numbers")]
fn identity(found: &impl cap_std::fs::MetadataExt) -> Option<(u64, u64)> {
    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn identity<T>(_found: &T) -> Option<(u64, u64)> {
    None
}

/// Syncs a folder, so that a rename survives a crash. File systems that do not support this are ignored.
#[cfg(unix)]
pub(crate) fn sync(open: impl FnOnce() -> io::Result<File>) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match open().and_then(|folder| folder.sync_all()) {
        Err(error) if matches!(error.kind(), InvalidInput | Unsupported | PermissionDenied) => Ok(()),
        synced => synced,
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "same signature as on Unix")]
pub(crate) fn sync(_open: impl FnOnce() -> io::Result<File>) -> io::Result<()> {
    Ok(())
}

fn described(found: &Metadata) -> Entry {
    #[cfg(unix)]
    let identity = {
        use std::os::unix::fs::MetadataExt as _;
        Some((found.dev(), found.ino()))
    };
    #[cfg(not(unix))]
    let identity = None;
    Entry { kind: kind(found.is_file(), found.is_dir()), size: found.len(), identity }
}

impl Object for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn version(&self) -> io::Result<Version> {
        let found = self.metadata()?;
        Ok(Version { size: found.len(), modified: found.modified().ok() })
    }

    #[cfg(unix)]
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, into, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, into, offset)
    }
}

impl OpenFile for File {
    #[cfg(unix)]
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::write_at(self, bytes, offset)
    }

    #[cfg(windows)]
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_write(self, bytes, offset)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_all()
    }

    fn sync_data(&self) -> io::Result<()> {
        File::sync_data(self)
    }

    fn try_lock(&self) -> Result<(), TryLockError> {
        File::try_lock(self)
    }

    fn entry(&self) -> io::Result<Entry> {
        Ok(described(&self.metadata()?))
    }
}
