//! Updates a run: reads it, applies changes, writes it, and verifies the result.

use std::sync::Arc;
use std::time::Duration;

use wandb_core::model::RunState;
use wandb_core::update::{
    AppliedChanges, Change, ChangeError, ChangeStatus, KeyPath, RunChanges, RunDocument,
};
use wandb_core::{Map, Value};

use super::Api;
use crate::error::Error;
use crate::source::RunSource;

/// Changes to a run, to be saved.
///
/// A key is taken literally, even with dots in it. A list of keys leads into nested objects. Everything else stays
/// unchanged to the byte. W&B's own keys cannot be changed.
///
/// The server replaces config and summary as a whole, so two writers can undo each other's changes.
/// [`save`](Self::save) therefore reads the run, applies the changes, writes, waits for a moment and reads again. If
/// another writer has restored an older state, it applies the changes again on top of that.
///
/// Numbers that are not finite are written as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, as in W&B's
/// histories. The Python SDK turns NaN into null.
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// use wandb_export::model::Histogram;
///
/// let run = wandb_export::Api::connect()?.run("my-team/my-project/abc123").await?;
/// let errors = [0.1, 0.4, 0.2];
/// let updated = run
///     .update()
///     .summary("accuracy", 0.9)
///     .summary(["best", "loss"], 0.03)
///     .summary("errors", Histogram::from_values(&errors)?)
///     .config("key", 10)
///     .add_tag("checked")
///     .save()
///     .await?;
/// println!("{} things are different now", updated.changes.len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "changes are only sent when saved"]
pub struct Update {
    api: Api,
    source: Arc<dyn RunSource>,
    changes: RunChanges,
}

/// The result of saving changes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct UpdateReport {
    /// The changes compared with the state before. Empty if the run already matched; nothing was written then.
    pub changes: Vec<Change>,
    /// Changes that another writer replaced by other values in the meantime. They were not written again.
    pub overruled: Vec<Change>,
    /// How often another writer restored an older state, so that the changes were written again.
    pub reverted: u32,
    /// Whether the run is still running. Its own process may overwrite the changes at any time.
    pub is_running: bool,
}

/// Maximum number of writes before giving up.
const MAX_WRITES: u32 = 8;

/// The wait before verifying a change, as a multiple of the time that reading and writing took. A concurrent writer
/// that read before our write, and is up to this much slower, has then written too, and its write is detected.
const WAIT_FACTOR: u32 = 3;

/// Minimum wait before verifying a change.
const MIN_WAIT: Duration = Duration::from_millis(250);

/// Maximum wait before verifying a change, whatever the clock says.
const MAX_WAIT: Duration = Duration::from_secs(10);

impl Update {
    pub(super) fn new(api: Api, source: Arc<dyn RunSource>) -> Self {
        Self { api, source, changes: RunChanges::new() }
    }

    /// Replaces the changes.
    pub fn with(self, changes: RunChanges) -> Self {
        Self { changes, ..self }
    }

    /// Sets a summary value, like `run.summary[key] = value` in Python.
    pub fn summary(self, key: impl Into<KeyPath>, value: impl Into<Value>) -> Self {
        self.map(|changes| changes.set_summary(key, value))
    }

    /// Removes a summary key, like `del run.summary[key]` in Python.
    pub fn remove_summary(self, key: impl Into<KeyPath>) -> Self {
        self.map(|changes| changes.remove_summary(key))
    }

    /// Sets summary keys and replaces their values, like `run.summary.update(dict)` in Python.
    pub fn summary_entries(self, entries: Map) -> Self {
        self.map(|changes| changes.set_summary_entries(entries))
    }

    /// Sets a config value, like `run.config[key] = value` and `run.update()` in Python. Keeps the key's description.
    pub fn config(self, key: impl Into<KeyPath>, value: impl Into<Value>) -> Self {
        self.map(|changes| changes.set_config(key, value))
    }

    /// Removes a config key.
    pub fn remove_config(self, key: impl Into<KeyPath>) -> Self {
        self.map(|changes| changes.remove_config(key))
    }

    /// Sets config keys and replaces their values.
    pub fn config_entries(self, entries: Map) -> Self {
        self.map(|changes| changes.set_config_entries(entries))
    }

    /// Sets the display name.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.map(|changes| changes.set_name(name))
    }

    /// Sets the notes.
    pub fn notes(self, notes: impl Into<String>) -> Self {
        self.map(|changes| changes.set_notes(notes))
    }

    /// Sets the group.
    pub fn group(self, group: impl Into<String>) -> Self {
        self.map(|changes| changes.set_group(group))
    }

    /// Replaces all tags.
    pub fn tags<T: Into<String>>(self, tags: impl IntoIterator<Item = T>) -> Self {
        self.map(|changes| changes.set_tags(tags))
    }

    /// Adds a tag unless the run already has it.
    pub fn add_tag(self, tag: impl Into<String>) -> Self {
        self.map(|changes| changes.add_tag(tag))
    }

    /// Removes a tag if the run has it.
    pub fn remove_tag(self, tag: impl Into<String>) -> Self {
        self.map(|changes| changes.remove_tag(tag))
    }

    /// Compares with the current run and returns the changes that saving would make. Writes nothing.
    ///
    /// # Errors
    /// Same as for [`save`](Self::save).
    pub async fn preview(&self) -> Result<Vec<Change>, Error> {
        Ok(self.apply(&self.changes, &self.source.document().await?)?.changes)
    }

    /// Saves the changes and verifies them by reading the run back (query `RunDocument`, mutation `upsertBucket`).
    ///
    /// Writes are idempotent: they set absolute values. Even so, a write whose answer was lost is not simply retried.
    /// The run is read again, and only changes that are still missing are written, on top of its current state.
    ///
    /// # Errors
    /// - [`ErrorKind::Usage`](crate::ErrorKind::Usage) if the run is on disk.
    /// - [`ErrorKind::Unauthorized`](crate::ErrorKind::Unauthorized) if the key may not change the run.
    /// - [`Error::Change`] if a change does not fit the run.
    /// - [`Error::Unconfirmed`] if a change was written but the run could not be read back.
    /// - [`Error::ChangeReverted`] if another writer keeps undoing the changes.
    pub async fn save(self) -> Result<UpdateReport, Error> {
        let mut began = self.api.client.now();
        let mut state = self.source.document().await?;
        let mut wanted = self.changes.clone();
        let mut updated = UpdateReport {
            changes: self.apply(&wanted, &state)?.changes,
            overruled: Vec::new(),
            reverted: 0,
            is_running: state.state == Some(RunState::Running),
        };
        let mut doubt = None;
        for _ in 0..MAX_WRITES {
            let applied = self.apply(&wanted, &state)?;
            if applied.changes.is_empty() {
                return Ok(updated);
            }
            doubt = self.write(&applied, &state).await?;
            let took = self.api.client.now() - began;
            if applied.patch.replaces_a_whole() || doubt.is_some() {
                self.api.client.sleep((took * WAIT_FACTOR).clamp(MIN_WAIT, MAX_WAIT)).await;
            }
            began = self.api.client.now();
            state = self.source.document().await.map_err(|error| self.unconfirmed(error))?;
            let mut is_undone = false;
            for change in applied.changes {
                match change.status(&state).map_err(|source| self.unconfirmed(self.change_error(source)))? {
                    ChangeStatus::Holds => {}
                    ChangeStatus::Undone => is_undone = true,
                    ChangeStatus::Overruled => {
                        wanted = wanted.except(std::slice::from_ref(&change));
                        updated.overruled.push(change);
                    }
                }
            }
            if !is_undone {
                return Ok(updated);
            }
            // A write that may have failed does not count as undone by another writer.
            updated.reverted += u32::from(doubt.is_none());
        }
        match doubt {
            Some(error) => Err(self.unconfirmed(error)),
            None => {
                Err(Error::ChangeReverted { run: self.source.path().to_string(), times: updated.reverted })
            }
        }
    }

    /// Writes the changes. Returns the error if the write may have succeeded anyway.
    async fn write(&self, applied: &AppliedChanges, before: &RunDocument) -> Result<Option<Error>, Error> {
        if before.read_only == Some(true) {
            return Err(Error::ReadOnly { run: self.source.path().to_string() });
        }
        self.source.change(applied.patch.clone()).await
    }

    fn apply(&self, changes: &RunChanges, run: &RunDocument) -> Result<AppliedChanges, Error> {
        changes.apply(run).map_err(|source| self.change_error(source))
    }

    fn change_error(&self, source: ChangeError) -> Error {
        Error::Change { run: self.source.path().to_string(), source: Box::new(source) }
    }

    fn unconfirmed(&self, error: Error) -> Error {
        Error::Unconfirmed { run: self.source.path().to_string(), source: Box::new(error) }
    }

    fn map(self, change: impl FnOnce(RunChanges) -> RunChanges) -> Self {
        Self { changes: change(self.changes), ..self }
    }
}
