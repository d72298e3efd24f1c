//! Requested changes.

use std::fmt;

use super::KeyPath;
use crate::value::{Map, Value};

/// Changes to be applied to a run, in order.
///
/// Each changes only its field and key. The same changes can be applied to another state of the run, and applying
/// them twice has the same effect as once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunChanges {
    pub(super) edits: Vec<Edit>,
}

/// A field of a run that can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunField {
    /// The hyperparameters.
    Config,
    /// The summary.
    Summary,
    /// The name shown in the app.
    Name,
    /// The user's notes.
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
    /// Sets or, with `None`, removes a key of config or summary.
    Key {
        field: RunField,
        key: KeyPath,
        value: Option<Value>,
    },
    /// Sets name, notes or group.
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
    /// Creates an empty set of changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns true if there are no changes.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Sets a value of the summary, creating missing objects on its path.
    #[must_use]
    pub fn set_summary(self, key: impl Into<KeyPath>, value: impl Into<Value>) -> Self {
        self.key(RunField::Summary, key, Some(value.into()))
    }

    /// Removes a key from the summary.
    #[must_use]
    pub fn remove_summary(self, key: impl Into<KeyPath>) -> Self {
        self.key(RunField::Summary, key, None)
    }

    /// Sets keys of the summary to whole values, like `summary.update(dict)` in Python.
    #[must_use]
    pub fn set_summary_entries(self, entries: Map) -> Self {
        entries.into_iter().fold(self, |changes, (key, value)| changes.set_summary(key, value))
    }

    /// Sets a value of the config. Its description is kept.
    #[must_use]
    pub fn set_config(self, key: impl Into<KeyPath>, value: impl Into<Value>) -> Self {
        self.key(RunField::Config, key, Some(value.into()))
    }

    /// Removes a key from the config.
    #[must_use]
    pub fn remove_config(self, key: impl Into<KeyPath>) -> Self {
        self.key(RunField::Config, key, None)
    }

    /// Sets keys of the config to whole values, like `config.update(dict)` in Python.
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

    /// Replaces all tags.
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

    /// Removes a tag, if the run has it.
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
