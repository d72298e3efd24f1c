//! A folder of downloaded files, in a storage.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wandb_core::client::DownloadReceipt;
use wandb_storage::safe_names::hash_name;
use wandb_storage::{Digest, Digests, Found, ObjectReader, Storage, digest_onto};

use super::partial::PartialFile;
use super::{Content, Names};

/// A folder of downloaded files.
#[derive(Debug, Clone)]
pub(crate) struct DownloadFolder {
    storage: Arc<dyn Storage>,
    /// The path of the folder, for the user.
    path: PathBuf,
}

/// What exists at the path of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExistingEntry {
    Nothing,
    /// A file with the wanted content, and its size in bytes.
    Same(u64),
    /// Anything else that a file can replace.
    Different,
    Folder,
}

impl DownloadFolder {
    /// Opens the folder on the local disk, creating it if needed.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        Ok(Self::new(Arc::new(wandb_storage::Folder::open(path)?), path.to_owned()))
    }

    /// Uses a storage whose objects are below `path` for the user.
    pub(crate) fn new(storage: Arc<dyn Storage>, path: PathBuf) -> Self {
        Self { storage, path }
    }

    /// Returns the size of a file in bytes, or `None` if there is no file.
    #[cfg(feature = "mirror")]
    pub(crate) fn size(&self, local_name: &str) -> Option<u64> {
        match self.storage.find(local_name) {
            Ok(Found::Object(size)) => Some(size),
            _ => None,
        }
    }

    /// Returns the total size of partial files in bytes.
    #[cfg(feature = "mirror")]
    pub(crate) fn partial_bytes(&self) -> u64 {
        self.storage.keyed_bytes()
    }

    /// Makes the names of files survive a crash.
    #[cfg(feature = "mirror")]
    pub(crate) fn persist(&self, names: &[&str]) -> io::Result<()> {
        self.storage.persist(names)
    }

    /// Returns the full path of an entry in the folder.
    pub(crate) fn full_path(&self, local_name: &str) -> PathBuf {
        local_name.split('/').fold(self.path.clone(), |path, part| path.join(part))
    }

    /// Compares the entry at a path with the expected content.
    pub(crate) fn inspect(&self, local_name: &str, content: &Content) -> io::Result<ExistingEntry> {
        Ok(match self.storage.find(local_name)? {
            Found::Nothing => ExistingEntry::Nothing,
            Found::Prefix => ExistingEntry::Folder,
            Found::Object(size) if content.is_content_of(self.open_file(local_name)?, size)? => {
                ExistingEntry::Same(size)
            }
            Found::Object(_) | Found::Foreign => ExistingEntry::Different,
        })
    }

    fn open_file(&self, local_name: &str) -> io::Result<ObjectReader> {
        let object = self.storage.open_object(local_name)?.ok_or(io::ErrorKind::NotFound)?;
        Ok(ObjectReader::new(object, 0))
    }

    fn read(&self, local_name: &str) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.open_file(local_name)?.read_to_end(&mut content)?;
        Ok(content)
    }

    /// Reads the mapping file. An unreadable mapping is an error, because files would otherwise get different
    /// names.
    pub(crate) fn read_names(&self) -> io::Result<Names> {
        match self.read(Names::MAPPING) {
            Ok(text) => {
                let renamed: BTreeMap<String, String> = serde_json::from_slice(&text)?;
                Ok(Names::from_mapping(renamed))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Names::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes the mapping file.
    pub(crate) fn save_names(&self, renamed: &BTreeMap<String, String>) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(renamed)?;
        text.push(b'\n');
        self.put(Names::MAPPING, &text)
    }

    /// Returns the size and the digests of a file. Returns `None` if it is not a file, or if its size differs
    /// from `size`.
    pub(crate) fn describe(
        &self,
        local_name: &str,
        size: Option<u64>,
        digest: Digest,
    ) -> io::Result<Option<(u64, Digests)>> {
        match self.storage.find(local_name)? {
            Found::Object(found) if size.is_none_or(|size| size == found) => {
                Ok(Some((found, digest_onto(digest, &mut self.open_file(local_name)?)?.finish_all())))
            }
            Found::Nothing => Err(io::ErrorKind::NotFound.into()),
            _ => Ok(None),
        }
    }

    /// Returns the receipt of an earlier download, or `None` if it is missing or unreadable.
    pub(crate) fn read_receipt(&self, name: &str) -> Option<DownloadReceipt> {
        serde_json::from_slice(&self.read(&receipt_path(name)).ok()?).ok()
    }

    /// Stores the receipt of a download.
    pub(crate) fn keep_receipt(&self, name: &str, receipt: &DownloadReceipt) -> io::Result<()> {
        self.put(&receipt_path(name), &serde_json::to_vec(receipt)?)
    }

    /// Removes the receipt of a download, if there is one.
    pub(crate) fn forget_receipt(&self, name: &str) {
        // A receipt that cannot be removed is harmless: it belongs to a different list entry.
        let _ = self.storage.remove(&receipt_path(name));
    }

    /// Opens a partial file, resuming one left by an earlier download.
    pub(crate) fn open_partial(&self, name: &str, content: &Content) -> io::Result<PartialFile> {
        PartialFile::open(Arc::clone(&self.storage), name, content)
    }

    /// Returns whether there may be a partial file.
    pub(crate) fn has_partial(&self, name: &str) -> bool {
        PartialFile::may_exist(&*self.storage, name)
    }

    /// Puts a small file.
    fn put(&self, local_name: &str, text: &[u8]) -> io::Result<()> {
        let mut staged = self.storage.stage()?;
        staged.write_all(text)?;
        self.storage.put(local_name, staged)
    }

    /// Removes the directory for partial files if it is empty.
    pub(crate) fn tidy(&self) {
        self.storage.tidy();
    }
}

fn receipt_path(name: &str) -> String {
    format!("{}/{}.receipt.json", Names::PARTIAL, hash_name(name))
}
