//! A run.

use serde::Serialize;
use url::Url;

use super::{Config, HistoryKeys, RunState, Timestamp, User};
use crate::value::Map;
use crate::{BaseUrl, PathError, RunPath};

/// A run (`Run`), in full or in the light form that lists return by default.
///
/// The light form omits `config`, `summary`, `system_metrics` and `history_keys`: they are `None`, not empty. Lists
/// always omit `history_keys`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Run {
    /// The user or team that owns the project.
    pub entity: String,
    /// The name of the project.
    pub project: String,
    /// The run's id, the last part of its path (`name`).
    pub id: String,
    /// The id to use in changes to the run (`id`).
    pub storage_id: String,
    /// The name shown in the app (`displayName`).
    pub name: Option<String>,
    /// The state (`state`).
    pub state: Option<RunState>,
    /// The start time (`createdAt`).
    pub created_at: Option<Timestamp>,
    /// The time of the last heartbeat (`heartbeatAt`).
    pub heartbeat_at: Option<Timestamp>,
    /// The creator (`user`): username and name.
    pub user: Option<User>,
    /// The tags (`tags`).
    pub tags: Option<Vec<String>>,
    /// The group (`group`).
    pub group: Option<String>,
    /// The kind of job (`jobType`).
    pub job_type: Option<String>,
    /// The id of the sweep it belongs to (`sweepName`).
    pub sweep: Option<String>,
    /// The commit of the code (`commit`).
    pub commit: Option<String>,
    /// The user's notes (`notes`).
    pub notes: Option<String>,
    /// The field in which old SDKs stored name and notes (`description`).
    pub description: Option<String>,
    /// Whether the key lacks permission to change the run (`readOnly`).
    pub read_only: Option<bool>,
    /// The number of the project (`projectId`).
    pub project_id: Option<i64>,
    /// The number of history rows (`historyLineCount`).
    pub history_line_count: Option<u64>,
    /// The hyperparameters (`config`).
    pub config: Option<Config>,
    /// The last or best value of each metric (`summaryMetrics`).
    pub summary: Option<Map>,
    /// The last value of each system metric (`systemMetrics`).
    pub system_metrics: Option<Map>,
    /// The metrics of the history (`historyKeys`).
    pub history_keys: Option<HistoryKeys>,
    /// The fields that could not be parsed. They are `None`.
    #[serde(skip)]
    pub unreadable_fields: Vec<UnreadableField>,
}

/// A field of a run or an artifact that could not be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadableField {
    /// The name of the field, such as `config`.
    pub field: String,
    /// The reason.
    pub reason: String,
}

impl UnreadableField {
    /// Creates an unreadable field.
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
}

/// Formats as `config cannot be read: …`.
impl std::fmt::Display for UnreadableField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cannot be read: {}", self.field, self.reason)
    }
}

impl Run {
    /// Creates a run with only its path and storage id.
    pub fn new(
        entity: impl Into<String>,
        project: impl Into<String>,
        id: impl Into<String>,
        storage_id: impl Into<String>,
    ) -> Self {
        Self {
            entity: entity.into(),
            project: project.into(),
            id: id.into(),
            storage_id: storage_id.into(),
            name: None,
            state: None,
            created_at: None,
            heartbeat_at: None,
            user: None,
            tags: None,
            group: None,
            job_type: None,
            sweep: None,
            commit: None,
            notes: None,
            description: None,
            read_only: None,
            project_id: None,
            history_line_count: None,
            config: None,
            summary: None,
            system_metrics: None,
            history_keys: None,
            unreadable_fields: Vec::new(),
        }
    }

    /// Clears the fields that the light form omits.
    pub fn leave_out_details(&mut self) {
        self.config = None;
        self.summary = None;
        self.system_metrics = None;
        self.history_keys = None;
        self.unreadable_fields.clear();
    }

    /// The run's path.
    ///
    /// # Errors
    /// Fails if the server's id for it is not valid in a path.
    pub fn path(&self) -> Result<RunPath, PathError> {
        RunPath::new(&self.entity, &self.project, &self.id)
    }

    /// The URL of the run's page in the server's web app.
    ///
    /// # Errors
    /// Fails like [`path`](Self::path).
    pub fn url(&self, base: &BaseUrl) -> Result<Url, PathError> {
        Ok(self.path()?.app_url(base))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_run_serializes_omitted_fields_as_null() {
        let mut run = Run::new("team", "my project", "abc", "UnVuOjE=");
        run.state = Some("finished".into());
        run.tags = Some(vec!["a".to_owned()]);
        run.created_at = Some("2024-05-01T12:00:00".into());
        assert_eq!(
            serde_json::to_string(&run).unwrap(),
            concat!(
                r#"{"entity":"team","project":"my project","id":"abc","storage_id":"UnVuOjE=","name":null,"#,
                r#""state":"finished","created_at":"2024-05-01T12:00:00","heartbeat_at":null,"user":null,"#,
                r#""tags":["a"],"group":null,"job_type":null,"sweep":null,"commit":null,"notes":null,"#,
                r#""description":null,"read_only":null,"project_id":null,"history_line_count":null,"#,
                r#""config":null,"summary":null,"system_metrics":null,"history_keys":null}"#,
            ),
        );
    }

    #[test]
    fn url_is_the_app_page() {
        let run = Run::new("team", "my project", "abc", "");
        let base: BaseUrl = "https://wandb.example.org".parse().unwrap();
        assert_eq!(run.url(&base).unwrap().as_str(), "https://wandb.example.org/team/my%20project/runs/abc");
        assert!(Run::new("team", "p", "a/b", "").url(&base).is_err());
    }
}
