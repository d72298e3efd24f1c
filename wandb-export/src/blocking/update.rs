//! Changes of a run.

use wandb_core::blocking::block_on;
use wandb_core::update::{Change, KeyPath, RunChanges};
use wandb_core::{Map, Value};

use crate::api::{self, Updated};
use crate::error::Error;

/// Changes to be made to a run. See the async [`Update`](crate::Update).
#[derive(Debug, Clone)]
#[must_use = "nothing is changed before it is saved"]
pub struct Update(api::Update);

impl Update {
    pub(super) fn new(update: api::Update) -> Self {
        Self(update)
    }

    /// The same run, with these changes instead.
    pub fn with(self, changes: RunChanges) -> Self {
        Self(self.0.with(changes))
    }

    /// Sets a value of the summary, as `run.summary[key] = value` does in Python.
    pub fn summary(self, key: impl Into<KeyPath>, value: impl Into<Value>) -> Self {
        Self(self.0.summary(key, value))
    }

    /// Takes a key out of the summary, as `del run.summary[key]` does in Python.
    pub fn remove_summary(self, key: impl Into<KeyPath>) -> Self {
        Self(self.0.remove_summary(key))
    }

    /// Sets keys of the summary, each to its whole value, as `run.summary.update(dict)` does in Python.
    pub fn summary_entries(self, entries: Map) -> Self {
        Self(self.0.summary_entries(entries))
    }

    /// Sets a value of the config, as `run.config[key] = value` and `run.update()` do in Python. Its description stays.
    pub fn config(self, key: impl Into<KeyPath>, value: impl Into<Value>) -> Self {
        Self(self.0.config(key, value))
    }

    /// Takes a key out of the config.
    pub fn remove_config(self, key: impl Into<KeyPath>) -> Self {
        Self(self.0.remove_config(key))
    }

    /// Sets keys of the config, each to its whole value.
    pub fn config_entries(self, entries: Map) -> Self {
        Self(self.0.config_entries(entries))
    }

    /// Sets the name that the app shows.
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

    /// Sets all the tags; those that are not among them go.
    pub fn tags<T: Into<String>>(self, tags: impl IntoIterator<Item = T>) -> Self {
        Self(self.0.tags(tags))
    }

    /// Adds a tag, if the run does not have it.
    pub fn add_tag(self, tag: impl Into<String>) -> Self {
        Self(self.0.add_tag(tag))
    }

    /// Takes a tag away, if the run has it.
    pub fn remove_tag(self, tag: impl Into<String>) -> Self {
        Self(self.0.remove_tag(tag))
    }

    /// What saving would change, going by what the run is now. Nothing is written.
    ///
    /// # Errors
    /// As for [`save`](Self::save).
    pub fn preview(&self) -> Result<Vec<Change>, Error> {
        block_on(self.0.preview())
    }

    /// Makes the changes and sees to it that they are there.
    ///
    /// # Errors
    /// As for the async form.
    pub fn save(self) -> Result<Updated, Error> {
        block_on(self.0.save())
    }
}
