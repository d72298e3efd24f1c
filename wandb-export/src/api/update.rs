//! Changes of a run: read, changed, written, and seen to be there.

use std::time::Duration;

use wandb_core::model::RunState;
use wandb_core::update::{Applied, Change, ChangeError, KeyPath, RunChanges, RunDocument, Standing};
use wandb_core::{Map, RunPath, Value};
use wandb_graphql::ops::{GetRunDocument, UpdateRun};

use super::Api;
use crate::error::Error;

/// Changes to be made to a run.
///
/// A key is taken literally, whatever is in it; a list of keys leads into objects. What is not named stays as it is, to
/// the byte, and W&B's own keys are refused.
///
/// The server takes config and summary only as a whole, so two writers can undo each other. [`save`](Self::save)
/// therefore reads what is there, changes it, writes it, waits for a moment and reads again. Where another writer has
/// put back an older state, the change is made once more on top of what is there then.
///
/// Numbers that are not finite are written as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, as W&B has them in
/// histories; the Python SDK turns NaN into null.
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
#[must_use = "nothing is changed before it is saved"]
pub struct Update {
    api: Api,
    path: RunPath,
    changes: RunChanges,
    is_on_disk: bool,
}

/// What has become of changes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Updated {
    /// What is different from before. Empty if everything was so already; nothing was written then.
    pub changes: Vec<Change>,
    /// Those of the changes in whose place another writer has put something else meanwhile. They were left alone.
    pub overruled: Vec<Change>,
    /// How often another writer had put back an older state, so that the changes were made again.
    pub undone: u32,
    /// Whether the run is still running: its own process may write what it remembers at any time.
    pub is_running: bool,
}

/// So often is written before it is given up.
const MOST_WRITES: u32 = 8;

/// The wait before the look whether a change is there is so many times as long as it took to read and write. Another
/// writer that had read before our write, and is at most this much slower, has written by then, and is seen.
const PATIENCE: u32 = 3;

/// It is at least so long.
const SHORTEST_WAIT: Duration = Duration::from_millis(250);

/// And at most so long, whatever the clock says.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

impl Update {
    pub(crate) fn new(api: Api, path: RunPath) -> Self {
        Self { api, path, changes: RunChanges::new(), is_on_disk: false }
    }

    /// The same for a run on disk, which cannot be changed.
    pub(super) fn refused(self) -> Self {
        Self { is_on_disk: true, ..self }
    }

    /// The same run, with these changes instead.
    pub fn with(self, changes: RunChanges) -> Self {
        Self { changes, ..self }
    }

    /// Sets a value of the summary, as `run.summary[key] = value` does in Python.
    pub fn summary(self, key: impl Into<KeyPath>, value: impl Into<Value>) -> Self {
        self.map(|changes| changes.set_summary(key, value))
    }

    /// Takes a key out of the summary, as `del run.summary[key]` does in Python.
    pub fn remove_summary(self, key: impl Into<KeyPath>) -> Self {
        self.map(|changes| changes.remove_summary(key))
    }

    /// Sets keys of the summary, each to its whole value, as `run.summary.update(dict)` does in Python.
    pub fn summary_entries(self, entries: Map) -> Self {
        self.map(|changes| changes.set_summary_entries(entries))
    }

    /// Sets a value of the config, as `run.config[key] = value` and `run.update()` do in Python. Its description stays.
    pub fn config(self, key: impl Into<KeyPath>, value: impl Into<Value>) -> Self {
        self.map(|changes| changes.set_config(key, value))
    }

    /// Takes a key out of the config.
    pub fn remove_config(self, key: impl Into<KeyPath>) -> Self {
        self.map(|changes| changes.remove_config(key))
    }

    /// Sets keys of the config, each to its whole value.
    pub fn config_entries(self, entries: Map) -> Self {
        self.map(|changes| changes.set_config_entries(entries))
    }

    /// Sets the name that the app shows.
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

    /// Sets all the tags; those that are not among them go.
    pub fn tags<T: Into<String>>(self, tags: impl IntoIterator<Item = T>) -> Self {
        self.map(|changes| changes.set_tags(tags))
    }

    /// Adds a tag, if the run does not have it.
    pub fn add_tag(self, tag: impl Into<String>) -> Self {
        self.map(|changes| changes.add_tag(tag))
    }

    /// Takes a tag away, if the run has it.
    pub fn remove_tag(self, tag: impl Into<String>) -> Self {
        self.map(|changes| changes.remove_tag(tag))
    }

    /// What saving would change, going by what the run is now. Nothing is written.
    ///
    /// # Errors
    /// As for [`save`](Self::save).
    pub async fn preview(&self) -> Result<Vec<Change>, Error> {
        Ok(self.apply(&self.changes, &self.read().await?)?.changes)
    }

    /// Makes the changes and sees to it that they are there (query `RunDocument`, mutation `upsertBucket`).
    ///
    /// What is written is absolute, so that writing it twice does no harm by itself. All the same, a write whose answer
    /// was lost is not simply repeated: the run is read again, and only what is not there is written, on top of what is.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) if the run is on disk;
    /// [`ErrorKind::Unauthorized`](crate::ErrorKind::Unauthorized) if the key may not change the run;
    /// [`Error::Change`] if a change makes no sense there; [`Error::Unconfirmed`] if something was written and the run could
    /// not be read any more; [`Error::Undone`] if another writer keeps undoing it.
    pub async fn save(self) -> Result<Updated, Error> {
        if self.is_on_disk {
            return Err(super::only_on_a_server(&self.path));
        }
        let mut began = self.api.client.now();
        let mut state = self.read().await?;
        let mut wanted = self.changes.clone();
        let mut updated = Updated {
            changes: self.apply(&wanted, &state)?.changes,
            overruled: Vec::new(),
            undone: 0,
            is_running: state.state == Some(RunState::Running),
        };
        let mut doubt = None;
        for _ in 0..MOST_WRITES {
            let applied = self.apply(&wanted, &state)?;
            if applied.changes.is_empty() {
                return Ok(updated);
            }
            doubt = self.write(&applied, &state).await?;
            let took = self.api.client.now() - began;
            if applied.patch.replaces_a_whole() || doubt.is_some() {
                self.api.client.sleep((took * PATIENCE).clamp(SHORTEST_WAIT, LONGEST_WAIT)).await;
            }
            began = self.api.client.now();
            state = self.read().await.map_err(|error| self.unconfirmed(error))?;
            let mut is_undone = false;
            for change in applied.changes {
                match change.standing(&state).map_err(|source| self.unconfirmed(self.change_error(source)))? {
                    Standing::Holds => {}
                    Standing::Undone => is_undone = true,
                    Standing::Overruled => {
                        wanted = wanted.except(std::slice::from_ref(&change));
                        updated.overruled.push(change);
                    }
                }
            }
            if !is_undone {
                return Ok(updated);
            }
            // A write that came to nothing was not undone by anybody.
            updated.undone += u32::from(doubt.is_none());
        }
        match doubt {
            Some(error) => Err(self.unconfirmed(error)),
            None => Err(Error::Undone { run: self.path.to_string(), times: updated.undone }),
        }
    }

    /// Writes, and returns the error if it may have been written all the same.
    async fn write(&self, applied: &Applied, before: &RunDocument) -> Result<Option<Error>, Error> {
        if before.read_only == Some(true) {
            return Err(Error::ReadOnly { run: self.path.to_string() });
        }
        let operation = UpdateRun::new(self.path.clone(), applied.patch.clone());
        match self.api.client.call(operation).await {
            Ok(_) => Ok(None),
            Err(error) if error.may_have_taken_effect() => Ok(Some(error.into())),
            Err(error) => Err(error.into()),
        }
    }

    async fn read(&self) -> Result<RunDocument, Error> {
        Ok(self.api.client.call(GetRunDocument::new(self.path.clone())).await?.answer)
    }

    fn apply(&self, changes: &RunChanges, run: &RunDocument) -> Result<Applied, Error> {
        changes.apply(run).map_err(|source| self.change_error(source))
    }

    fn change_error(&self, source: ChangeError) -> Error {
        Error::Change { run: self.path.to_string(), source: Box::new(source) }
    }

    fn unconfirmed(&self, error: Error) -> Error {
        Error::Unconfirmed { run: self.path.to_string(), source: Box::new(error) }
    }

    fn map(self, change: impl FnOnce(RunChanges) -> RunChanges) -> Self {
        Self { changes: change(self.changes), ..self }
    }
}
