//! What is asked for.

use std::fmt;

use super::KeyPath;
use crate::value::{Map, Value};

/// Changes to be made to a run, in order.
///
/// Each names its own place and leaves the rest alone. The same changes can be made again to another state of the run;
/// made twice they are as if made once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunChanges {
    pub(super) edits: Vec<Edit>,
}

/// What of a run is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunField {
    /// The hyperparameters.
    Config,
    /// The summary.
    Summary,
    /// The name shown in the app.
    Name,
    /// What the user wrote about it.
    Notes,
    /// The group.
    Group,
    /// The tags.
    Tags,
}

impl fmt::Display for RunField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Config => "config",
            Self::Summary => "summary",
            Self::Name => "name",
            Self::Notes => "notes",
            Self::Group => "group",
            Self::Tags => "tags",
        })
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Edit {
    /// Of config or summary; `None` takes the key out.
    Key {
        field: RunField,
        key: KeyPath,
        value: Option<Value>,
    },
    /// Of name, notes or group.
    Text {
        field: RunField,
        text: String,
    },
    Tags(Vec<String>),
    Tag {
        tag: String,
        wanted: bool,
    },
}

impl RunChanges {
    /// No changes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Sets a value of the summary. Objects on the way to it are made where they are missing.
    #[must_use]
    pub fn set_summary(self, key: impl Into<KeyPath>, value: impl Into<Value>) -> Self {
        self.key(RunField::Summary, key, Some(value.into()))
    }

    /// Takes a key out of the summary.
    #[must_use]
    pub fn remove_summary(self, key: impl Into<KeyPath>) -> Self {
        self.key(RunField::Summary, key, None)
    }

    /// Sets keys of the summary, each to its whole value, as `summary.update(dict)` does in Python.
    #[must_use]
    pub fn set_summary_entries(self, entries: Map) -> Self {
        entries.into_iter().fold(self, |changes, (key, value)| changes.set_summary(key, value))
    }

    /// Sets a value of the config. Its description stays.
    #[must_use]
    pub fn set_config(self, key: impl Into<KeyPath>, value: impl Into<Value>) -> Self {
        self.key(RunField::Config, key, Some(value.into()))
    }

    /// Takes a key out of the config.
    #[must_use]
    pub fn remove_config(self, key: impl Into<KeyPath>) -> Self {
        self.key(RunField::Config, key, None)
    }

    /// Sets keys of the config, each to its whole value, as `config.update(dict)` does in Python.
    #[must_use]
    pub fn set_config_entries(self, entries: Map) -> Self {
        entries.into_iter().fold(self, |changes, (key, value)| changes.set_config(key, value))
    }

    /// Sets the name shown in the app.
    #[must_use]
    pub fn set_name(self, name: impl Into<String>) -> Self {
        self.with(Edit::Text { field: RunField::Name, text: name.into() })
    }

    /// Sets the notes.
    #[must_use]
    pub fn set_notes(self, notes: impl Into<String>) -> Self {
        self.with(Edit::Text { field: RunField::Notes, text: notes.into() })
    }

    /// Sets the group.
    #[must_use]
    pub fn set_group(self, group: impl Into<String>) -> Self {
        self.with(Edit::Text { field: RunField::Group, text: group.into() })
    }

    /// Sets all the tags; those that are not among them go.
    #[must_use]
    pub fn set_tags<T: Into<String>>(self, tags: impl IntoIterator<Item = T>) -> Self {
        let mut unique = Vec::new();
        for tag in tags {
            let tag = tag.into();
            if !unique.contains(&tag) {
                unique.push(tag);
            }
        }
        self.with(Edit::Tags(unique))
    }

    /// Adds a tag, if the run does not have it.
    #[must_use]
    pub fn add_tag(self, tag: impl Into<String>) -> Self {
        self.with(Edit::Tag { tag: tag.into(), wanted: true })
    }

    /// Takes a tag away, if the run has it.
    #[must_use]
    pub fn remove_tag(self, tag: impl Into<String>) -> Self {
        self.with(Edit::Tag { tag: tag.into(), wanted: false })
    }

    fn key(self, field: RunField, key: impl Into<KeyPath>, value: Option<Value>) -> Self {
        self.with(Edit::Key { field, key: key.into(), value })
    }

    fn with(mut self, edit: Edit) -> Self {
        self.edits.push(edit);
        self
    }
}
