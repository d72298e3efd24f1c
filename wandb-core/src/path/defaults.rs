//! Defaults for incomplete paths.

/// The entity and project of paths that do not name them.
///
/// An empty name counts as none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathDefaults {
    entity: Option<String>,
    project: Option<String>,
}

impl PathDefaults {
    /// Sets the default entity.
    #[must_use]
    pub fn with_entity(mut self, entity: impl Into<String>) -> Self {
        self.entity = Some(entity.into()).filter(|entity| !entity.is_empty());
        self
    }

    /// Sets the default project.
    #[must_use]
    pub fn with_project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into()).filter(|project| !project.is_empty());
        self
    }

    /// The default entity, if known.
    pub fn entity(&self) -> Option<&str> {
        self.entity.as_deref()
    }

    /// The default project, if known.
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }
}
