//! The interface of a storage.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::object::Object;
use crate::staged::Staged;

/// A place for whole objects under relative names with `/` as the separator.
///
/// Implementations must make a put atomic: readers see the old object or the new one, and a reader that has opened the
/// old one keeps reading it. Methods block, so call them on a thread that may block.
pub trait Storage: fmt::Debug + Send + Sync {
    /// Begins an object. Its content is private until it is [put](Self::put), and removed if it is dropped before.
    fn stage(&self) -> io::Result<Staged>;

    /// Begins or resumes an object whose unfinished content stays on the local disk under a key: a file name without
    /// `/`. The content is locked against other users of the key. Dropping it keeps it.
    ///
    /// # Errors
    /// [`io::ErrorKind::ResourceBusy`] if the key is in use.
    fn stage_keyed(&self, key: &str) -> io::Result<Staged>;

    /// Returns whether an unfinished content may exist under a key. The answer is no only if that is certain.
    fn has_keyed(&self, key: &str) -> bool {
        let _ = key;
        true
    }

    /// Puts an object, replacing any object of this name. It survives a crash once [`persist`](Self::persist) returns.
    ///
    /// # Errors
    /// If the content cannot be completed or the name cannot be used. A content with a key then stays for a later try,
    /// unless writing it to the disk has failed.
    fn put(&self, name: &str, staged: Staged) -> io::Result<()>;

    /// Puts an object like [`put`](Self::put), unless there is one of this name.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if there is one.
    fn put_new(&self, name: &str, staged: Staged) -> io::Result<()>;

    /// Makes earlier puts and removals of these names survive a crash. A name that ends with `/` stands for all names
    /// directly below it, also for those of earlier processes.
    fn persist(&self, names: &[&str]) -> io::Result<()>;

    /// Opens an object for reading. Returns `None` if it does not exist.
    fn open_object(&self, name: &str) -> io::Result<Option<Arc<dyn Object>>>;

    /// Returns what exists under a name.
    fn find(&self, name: &str) -> io::Result<Found>;

    /// Returns the names of all objects that begin with `prefix`, in order. The prefix is empty or ends with `/`.
    fn list(&self, prefix: &str) -> io::Result<Vec<String>>;

    /// Removes an object. Returns whether it existed. The removal survives a crash once [`persist`](Self::persist)
    /// returns.
    fn remove(&self, name: &str) -> io::Result<bool>;

    /// Returns the total size of the contents that are staged under keys, in bytes.
    fn keyed_bytes(&self) -> u64;

    /// Removes what the storage needed for contents with keys, if none is left.
    fn tidy(&self);

    /// Returns the storage of the objects below a name, without this beginning of their names. Its contents with keys
    /// are apart from those of this storage. Nothing has to exist there yet.
    fn within(&self, name: &str) -> Arc<dyn Storage>;

    /// Returns the free space in bytes, if known.
    fn free_bytes(&self) -> Option<u64>;
}

/// What exists under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// An object, with its size in bytes.
    Object(u64),
    /// No object, but objects may exist below this name.
    Prefix,
    /// Something that is neither, such as a link. A put replaces it.
    Foreign,
}
