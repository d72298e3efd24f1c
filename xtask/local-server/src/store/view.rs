//! The data of saved views: reports and workspaces.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A saved view of a project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct View {
    pub(crate) number: u64,
    /// `runs` for reports, `project-view` for workspaces.
    pub(crate) kind: String,
    /// Internal name.
    pub(crate) name: String,
    /// Title.
    pub(crate) display_name: String,
    pub(crate) description: String,
    /// JSON text.
    pub(crate) spec: String,
    /// User name of the author.
    pub(crate) user: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A saved view to add with [`crate::Store::add_view`].
#[derive(Debug, Clone)]
pub struct NewView {
    /// Owner of the project.
    pub entity: String,
    /// Name of the project, which is created if it does not exist.
    pub project: String,
    /// `runs` for a report, `project-view` for a workspace.
    pub kind: String,
    /// Title.
    pub display_name: String,
    /// Free text.
    pub description: String,
    /// Content as JSON text.
    pub spec: String,
    /// User name of the author.
    pub user: String,
}

impl NewView {
    /// Creates a report without blocks.
    pub fn report(entity: &str, project: &str, title: &str) -> Self {
        Self {
            entity: entity.to_owned(),
            project: project.to_owned(),
            kind: "runs".to_owned(),
            display_name: title.to_owned(),
            description: String::new(),
            spec: r#"{"version":5,"blocks":[]}"#.to_owned(),
            user: "local-user".to_owned(),
        }
    }

    pub(crate) fn into_view(self, number: u64) -> View {
        let now = Timestamp::now();
        View {
            number,
            kind: self.kind,
            name: format!("{number:012x}"),
            display_name: self.display_name,
            description: self.description,
            spec: self.spec,
            user: self.user,
            created_at: now,
            updated_at: now,
        }
    }
}
