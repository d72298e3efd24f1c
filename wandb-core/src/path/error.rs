//! Errors of parsing paths.

use std::fmt;

/// The kind of object at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathKind {
    /// A project of an entity.
    Project,
    /// A run of a project.
    Run,
    /// A sweep of a project.
    Sweep,
    /// A version of an artifact of a project.
    Artifact,
}

impl PathKind {
    /// The accepted notations.
    pub(crate) fn forms(self) -> &'static str {
        match self {
            Self::Project => "entity/project, project, or the project's web address",
            Self::Run => {
                "entity/project/run, entity/project/runs/run, entity/project:run, project/run, project:run, run, or the run's web address"
            }
            Self::Sweep => {
                "entity/project/sweep, entity/project/sweeps/sweep, entity/project:sweep, project/sweep, project:sweep, sweep, or the sweep's web address"
            }
            Self::Artifact => {
                "entity/project/name:alias, project/name:alias, name:alias, organization/wandb-registry-NAME/collection:alias, or the artifact's web address; the alias is a version such as v3, an alias, or a digest"
            }
        }
    }

    /// The segment before the name in URLs.
    pub(crate) fn segment(self) -> &'static str {
        match self {
            Self::Project => "projects",
            Self::Run => "runs",
            Self::Sweep => "sweeps",
            Self::Artifact => "artifacts",
        }
    }
}

impl fmt::Display for PathKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Project => "project",
            Self::Run => "run",
            Self::Sweep => "sweep",
            Self::Artifact => "artifact",
        })
    }
}

/// The text is not the path of a run, project, sweep or artifact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The text has none of the accepted notations.
    #[error("{input:?} is not the path of a {kind}: {reason} (expected {forms})", forms = kind.forms())]
    Invalid {
        /// The text as given.
        input: String,
        /// The expected kind of path.
        kind: PathKind,
        /// The reason.
        reason: String,
    },
    /// The path has no entity, and there is no default.
    #[error("{input:?} names no entity; write entity/project/… or set WANDB_ENTITY")]
    MissingEntity {
        /// The path without an entity.
        input: String,
    },
    /// The path has no project, and there is no default.
    #[error("{input:?} names no project; write entity/project/… or set WANDB_PROJECT")]
    MissingProject {
        /// The path without a project.
        input: String,
    },
    /// A name is not valid in a path.
    #[error("{name:?} cannot be the name of {part}: {reason}")]
    Part {
        /// The part: an entity, a project, a run, a sweep, an artifact or an alias.
        part: &'static str,
        /// The name as given.
        name: String,
        /// The reason.
        reason: &'static str,
    },
}
