//! Saved views of projects: reports and workspaces.

use serde::Serialize;
use url::Url;

use super::{Timestamp, User};
use crate::value::{Value, ValueError};
use crate::{BaseUrl, PathError, ProjectPath};

/// A saved view of a project (`View`): a report or a workspace.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct View {
    /// The user or team that owns the project.
    pub entity: String,
    /// The name of the project.
    pub project: String,
    /// The storage id (`id`).
    pub id: String,
    /// The internal name (`name`), which the app puts into the URLs of workspaces.
    pub name: Option<String>,
    /// The title (`displayName`).
    pub display_name: Option<String>,
    /// The user's description (`description`).
    pub description: Option<String>,
    /// The author (`user`).
    pub user: Option<User>,
    /// The time of creation (`createdAt`).
    pub created_at: Option<Timestamp>,
    /// The time of the last change (`updatedAt`).
    pub updated_at: Option<Timestamp>,
    /// The URL of a preview image (`previewUrl`).
    pub preview_url: Option<String>,
    /// The content as JSON text (`spec`); see [`content`](Self::content).
    pub spec: Option<String>,
}

/// The kind of a saved view (`viewType`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ViewKind {
    /// A report. The Python SDK requests them as `runs`.
    #[default]
    Report,
    /// The unpublished changes of a report. The Python package `wandb-workspaces` saves them as `runs/draft`.
    Draft,
    /// A saved view of a project's workspace, which `wandb-workspaces` requests as `project-view`.
    Workspace,
}

impl ViewKind {
    /// The server's name for it.
    pub fn view_type(self) -> &'static str {
        match self {
            Self::Report => "runs",
            Self::Draft => "runs/draft",
            Self::Workspace => "project-view",
        }
    }
}

impl View {
    /// Creates a view with only its project and storage id.
    pub fn new(entity: impl Into<String>, project: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            entity: entity.into(),
            project: project.into(),
            id: id.into(),
            name: None,
            display_name: None,
            description: None,
            user: None,
            created_at: None,
            updated_at: None,
            preview_url: None,
            spec: None,
        }
    }

    /// The title: the display name, else the internal name, else the id.
    pub fn title(&self) -> &str {
        let given = [&self.display_name, &self.name].into_iter().flatten();
        given.map(String::as_str).find(|name| !name.is_empty()).unwrap_or(&self.id)
    }

    /// Parses the content; null if there is none.
    ///
    /// # Errors
    /// Fails if it is not JSON.
    ///
    /// ```
    /// use wandb_core::model::View;
    ///
    /// let mut view = View::new("team", "project", "Vmlldzox");
    /// view.spec = Some(r#"{"version": 5, "blocks": []}"#.to_owned());
    /// assert_eq!(view.content()?.get("version").and_then(|version| version.as_i64()), Some(5));
    /// # Ok::<(), wandb_core::ValueError>(())
    /// ```
    pub fn content(&self) -> Result<Value, ValueError> {
        match &self.spec {
            Some(spec) => Value::parse(spec.as_bytes()),
            None => Ok(Value::Null),
        }
    }

    /// The name of a report's page: the words of its title and its id, `TITLE--ID`, as in the Python SDK
    /// (`BetaReport.url`).
    pub fn page_name(&self) -> String {
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let words = self.title().split(|letter| !is_word(letter)).filter(|word| !word.is_empty());
        format!("{}--{}", words.collect::<Vec<_>>().join("-"), self.id.replace('=', ""))
    }

    /// The URL of a report's page in the server's web app.
    ///
    /// # Errors
    /// Fails if the server's name of the project is not valid in a path.
    pub fn report_url(&self, base: &BaseUrl) -> Result<Url, PathError> {
        let path = ProjectPath::new(&self.entity, &self.project)?;
        Ok(base.app_page([path.entity(), path.project(), "reports", &self.page_name()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_has_the_words_of_the_title_and_the_id() {
        let base: BaseUrl = "https://wandb.example.org".parse().unwrap();
        let mut view = View::new("team", "my project", "Vmlldzox==");
        view.display_name = Some("-- Größe: 50% / done!".to_owned());
        assert_eq!(
            view.report_url(&base).unwrap().as_str(),
            "https://wandb.example.org/team/my%20project/reports/Gr%C3%B6%C3%9Fe-50-done--Vmlldzox"
        );
    }

    #[test]
    fn title_is_the_first_name_available() {
        let mut view = View::new("team", "project", "Vmlldzox");
        assert_eq!(view.title(), "Vmlldzox");
        view.name = Some("nw-abc-v".to_owned());
        assert_eq!(view.title(), "nw-abc-v");
        view.display_name = Some("Results".to_owned());
        assert_eq!(view.title(), "Results");
        view.display_name = Some(String::new());
        assert_eq!(view.title(), "nw-abc-v");
    }

    #[test]
    fn content_is_parsed_json() {
        let mut view = View::new("team", "project", "Vmlldzox");
        assert_eq!(view.content(), Ok(Value::Null));
        view.spec = Some("{".to_owned());
        assert!(view.content().is_err());
    }
}
