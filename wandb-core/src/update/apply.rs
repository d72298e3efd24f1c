//! Applies changes to the state of a run, and checks whether they persist in a later state.

use super::changes::Edit;
use super::object_text::{NotAnObject, ObjectText};
use super::{ChangeError, KeyPath, RunChanges, RunDocument, RunField, RunPatch, config};
use crate::value::Value;

/// The result of applying changes to a run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AppliedChanges {
    /// The run with the changes.
    pub document: RunDocument,
    /// The differences from before. Empty if nothing changed.
    pub changes: Vec<Change>,
    /// The fields to write.
    pub patch: RunPatch,
}

/// A single difference.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The field of the run.
    pub field: RunField,
    /// The key in config or summary, or the tag that is added or removed.
    pub key: Option<KeyPath>,
    /// The old value. A missing key is `None`, unlike a null.
    pub old: Option<Value>,
    /// The new value.
    pub new: Option<Value>,
}

/// The state of a change in a later state of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeStatus {
    /// The new value is still present.
    Holds,
    /// The old value is back: another writer has overwritten the whole field with an older state.
    Undone,
    /// A third value is present: another writer has changed it.
    Overruled,
}

impl RunChanges {
    /// Applies the changes to `run`.
    ///
    /// # Errors
    /// Fails if a change does not apply to this run; see [`ChangeError`].
    pub fn apply(&self, run: &RunDocument) -> Result<AppliedChanges, ChangeError> {
        let mut state = State::of(run)?;
        let mut changes: Vec<Change> = Vec::new();
        for edit in &self.edits {
            let old = state.get(edit);
            state.apply(edit)?;
            let new = state.get(edit);
            let (field, key) = edit.target();
            // Merges edits of the same key: keeps the first old value and the last new value.
            let earlier = changes.iter().position(|change| change.field == field && change.key == key);
            let old = earlier.map_or(old, |at| changes.remove(at).old);
            if old.as_ref().map(Value::to_json) != new.as_ref().map(Value::to_json) {
                changes.push(Change { field, key, old, new });
            }
        }
        let document = if changes.is_empty() { run.clone() } else { state.into_document() };
        let patch = RunPatch::between(run, &document);
        Ok(AppliedChanges { document, changes, patch })
    }

    /// Returns the changes without those of the same field and key as `others`.
    #[must_use]
    pub fn except(&self, others: &[Change]) -> Self {
        let is_other = |edit: &Edit| {
            let (field, key) = edit.target();
            others.iter().any(|other| other.field == field && other.key == key)
        };
        Self { edits: self.edits.iter().filter(|edit| !is_other(edit)).cloned().collect() }
    }
}

impl Change {
    /// Checks whether the change persists in a later state of the run.
    ///
    /// # Errors
    /// Fails if config or summary cannot be parsed.
    pub fn status(&self, later: &RunDocument) -> Result<ChangeStatus, ChangeError> {
        let found = State::of(later)?.value(self.field, self.key.as_ref());
        Ok(if is_equivalent(found.as_ref(), self.new.as_ref()) {
            ChangeStatus::Holds
        } else if is_equivalent(found.as_ref(), self.old.as_ref()) {
            ChangeStatus::Undone
        } else {
            ChangeStatus::Overruled
        })
    }
}

/// A run whose texts are being edited.
struct State {
    run: RunDocument,
    config: ObjectText,
    summary: ObjectText,
}

impl State {
    fn of(run: &RunDocument) -> Result<Self, ChangeError> {
        let read = |field, text: &str| {
            ObjectText::new(text).map_err(|source| ChangeError::Unreadable { field, source })
        };
        Ok(Self {
            config: read(RunField::Config, &run.config)?,
            summary: read(RunField::Summary, &run.summary)?,
            run: run.clone(),
        })
    }

    /// Keeps a text that was not edited, even if it is empty.
    fn into_document(self) -> RunDocument {
        let edited = |before: String, after: ObjectText| match ObjectText::new(&before) {
            Ok(same) if same == after => before,
            _ => after.into_string(),
        };
        let RunDocument { config, summary, .. } = self.run;
        RunDocument {
            config: edited(config, self.config),
            summary: edited(summary, self.summary),
            ..self.run
        }
    }

    fn get(&self, edit: &Edit) -> Option<Value> {
        let (field, key) = edit.target();
        self.value(field, key.as_ref())
    }

    fn value(&self, field: RunField, key: Option<&KeyPath>) -> Option<Value> {
        let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty()).map(Value::String);
        match (field, key) {
            (RunField::Config, Some(key)) => config::get(&self.config, key),
            (RunField::Summary, Some(key)) => self.summary.get(&key.keys()),
            (RunField::Tags, Some(tag)) => {
                let has = self.run.tags.iter().flatten().any(|existing| existing == tag.first());
                has.then(|| Value::String(tag.first().to_owned()))
            }
            (RunField::Tags, None) => {
                let tags = self.run.tags.as_ref()?;
                Some(Value::List(tags.iter().cloned().map(Value::String).collect()))
            }
            (RunField::Name, _) => text(&self.run.name),
            (RunField::Notes, _) => text(&self.run.notes),
            (RunField::Group, _) => text(&self.run.group),
            (RunField::Config | RunField::Summary, None) => None,
        }
    }

    fn apply(&mut self, edit: &Edit) -> Result<(), ChangeError> {
        match edit {
            Edit::Key { field, key, .. } if config::is_internal(*field, key) => {
                Err(ChangeError::Internal { field: *field, key: key.clone() })
            }
            Edit::Key { field, key, value } => {
                let result = match (field, value) {
                    (RunField::Config, Some(value)) => config::set(&mut self.config, key, value),
                    (RunField::Config, None) => config::remove(&mut self.config, key).map(drop),
                    (_, Some(value)) => self.summary.set(&key.keys(), value),
                    (_, None) => self.summary.remove(&key.keys()).map(drop),
                };
                result.map_err(|NotAnObject { keys_left, found }| ChangeError::NotAnObject {
                    field: *field,
                    key: key.clone(),
                    inside: key.above(keys_left),
                    found,
                })?;
                let text = if *field == RunField::Config { &self.config } else { &self.summary };
                if text.is_readable() { Ok(()) } else { Err(ChangeError::TooDeep { field: *field }) }
            }
            Edit::Text { field, text } => {
                let text_field = match field {
                    RunField::Notes => &mut self.run.notes,
                    RunField::Group => &mut self.run.group,
                    _ => &mut self.run.name,
                };
                *text_field = Some(text.clone());
                Ok(())
            }
            Edit::Tags(tags) => {
                self.run.tags = Some(tags.clone());
                Ok(())
            }
            Edit::Tag { tag, wanted } => {
                let tags = self.run.tags.as_mut().ok_or(ChangeError::UnknownTags)?;
                let has = tags.contains(tag);
                match wanted {
                    true if !has => tags.push(tag.clone()),
                    false => tags.retain(|existing| existing != tag),
                    true => {}
                }
                Ok(())
            }
        }
    }
}

impl Edit {
    /// The field of the run, and the key in it.
    fn target(&self) -> (RunField, Option<KeyPath>) {
        match self {
            Self::Key { field, key, .. } => (*field, Some(key.clone())),
            Self::Text { field, .. } => (*field, None),
            Self::Tags(_) => (RunField::Tags, None),
            Self::Tag { tag, .. } => (RunField::Tags, Some(KeyPath::from(tag.as_str()))),
        }
    }
}

/// Returns true if two values are equivalent. A server may write 1.0 as 1, and NaN as a string.
fn is_equivalent(left: Option<&Value>, right: Option<&Value>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return left.is_none() && right.is_none() };
    match (left, right) {
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| is_equivalent(Some(left), Some(right)))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| is_equivalent(Some(value), right.get(key)))
        }
        (Value::Int(int), Value::Float(float)) | (Value::Float(float), Value::Int(int)) => {
            Value::Float(*float).as_i64() == Some(*int)
        }
        _ => left.to_json() == right.to_json(),
    }
}
