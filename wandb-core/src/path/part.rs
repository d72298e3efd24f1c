//! Validation of the names in paths.

use super::app_link;
use super::error::{PathError, PathKind};

/// The position of a name in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Entity,
    Of(PathKind),
}

impl Part {
    fn description(self) -> &'static str {
        match self {
            Self::Entity => "an entity",
            Self::Of(PathKind::Project) => "a project",
            Self::Of(PathKind::Run) => "a run",
            Self::Of(PathKind::Sweep) => "a sweep",
            Self::Of(PathKind::Artifact) => "an artifact",
        }
    }

    /// Accepts a name if it can be printed in a path and parsed again. Whether the name exists is up to the server.
    pub(super) fn check(self, name: impl Into<String>) -> Result<String, PathError> {
        let name = name.into();
        let reason = if name.is_empty() {
            "it is empty"
        } else if name.contains('/') {
            "it holds a slash"
        } else if name.chars().any(char::is_control) {
            "it holds a control character"
        } else if name.trim().len() != name.len() {
            "it begins or ends with a space"
        } else if self == Self::Entity && app_link::is_app_host(&name) {
            "it is the host of the W&B app"
        } else {
            return Ok(name);
        };
        Err(PathError::Part { part: self.description(), name, reason })
    }
}
