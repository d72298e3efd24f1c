//! The blocking form of an update.

use wandb_core::blocking::block_on;
use wandb_core::update::{Change, KeyPath, RunChanges};
use wandb_core::{Map, Value};

use crate::api::{self, UpdateReport};
use crate::error::Error;

/// Changes to a run, to be saved. See the async [`Update`](crate::Update).
#[derive(Debug, Clone)]
#[must_use = "changes are only sent when saved"]
pub struct Update(api::Update);

impl Update {
    pub(super) fn new(update: api::Update) -> Self {
        Self(update)
    }

    /// Replaces the changes.
    pub fn with(self, changes: RunChanges) -> Self {
        Self(self.0.with(changes))
    }

    /// Sets a summary value, like `run.summary[key] = value` in Python.
    pub fn summary(self, key: impl Into<KeyPath>, value: impl Into<Value>) -> Self {
        Self(self.0.summary(key, value))
    }

    /// Removes a summary key, like `del run.summary[key]` in Python.
    pub fn remove_summary(self, key: impl Into<KeyPath>) -> Self {
        Self(self.0.remove_summary(key))
    }

    /// Sets summary keys and replaces their values, like `run.summary.update(dict)` in Python.
    pub fn summary_entries(self, entries: Map) -> Self {
        Self(self.0.summary_entries(entries))
    }

    /// Sets a config value, like `run.config[key] = value` and `run.update()` in Python. Keeps the key's description.
    pub fn config(self, key: impl Into<KeyPath>, value: impl Into<Value>) -> Self {
        Self(self.0.config(key, value))
    }

    /// Removes a config key.
    pub fn remove_config(self, key: impl Into<KeyPath>) -> Self {
        Self(self.0.remove_config(key))
    }

    /// Sets config keys and replaces their values.
    pub fn config_entries(self, entries: Map) -> Self {
        Self(self.0.config_entries(entries))
    }

    /// Sets the display name.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self(self.0.name(name))
    }

    /// Sets the notes.
    pub fn notes(self, notes: impl Into<String>) -> Self {
        Self(self.0.notes(notes))
    }

    /// Sets the group.
    pub fn group(self, group: impl Into<String>) -> Self {
        Self(self.0.group(group))
    }

    /// Replaces all tags.
    pub fn tags<T: Into<String>>(self, tags: impl IntoIterator<Item = T>) -> Self {
        Self(self.0.tags(tags))
    }

    /// Adds a tag unless the run already has it.
    pub fn add_tag(self, tag: impl Into<String>) -> Self {
        Self(self.0.add_tag(tag))
    }

    /// Removes a tag if the run has it.
    pub fn remove_tag(self, tag: impl Into<String>) -> Self {
        Self(self.0.remove_tag(tag))
    }

    /// Compares with the current run and returns the changes that saving would make. Writes nothing.
    ///
    /// # Errors
    /// Same as for [`save`](Self::save).
    pub fn preview(&self) -> Result<Vec<Change>, Error> {
        block_on(self.0.preview())
    }

    /// Saves the changes and verifies them by reading the run back.
    ///
    /// # Errors
    /// Same as for the async [`save`](crate::Update::save).
    pub fn save(self) -> Result<UpdateReport, Error> {
        block_on(self.0.save())
    }
}
