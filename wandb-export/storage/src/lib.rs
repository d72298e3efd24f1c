//! Where whole objects are put and read back.
//!
//! A [`Storage`] holds objects under relative names such as `history/abc.parquet`. An object is written to a [`Staged`]
//! content first and then put under its name, so readers see all of it or nothing. [`Folder`] is a storage in a local
//! folder. A [`LogStorage`] also has logs that are appended to.
//!
//! ```
//! use std::io::Write as _;
//! use wandb_storage::{Folder, Storage as _, read_range};
//!
//! let place = tempfile::tempdir()?;
//! let folder = Folder::open(place.path())?;
//! let mut staged = folder.stage()?;
//! staged.write_all(b"loss")?;
//! folder.put("history/abc", staged)?;
//! folder.persist(&["history/abc"])?;
//!
//! let object = folder.open_object("history/abc")?.expect("it was put");
//! assert_eq!(read_range(&*object, 1..4)?, b"oss");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A folder works on a [`FileSystem`]: the local disk, or with the feature `simulation` a disk in memory that fails and
//! loses unsynced data at a power cut.

mod background_sync;
#[cfg(feature = "files")]
mod digest;
mod directory;
mod file_system;
mod folder;
mod log;
mod object;
#[cfg(feature = "files")]
pub mod safe_names;
#[cfg(feature = "simulation")]
pub mod simulation;
mod staged;
mod storage;

#[cfg(feature = "files")]
pub use digest::{Digest, Digests, digest, digest_onto, hex_digest};
pub use directory::Directory;
pub use file_system::{Access, Entry, FileSystem, Kind, OpenFile};
pub use folder::{Folder, OWN, make_lasting};
pub use log::{AppendLog, LogStorage};
pub use object::{Object, ObjectReader, Version, read_range};
pub use staged::Staged;
pub use storage::{Found, Storage};
