//! What a mirror of a project is on disk: its layout, records, journal and tables, and how it is read back.
//!
//! The crate opens no connection. `wandb_export::mirror` copies projects into mirrors, and describes the files;
//! `docs/mirror.md` has the details.
//!
//! A [`MirrorReader`] reads a mirror without locks, also while it is being written. The only writer of a mirror opens
//! its [`Disk`], which locks the folder, and keeps the records of its runs in a [`Store`]. The store appends them to a
//! journal, and finally writes the manifest.
//!
//! ```
//! use std::path::Path;
//! use wandb_mirror::record::{Fingerprint, Header, RunRecord};
//! use wandb_mirror::{Disk, MirrorReader, Store};
//!
//! let folder = tempfile::tempdir()?;
//! let disk = Disk::open(folder.path())?.expect("no other process");
//! let mut store = Store::open(disk, Header::new("https://api.wandb.ai", "team/project"))?;
//! let run = wandb_core::model::Run::new("team", "project", "abc", "");
//! let mut record = RunRecord::new("abc", "abc", Fingerprint::of(&run));
//! record.row = Some(record.as_of);
//! store.append(&record, Some(r#"{"id":"abc"}"#))?;
//! store.write_run_tables()?;
//! store.finish()?;
//!
//! assert_eq!(MirrorReader::open(folder.path())?.ids(), ["abc"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod contents;
mod disk;
mod error;
mod gap;
mod index;
mod journal;
pub mod layout;
mod read;
pub mod record;
mod store;
mod table_file;
mod tables;
mod verify;

pub use contents::{Contents, Part, UnknownPart};
pub use disk::{Disk, NewFile, ParquetObject};
pub use error::{Error, Problem};
pub use gap::Gap;
pub use index::IndexEntry;
pub use read::{MirrorReader, MirroredFile, MirroredRows, MirroredRun, RowFilter, is_mirror};
pub use store::Store;
pub use table_file::TableFile;
pub use verify::Damages;
