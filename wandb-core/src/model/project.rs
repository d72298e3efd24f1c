//! What runs are grouped in.

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
    /// When it was made (`createdAt`).
    pub created_at: Option<Timestamp>,
    /// Whether it is a public benchmark (`isBenchmark`).
    pub is_benchmark: Option<bool>,
    /// Who made it (`user`).
    pub user: Option<User>,
}

impl Project {
    /// A project of which only its names are known.
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

    /// Where the project is.
    ///
    /// # Errors
    /// If the server gave it a name that no path can hold.
    pub fn path(&self) -> Result<ProjectPath, PathError> {
        ProjectPath::new(&self.entity, &self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_knows_its_path_unless_its_name_is_impossible() {
        let project = Project::new("team", "my project", "UHJvamVjdDox");
        assert_eq!(project.path().unwrap().to_string(), "team/my project");
        assert!(Project::new("team", "a/b", "").path().is_err());
    }
}
