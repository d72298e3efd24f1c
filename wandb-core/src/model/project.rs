//! Projects.

use serde::Serialize;

use super::{Timestamp, User};
use crate::{PathError, ProjectPath};

/// A project (`Project`).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Project {
    /// The user or team that owns it (`entityName`).
    pub entity: String,
    /// The name (`name`), unique for the entity.
    pub name: String,
    /// The storage id (`id`).
    pub id: String,
    /// The time of creation (`createdAt`).
    pub created_at: Option<Timestamp>,
    /// Whether it is a public benchmark (`isBenchmark`).
    pub is_benchmark: Option<bool>,
    /// The creator (`user`).
    pub user: Option<User>,
}

impl Project {
    /// Creates a project with only its names and id.
    pub fn new(entity: impl Into<String>, name: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            entity: entity.into(),
            name: name.into(),
            id: id.into(),
            created_at: None,
            is_benchmark: None,
            user: None,
        }
    }

    /// The project's path.
    ///
    /// # Errors
    /// Fails if the server's name for it is not valid in a path.
    pub fn path(&self) -> Result<ProjectPath, PathError> {
        ProjectPath::new(&self.entity, &self.name)
    }
}
