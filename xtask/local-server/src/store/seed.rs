//! Builds runs to add to the store.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::run::RunState;

/// A run to add with [`crate::Store::add_run`]. Start from [`NewRun::new`] and set fields.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Owner of the project.
    pub entity: String,
    /// Name of the project, which is created if it does not exist.
    pub project: String,
    /// Run id, the last part of its path.
    pub name: String,
    /// Display name.
    pub display_name: Option<String>,
    /// State. A running run without a heartbeat for too long is reported as crashed.
    pub state: RunState,
    /// JSON text of the config, sent unchanged. [`NewRun::config`] wraps plain values.
    pub config: String,
    /// JSON text of the summary, sent unchanged. May contain bare non-finite numbers.
    pub summary: Option<String>,
    /// JSON text of each history row. May contain bare non-finite numbers. A row without `_step` gets the step after
    /// the last one.
    pub history: Vec<String>,
    /// JSON text of each row of system metrics.
    pub events: Vec<String>,
    /// Lines of console output, each `[ERROR ]TIMESTAMP text`.
    pub log: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Notes.
    pub notes: Option<String>,
    /// Group.
    pub group: Option<String>,
    /// Job type.
    pub job_type: Option<String>,
    /// Id of the sweep the run belongs to.
    pub sweep: Option<String>,
    /// Username of the owner. Default: the server's first user.
    pub user: Option<String>,
    /// Creation time. Default: now.
    pub created_at: Option<Timestamp>,
    /// Last heartbeat. Default: the creation time, or now.
    pub heartbeat_at: Option<Timestamp>,
}

impl NewRun {
    /// Creates a finished run without data.
    pub fn new(entity: &str, project: &str, name: &str) -> Self {
        Self {
            entity: entity.to_owned(),
            project: project.to_owned(),
            name: name.to_owned(),
            display_name: Some(name.to_owned()),
            state: RunState::Finished,
            config: "{}".to_owned(),
            summary: None,
            history: Vec::new(),
            events: Vec::new(),
            log: Vec::new(),
            tags: Vec::new(),
            notes: None,
            group: None,
            job_type: None,
            sweep: None,
            user: None,
            created_at: None,
            heartbeat_at: None,
        }
    }

    /// Sets the config from an object of plain values, each wrapped as `{"value": …, "desc": null}`.
    #[must_use]
    pub fn config(mut self, values: &Value) -> Self {
        let wrapped: serde_json::Map<String, Value> = values
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), json!({ "value": value, "desc": null })))
            .collect();
        self.config = Value::Object(wrapped).to_string();
        self
    }

    /// Sets the summary.
    #[must_use]
    pub fn summary(mut self, summary: &Value) -> Self {
        self.summary = Some(summary.to_string());
        self
    }

    /// Adds history rows as JSON values. For text that is not strict JSON, set the field.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = Value>) -> Self {
        self.history.extend(rows.into_iter().map(|row| row.to_string()));
        self
    }
}
