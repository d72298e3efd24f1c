//! A folder that nothing is written outside of, whatever is linked in it.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use super::name::hash;
use super::partial::PartialFile;
use super::{Content, Names, Receipt, digest};

/// A folder for files.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    dir: Arc<Dir>,
    path: PathBuf,
}

/// What is in the place of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum There {
    Nothing,
    /// A file with the content wanted, of so many bytes.
    Same(u64),
    /// Anything that a file can replace.
    Different,
    Folder,
}

impl Folder {
    /// Opens the folder, which is made if there is none.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        let dir = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(Self { dir: Arc::new(dir), path: path.to_owned() })
    }

    /// Opens a folder below the folder `root`, which is there, without following a link out of `root`. Makes what is
    /// missing on the way.
    #[cfg(feature = "mirror")]
    pub(crate) fn inside(root: &Path, here: &str) -> io::Result<Self> {
        std::fs::create_dir_all(root)?;
        let around = Dir::open_ambient_dir(root, ambient_authority())?;
        around.create_dir_all(here)?;
        Self::of(root, &around, here)
    }

    /// Opens a folder below the folder `root` without following a link out of `root`. `None` if there is none.
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

    /// Makes the names in folders below the folder `root` outlive a crash; `root` itself is the empty path.
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

    /// How many bytes the file in a place has; `None` if there is no file.
    #[cfg(feature = "mirror")]
    pub(crate) fn size(&self, here: &str) -> Option<u64> {
        self.dir.metadata(here).ok().filter(cap_std::fs::Metadata::is_file).map(|found| found.len())
    }

    /// The bytes of all that is not whole yet.
    #[cfg(feature = "mirror")]
    pub(crate) fn size_of_partial(&self) -> u64 {
        let files = self.dir.read_dir(Names::PARTIAL).into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).map(|found| found.len()).sum()
    }

    /// Makes the names in a folder outlive a crash; the folder itself is the empty path.
    #[cfg(feature = "mirror")]
    pub(crate) fn sync(&self, here: &str) -> io::Result<()> {
        let here = if here.is_empty() { "." } else { here };
        wandb_tables::sync_opened(self.dir.open(here).map(cap_std::fs::File::into_std))
    }

    /// The whole path of something in the folder.
    pub(crate) fn place(&self, here: &str) -> PathBuf {
        here.split('/').fold(self.path.clone(), |path, part| path.join(part))
    }

    /// What is in the place of a file with that content.
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

    /// The names that the mapping file tells. One that cannot be read is an error, as its files would get other names.
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

    /// The size and MD5 digest of the file in a place, unless it is no file, or not of the size that is asked for.
    pub(crate) fn describe(&self, here: &str, size: Option<u64>) -> io::Result<Option<(u64, String)>> {
        let found = self.dir.symlink_metadata(here)?;
        if !found.is_file() || size.is_some_and(|size| size != found.len()) {
            return Ok(None);
        }
        let digest = digest(&mut self.dir.open(here)?)?.finish();
        Ok(Some((found.len(), digest)))
    }

    /// What is remembered of an earlier download. Nothing, where that cannot be read.
    pub(crate) fn receipt(&self, name: &str) -> Option<Receipt> {
        serde_json::from_slice(&self.dir.read(receipt_path(name)).ok()?).ok()
    }

    /// Remembers a download.
    pub(crate) fn keep_receipt(&self, name: &str, receipt: &Receipt) -> io::Result<()> {
        self.dir.create_dir_all(Names::PARTIAL)?;
        self.replace(&receipt_path(name), &serde_json::to_vec(receipt)?)
    }

    /// Forgets a download, if there is anything to forget.
    pub(crate) fn forget_receipt(&self, name: &str) {
        // One that stays is of another list entry, and so of no effect.
        let _ = self.dir.remove_file(receipt_path(name));
    }

    /// Begins a file, or goes on with one that an earlier download has begun.
    pub(crate) fn partial(&self, name: &str, content: &Content) -> io::Result<PartialFile> {
        self.dir.create_dir_all(Names::PARTIAL)?;
        PartialFile::open(self.clone(), name, content)
    }

    /// Puts a whole file into its place.
    pub(super) fn put(&self, whole: &str, here: &str) -> io::Result<()> {
        if let Some((parent, _)) = here.rsplit_once('/') {
            self.dir.create_dir_all(parent)?;
        }
        self.dir.rename(whole, &self.dir, here)
    }

    pub(super) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Writes a small file so that it is either the old or the new one.
    pub(super) fn replace(&self, here: &str, text: &[u8]) -> io::Result<()> {
        let beside = format!("{here}.new");
        // A link that somebody has put there is not followed.
        let _ = self.dir.remove_file(&beside);
        let mut file = self.dir.open_with(&beside, OpenOptions::new().write(true).create_new(true))?;
        file.write_all(text)?;
        file.sync_all()?;
        drop(file);
        self.dir.rename(&beside, &self.dir, here)
    }

    /// Removes what is left of partial files, if nothing is.
    pub(crate) fn tidy(&self) {
        // It is not empty while something is to be gone on with.
        let _ = self.dir.remove_dir(Names::PARTIAL);
    }
}

fn receipt_path(name: &str) -> String {
    format!("{}/{}.receipt.json", Names::PARTIAL, hash(name))
}
