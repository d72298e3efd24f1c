//! A folder that confines all file operations, even if it contains links that lead out of it.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use super::name::hash;
use super::partial::PartialFile;
use super::{Content, Names, Receipt, digest};

/// A folder for downloaded files.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    dir: Arc<Dir>,
    path: PathBuf,
}

/// What exists at the path of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum There {
    Nothing,
    /// A file with the wanted content, and its size in bytes.
    Same(u64),
    /// Anything else that a file can replace.
    Different,
    Folder,
}

impl Folder {
    /// Opens the folder, creating it if needed.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        let dir = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(Self { dir: Arc::new(dir), path: path.to_owned() })
    }

    /// Opens a folder below `root` without following links out of `root`. Creates `root` and missing folders.
    #[cfg(feature = "mirror")]
    pub(crate) fn inside(root: &Path, here: &str) -> io::Result<Self> {
        std::fs::create_dir_all(root)?;
        let around = Dir::open_ambient_dir(root, ambient_authority())?;
        around.create_dir_all(here)?;
        Self::of(root, &around, here)
    }

    /// Opens a folder below the folder `root` without following links out of `root`. Returns `None` if it
    /// does not exist.
    #[cfg(feature = "mirror")]
    pub(crate) fn found_inside(root: &Path, here: &str) -> io::Result<Option<Self>> {
        let opened =
            Dir::open_ambient_dir(root, ambient_authority()).and_then(|around| Self::of(root, &around, here));
        match opened {
            Ok(folder) => Ok(Some(folder)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Syncs folders below `root`, so that their file names survive a crash. The empty path is `root` itself.
    #[cfg(feature = "mirror")]
    pub(crate) fn sync_inside(root: &Path, folders: &[&str]) -> io::Result<()> {
        let root = Self::of(root, &Dir::open_ambient_dir(root, ambient_authority())?, ".")?;
        folders.iter().try_for_each(|here| root.sync(here))
    }

    #[cfg(feature = "mirror")]
    fn of(root: &Path, around: &Dir, here: &str) -> io::Result<Self> {
        let path = here.split('/').fold(root.to_owned(), |path, part| path.join(part));
        Ok(Self { dir: Arc::new(around.open_dir(here)?), path })
    }

    /// Returns the size of a file in bytes, or `None` if there is no file.
    #[cfg(feature = "mirror")]
    pub(crate) fn size(&self, here: &str) -> Option<u64> {
        self.dir.metadata(here).ok().filter(cap_std::fs::Metadata::is_file).map(|found| found.len())
    }

    /// Returns the total size of partial files in bytes.
    #[cfg(feature = "mirror")]
    pub(crate) fn size_of_partial(&self) -> u64 {
        let files = self.dir.read_dir(Names::PARTIAL).into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).map(|found| found.len()).sum()
    }

    /// Syncs a folder, so that its file names survive a crash. The empty path is the folder itself.
    #[cfg(feature = "mirror")]
    pub(crate) fn sync(&self, here: &str) -> io::Result<()> {
        let here = if here.is_empty() { "." } else { here };
        wandb_tables::sync_opened(self.dir.open(here).map(cap_std::fs::File::into_std))
    }

    /// Returns the full path of an entry in the folder.
    pub(crate) fn place(&self, here: &str) -> PathBuf {
        here.split('/').fold(self.path.clone(), |path, part| path.join(part))
    }

    /// Compares the entry at a path with the expected content.
    pub(crate) fn look(&self, here: &str, content: &Content) -> io::Result<There> {
        let found = match self.dir.symlink_metadata(here) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(There::Nothing),
            Err(error) => return Err(error),
        };
        if found.is_dir() {
            return Ok(There::Folder);
        }
        let is_same = found.is_file() && content.is_in(self.dir.open(here)?, found.len())?;
        Ok(if is_same { There::Same(found.len()) } else { There::Different })
    }

    /// Reads the mapping file. An unreadable mapping is an error, because files would otherwise get different
    /// names.
    pub(crate) fn names(&self) -> io::Result<Names> {
        match self.dir.read(Names::MAPPING) {
            Ok(text) => {
                let renamed: BTreeMap<String, String> = serde_json::from_slice(&text)?;
                Ok(Names::known(renamed))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Names::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes the mapping file.
    pub(crate) fn save_names(&self, renamed: &BTreeMap<String, String>) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(renamed)?;
        text.push(b'\n');
        self.replace(Names::MAPPING, &text)
    }

    /// Returns the size and MD5 digest of a file. Returns `None` if it is not a file, or if its size differs
    /// from `size`.
    pub(crate) fn describe(&self, here: &str, size: Option<u64>) -> io::Result<Option<(u64, String)>> {
        let found = self.dir.symlink_metadata(here)?;
        if !found.is_file() || size.is_some_and(|size| size != found.len()) {
            return Ok(None);
        }
        let digest = digest(&mut self.dir.open(here)?)?.finish();
        Ok(Some((found.len(), digest)))
    }

    /// Returns the receipt of an earlier download, or `None` if it is missing or unreadable.
    pub(crate) fn receipt(&self, name: &str) -> Option<Receipt> {
        serde_json::from_slice(&self.dir.read(receipt_path(name)).ok()?).ok()
    }

    /// Stores the receipt of a download.
    pub(crate) fn keep_receipt(&self, name: &str, receipt: &Receipt) -> io::Result<()> {
        self.dir.create_dir_all(Names::PARTIAL)?;
        self.replace(&receipt_path(name), &serde_json::to_vec(receipt)?)
    }

    /// Removes the receipt of a download, if there is one.
    pub(crate) fn forget_receipt(&self, name: &str) {
        // A receipt that cannot be removed is harmless: it belongs to a different list entry.
        let _ = self.dir.remove_file(receipt_path(name));
    }

    /// Opens a partial file, resuming one left by an earlier download.
    pub(crate) fn partial(&self, name: &str, content: &Content) -> io::Result<PartialFile> {
        self.dir.create_dir_all(Names::PARTIAL)?;
        PartialFile::open(self.clone(), name, content)
    }

    /// Moves a complete file to its destination.
    pub(super) fn put(&self, whole: &str, here: &str) -> io::Result<()> {
        if let Some((parent, _)) = here.rsplit_once('/') {
            self.dir.create_dir_all(parent)?;
        }
        self.dir.rename(whole, &self.dir, here)
    }

    pub(super) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Replaces a small file atomically.
    pub(super) fn replace(&self, here: &str, text: &[u8]) -> io::Result<()> {
        let beside = format!("{here}.new");
        // Remove any existing entry first, so that a planted link is not followed.
        let _ = self.dir.remove_file(&beside);
        let mut file = self.dir.open_with(&beside, OpenOptions::new().write(true).create_new(true))?;
        file.write_all(text)?;
        file.sync_all()?;
        drop(file);
        self.dir.rename(&beside, &self.dir, here)
    }

    /// Removes the directory for partial files if it is empty.
    pub(crate) fn tidy(&self) {
        // Removal fails if partial files remain to be resumed.
        let _ = self.dir.remove_dir(Names::PARTIAL);
    }
}

fn receipt_path(name: &str) -> String {
    format!("{}/{}.receipt.json", Names::PARTIAL, hash(name))
}
