//! Paths of objects on a W&B server: `entity/project/run` and similar.
//!
//! Parsing has two steps, because the default entity may have to be requested from the server. A *partial* path holds
//! the parts given in the text, and `complete` fills in the rest from [`PathDefaults`].
//!
//! ```
//! use wandb_core::{PartialRunPath, PathDefaults, RunPath};
//!
//! let partial: PartialRunPath = "my project/1a2b3c".parse()?;
//! assert!(partial.needs_entity());
//! let path = partial.complete(&PathDefaults::default().with_entity("team"))?;
//! assert_eq!(path, RunPath::new("team", "my project", "1a2b3c")?);
//! assert_eq!(path.to_string(), "team/my project/1a2b3c");
//! # Ok::<(), wandb_core::PathError>(())
//! ```

mod app_link;
mod artifact;
mod artifact_uri;
mod defaults;
mod error;
mod item;
mod part;
mod project;
mod run;
mod sweep;

pub(crate) use artifact::registry_name;
pub use artifact::{ArtifactPath, PartialArtifactPath};
pub use artifact_uri::ArtifactUri;
pub use defaults::PathDefaults;
pub use error::{PathError, PathKind};
pub use project::{PartialProjectPath, ProjectPage, ProjectPath};
pub use run::{PartialRunPath, RunPath};
pub use sweep::{PartialSweepPath, SweepPath};

#[cfg(test)]
mod artifact_tests;
#[cfg(test)]
mod tests;
