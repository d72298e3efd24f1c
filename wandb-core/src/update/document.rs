//! What of a run can be changed.

use crate::model::RunState;

/// What of a run can be changed, as the server keeps it: config and summary as text.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RunDocument {
    /// The id that changes take (`id`).
    pub storage_id: String,
    /// What the run is doing (`state`). The process of one that is running may undo a change.
    pub state: Option<RunState>,
    /// Whether the key may not change it (`readOnly`).
    pub read_only: Option<bool>,
    /// The name shown in the app (`displayName`).
    pub name: Option<String>,
    /// What the user wrote about it (`notes`).
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
    /// A run without anything.
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

/// The fields of a run that are written; what is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunPatch {
    /// The run (`id`).
    pub storage_id: String,
    /// The name shown in the app (`displayName`).
    pub name: Option<String>,
    /// What the user writes about it (`notes`).
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
    /// A patch that changes nothing.
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

    /// What leads from `before` to `after`.
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

    /// Whether something is written as a whole of which others may change another part meanwhile.
    pub fn replaces_a_whole(&self) -> bool {
        self.tags.is_some() || self.config.is_some() || self.summary.is_some()
    }
}
