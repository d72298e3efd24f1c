//! The changeable state of a run.

use crate::model::RunState;

/// The fields of a run that can be changed, in the server's form: config and summary as text.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RunDocument {
    /// The id to use in changes (`id`).
    pub storage_id: String,
    /// The state (`state`). The process of a running run may undo a change.
    pub state: Option<RunState>,
    /// Whether the key lacks permission to change the run (`readOnly`).
    pub read_only: Option<bool>,
    /// The name shown in the app (`displayName`).
    pub name: Option<String>,
    /// The user's notes (`notes`).
    pub notes: Option<String>,
    /// The group (`group`).
    pub group: Option<String>,
    /// The tags (`tags`).
    pub tags: Option<Vec<String>>,
    /// The JSON text `{KEY: {"value": …, "desc": …}}` (`config`); may be empty.
    pub config: String,
    /// The JSON text `{KEY: …}` (`summaryMetrics`); may be empty.
    pub summary: String,
}

impl RunDocument {
    /// Creates a run with only its storage id.
    pub fn new(storage_id: impl Into<String>) -> Self {
        Self {
            storage_id: storage_id.into(),
            state: None,
            read_only: None,
            name: None,
            notes: None,
            group: None,
            tags: None,
            config: String::new(),
            summary: String::new(),
        }
    }
}

/// The fields of a run to write. Those that are `None` are left unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunPatch {
    /// The run (`id`).
    pub storage_id: String,
    /// The name shown in the app (`displayName`).
    pub name: Option<String>,
    /// The user's notes (`notes`).
    pub notes: Option<String>,
    /// The group (`groupName`).
    pub group: Option<String>,
    /// All the tags (`tags`).
    pub tags: Option<Vec<String>>,
    /// The whole config (`config`).
    pub config: Option<String>,
    /// The whole summary (`summaryMetrics`).
    pub summary: Option<String>,
}

impl RunPatch {
    /// Creates a patch that changes nothing.
    pub fn new(storage_id: impl Into<String>) -> Self {
        Self {
            storage_id: storage_id.into(),
            name: None,
            notes: None,
            group: None,
            tags: None,
            config: None,
            summary: None,
        }
    }

    /// Returns the patch from `before` to `after`.
    pub(super) fn between(before: &RunDocument, after: &RunDocument) -> Self {
        fn changed<T: PartialEq + Clone>(before: &T, after: &T) -> Option<T> {
            (before != after).then(|| after.clone())
        }
        Self {
            storage_id: before.storage_id.clone(),
            name: changed(&before.name, &after.name).flatten(),
            notes: changed(&before.notes, &after.notes).flatten(),
            group: changed(&before.group, &after.group).flatten(),
            tags: changed(&before.tags, &after.tags).flatten(),
            config: changed(&before.config, &after.config),
            summary: changed(&before.summary, &after.summary),
        }
    }

    /// Returns true if a field is replaced as a whole, parts of which another writer may change concurrently.
    pub fn replaces_a_whole(&self) -> bool {
        self.tags.is_some() || self.config.is_some() || self.summary.is_some()
    }
}
