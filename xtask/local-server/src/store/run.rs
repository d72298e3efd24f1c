//! The data of a run.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::export::Export;
use super::history::History;
use super::limits::RowLimits;
use crate::text;

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RunState {
    /// Sends heartbeats.
    Running,
    /// Ended with exit code 0.
    Finished,
    /// Ended with another exit code.
    Failed,
    /// Stopped sending heartbeats.
    Crashed,
    /// Stopped from outside.
    Killed,
    /// Created, but not started.
    Pending,
    /// About to lose its machine.
    Preempting,
    /// Lost its machine.
    Preempted,
}

impl RunState {
    /// Returns the word used in responses and filters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Crashed => "crashed",
            Self::Killed => "killed",
            Self::Pending => "pending",
            Self::Preempting => "preempting",
            Self::Preempted => "preempted",
        }
    }

    /// Parses the word used in responses and filters.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        serde_json::from_value(Value::String(word.to_owned())).ok()
    }
}

/// The metadata of a run, saved as `run.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RunFacts {
    /// Sequence number in the order of creation.
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) display_name: Option<String>,
    pub(crate) state: RunState,
    /// JSON text as received.
    pub(crate) config: String,
    /// JSON text as received.
    pub(crate) summary: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) notes: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) job_type: Option<String>,
    pub(crate) commit: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) program: Option<String>,
    pub(crate) sweep: Option<String>,
    pub(crate) user: String,
    pub(crate) created_at: Timestamp,
    pub(crate) heartbeat_at: Timestamp,
    pub(crate) exit_code: Option<i32>,
    #[serde(default)]
    pub(crate) stopped: bool,
}

/// A file of a run. Its bytes are in the blob store under [`blob_key`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileFacts {
    /// The reported size, by default that of the content.
    pub(crate) size: Option<u64>,
    /// The reported MD5 digest in base64; empty for none.
    pub(crate) md5: String,
    /// The MD5 digest that the storage reports, by default that of the content.
    pub(crate) stored_md5: String,
    /// The URL of the content, if it is stored elsewhere.
    pub(crate) reference: Option<String>,
    pub(crate) updated_at: Timestamp,
}

/// A run. Cheap to clone, since rows are shared.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) facts: RunFacts,
    pub(crate) history: Arc<History>,
    /// Rows of system metrics, which have no steps.
    pub(crate) events: Arc<History>,
    pub(crate) log: Arc<Vec<String>>,
    pub(crate) files: BTreeMap<String, FileFacts>,
    pub(crate) export: Option<Export>,
    pub(crate) limits: RowLimits,
    config: OnceLock<Arc<Value>>,
    summary: OnceLock<Arc<Value>>,
}

impl Run {
    pub(crate) fn new(entity: &str, project: &str, facts: RunFacts) -> Self {
        Self {
            entity: entity.to_owned(),
            project: project.to_owned(),
            facts,
            history: Arc::default(),
            events: Arc::default(),
            log: Arc::default(),
            files: BTreeMap::new(),
            export: None,
            limits: RowLimits::default(),
            config: OnceLock::new(),
            summary: OnceLock::new(),
        }
    }

    pub(crate) fn storage_id(&self) -> String {
        storage_id("Run:v1", &format!("{}:{}:{}", self.facts.name, self.project, self.entity))
    }

    pub(crate) fn set_config(&mut self, text: String) {
        self.facts.config = text;
        self.config = OnceLock::new();
    }

    pub(crate) fn set_summary(&mut self, text: String) {
        self.facts.summary = Some(text);
        self.summary = OnceLock::new();
    }

    /// Returns the parsed config, with its `{value, desc}` wrappers.
    pub(crate) fn config(&self) -> &Value {
        self.config.get_or_init(|| Arc::new(text::parse(&self.facts.config)))
    }

    /// Returns the parsed summary.
    pub(crate) fn summary(&self) -> &Value {
        self.summary.get_or_init(|| Arc::new(self.facts.summary.as_deref().map_or(Value::Null, text::parse)))
    }

    /// Returns the state. A running run without a heartbeat for `timeout` counts as crashed.
    pub(crate) fn state(&self, now: Timestamp, timeout: std::time::Duration) -> RunState {
        let silent = now.duration_since(self.facts.heartbeat_at);
        if self.facts.state == RunState::Running && silent.unsigned_abs() > timeout && silent.is_positive() {
            return RunState::Crashed;
        }
        self.facts.state
    }
}

/// Builds an opaque id as W&B does: base64 of a kind and a name.
pub(crate) fn storage_id(kind: &str, name: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("{kind}:{name}"))
}

/// The key of a run's file in the blob store.
pub(crate) fn blob_key(entity: &str, project: &str, run: &str, file: &str) -> String {
    format!("runs/{entity}/{project}/{run}/{file}")
}
