//! Downloaded files in a local folder.
//!
//! File names come from the server and are not trusted. A name is replaced by a safe one if it could escape
//! the folder, is invalid on some system, or collides with another file's name on some system.
//! `wandb-export-names.json` in the folder maps the original names to the replacements.
//!
//! Partial downloads are stored in `.wandb-export` inside the folder, so that a later download can resume
//! them. The same directory holds receipts for files whose list entry has no digest or one that contradicts
//! the storage.

mod content;
mod folder;
mod names;
mod outcome;
mod partial;

pub(crate) use content::Content;
pub(crate) use folder::{DownloadFolder, ExistingEntry};
pub(crate) use names::Names;
pub use outcome::{
    ArtifactDownloads, DownloadOutcome, DownloadedFile, Downloads, ExistingFilePolicy, FailedDownload,
    UnfetchedReference,
};
pub(crate) use partial::PartialFile;
