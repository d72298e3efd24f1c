//! What a path means when it does not say.

/// The entity and project of paths that name none.
///
/// An empty name counts as none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathDefaults {
    entity: Option<String>,
    project: Option<String>,
}

impl PathDefaults {
    /// The same defaults with this entity.
    #[must_use]
    pub fn with_entity(mut self, entity: impl Into<String>) -> Self {
        self.entity = Some(entity.into()).filter(|entity| !entity.is_empty());
        self
    }

    /// The same defaults with this project.
    #[must_use]
    pub fn with_project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into()).filter(|project| !project.is_empty());
        self
    }

    /// The entity, if one is known.
    pub fn entity(&self) -> Option<&str> {
        self.entity.as_deref()
    }

    /// The project, if one is known.
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }
}
