//! Files of runs in a folder.
//!
//! Names come from the server and are not trusted: one that could lead out of the folder, that some system cannot hold, or
//! that some system takes for the name of another file is replaced by a safe one, and `wandb-export-names.json` in the
//! folder says which. What is not whole yet is under `.wandb-export` in the folder, from where a later download goes on. So
//! are notes on files whose entry in the server's list has no digest, or one that the storage denies.

mod content;
mod folder;
mod name;
mod names;
mod outcome;
mod partial;
mod receipt;

pub(crate) use content::{Content, Digest, digest};
pub(crate) use folder::{Folder, There};
#[cfg(feature = "mirror")]
pub(crate) use name::{is_safe, is_safe_component};
pub(crate) use names::Names;
pub use outcome::{Downloaded, Downloads, Existing, FailedDownload, Outcome};
pub(crate) use partial::PartialFile;
pub(crate) use receipt::{Listed, Receipt};
