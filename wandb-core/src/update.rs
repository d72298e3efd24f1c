//! Changes of a run as pure values: the requested edits, the run before and after, and whether a change persists.
//!
//! The server stores config and summary as JSON text and replaces them as a whole. [`RunChanges`] edits that text in
//! place, so that everything else in it is preserved byte for byte.
//!
//! ```
//! use wandb_core::update::{RunChanges, RunDocument};
//!
//! let mut run = RunDocument::new("UnVuOjE=");
//! run.summary = r#"{"loss": 1e-3, "best": {"step": 7}, "_wandb": {"runtime": 12}}"#.to_owned();
//! let applied = RunChanges::new().set_summary("loss", 0.5).set_summary(["best", "acc"], 0.9).apply(&run)?;
//! assert_eq!(
//!     applied.document.summary,
//!     r#"{"loss": 0.5, "best": {"step": 7, "acc": 0.9}, "_wandb": {"runtime": 12}}"#,
//! );
//! # Ok::<(), wandb_core::update::ChangeError>(())
//! ```

mod apply;
mod changes;
mod config;
mod document;
mod error;
mod key_path;
mod object_text;
mod scan;

#[cfg(test)]
mod tests;

pub use apply::{AppliedChanges, Change, ChangeStatus};
pub use changes::{RunChanges, RunField};
pub use document::{RunDocument, RunPatch};
pub use error::ChangeError;
pub use key_path::KeyPath;
