//! Runs to put into the store from Rust.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::run::RunState;

/// A run to put into the store with [`crate::Store::add_run`]. Start from [`NewRun::new`] and set what matters.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Owner of the project.
    pub entity: String,
    /// Name of the project; created if it is new.
    pub project: String,
    /// Run id, the last part of its path.
    pub name: String,
    /// Shown name.
    pub display_name: Option<String>,
    /// State; a running run is reported as crashed when it is silent for too long.
    pub state: RunState,
    /// JSON text of the config, sent as it is. [`NewRun::config`] wraps plain values.
    pub config: String,
    /// JSON text of the summary, sent as it is; may hold bare non-finite numbers.
    pub summary: Option<String>,
    /// JSON text per history row; may hold bare non-finite numbers. A row without `_step` follows the last one.
    pub history: Vec<String>,
    /// JSON text per row of system metrics.
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
    /// Username of the owner; the server's first user if absent.
    pub user: Option<String>,
    /// Creation time; now if absent.
    pub created_at: Option<Timestamp>,
    /// Last sign of life; now if absent.
    pub heartbeat_at: Option<Timestamp>,
}

impl NewRun {
    /// A finished run without any data.
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

    /// Adds history rows given as JSON values; use the field for text that is not strict JSON.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = Value>) -> Self {
        self.history.extend(rows.into_iter().map(|row| row.to_string()));
        self
    }
}
