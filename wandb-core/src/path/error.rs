//! Why a text is not a path.

use std::fmt;

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathKind {
    /// A project of an entity.
    Project,
    /// A run of a project.
    Run,
    /// A sweep of a project.
    Sweep,
}

impl PathKind {
    /// The forms in which such a path may be written.
    pub(crate) fn forms(self) -> &'static str {
        match self {
            Self::Project => "entity/project, project, or the project's web address",
            Self::Run => {
                "entity/project/run, entity/project/runs/run, entity/project:run, project/run, project:run, run, or the run's web address"
            }
            Self::Sweep => {
                "entity/project/sweep, entity/project/sweeps/sweep, entity/project:sweep, project/sweep, project:sweep, sweep, or the sweep's web address"
            }
        }
    }

    /// The segment before its name in web addresses.
    pub(crate) fn segment(self) -> &'static str {
        match self {
            Self::Project => "projects",
            Self::Run => "runs",
            Self::Sweep => "sweeps",
        }
    }
}

impl fmt::Display for PathKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Project => "project",
            Self::Run => "run",
            Self::Sweep => "sweep",
        })
    }
}

/// Why a text is not the path of a run, project or sweep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The text has none of the accepted forms.
    #[error("{input:?} is not the path of a {kind}: {reason} (expected {forms})", forms = kind.forms())]
    Invalid {
        /// The text as given.
        input: String,
        /// What was looked for.
        kind: PathKind,
        /// What is wrong with it.
        reason: String,
    },
    /// The path names no entity, and no default is known.
    #[error("{input:?} names no entity; write entity/project/… or set WANDB_ENTITY")]
    MissingEntity {
        /// The path without an entity.
        input: String,
    },
    /// The path names no project, and no default is known.
    #[error("{input:?} names no project; write entity/project/… or set WANDB_PROJECT")]
    MissingProject {
        /// The path without a project.
        input: String,
    },
    /// A name cannot be part of a path.
    #[error("{name:?} cannot be the name of {part}: {reason}")]
    Part {
        /// Which part: an entity, a project, a run or a sweep.
        part: &'static str,
        /// The name as given.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}
