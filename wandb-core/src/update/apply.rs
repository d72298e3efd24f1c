//! Changes made to a state of a run, and whether they hold in a later one.

use super::changes::Edit;
use super::object_text::{NotAnObject, ObjectText};
use super::{ChangeError, KeyPath, RunChanges, RunDocument, RunField, RunPatch, config};
use crate::value::Value;

/// What changes make of a run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Applied {
    /// The run with the changes.
    pub document: RunDocument,
    /// What is different from before. Empty if everything was so already.
    pub changes: Vec<Change>,
    /// What has to be written.
    pub patch: RunPatch,
}

/// One difference that changes make.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// What of the run.
    pub field: RunField,
    /// Where in config or summary; for tags the one that comes or goes.
    pub key: Option<KeyPath>,
    /// What was there. A missing key is `None`, a null is not.
    pub old: Option<Value>,
    /// What is there now.
    pub new: Option<Value>,
}

/// What has become of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It is there.
    Holds,
    /// What was there before is there again: another writer has written back the whole from an older state.
    Undone,
    /// Something else is there: another writer wants it so.
    Overruled,
}

impl RunChanges {
    /// Makes the changes to `run`.
    ///
    /// # Errors
    /// If one makes no sense there; see [`ChangeError`].
    pub fn apply(&self, run: &RunDocument) -> Result<Applied, ChangeError> {
        let mut state = State::of(run)?;
        let mut changes: Vec<Change> = Vec::new();
        for edit in &self.edits {
            let old = state.get(edit);
            state.make(edit)?;
            let new = state.get(edit);
            let (field, key) = edit.place();
            // Of several changes at the same place, the first old and the last new value are what counts.
            let earlier = changes.iter().position(|change| change.field == field && change.key == key);
            let old = earlier.map_or(old, |at| changes.remove(at).old);
            if old.as_ref().map(Value::to_json) != new.as_ref().map(Value::to_json) {
                changes.push(Change { field, key, old, new });
            }
        }
        let document = if changes.is_empty() { run.clone() } else { state.into_document() };
        let patch = RunPatch::between(run, &document);
        Ok(Applied { document, changes, patch })
    }

    /// Those of the changes whose places are not among `others`.
    #[must_use]
    pub fn except(&self, others: &[Change]) -> Self {
        let is_other = |edit: &Edit| {
            let (field, key) = edit.place();
            others.iter().any(|other| other.field == field && other.key == key)
        };
        Self { edits: self.edits.iter().filter(|edit| !is_other(edit)).cloned().collect() }
    }
}

impl Change {
    /// Whether the change is to be found in a later state of the run.
    ///
    /// # Errors
    /// If config or summary cannot be read.
    pub fn standing(&self, later: &RunDocument) -> Result<Standing, ChangeError> {
        let found = State::of(later)?.value(self.field, self.key.as_ref());
        Ok(if same(found.as_ref(), self.new.as_ref()) {
            Standing::Holds
        } else if same(found.as_ref(), self.old.as_ref()) {
            Standing::Undone
        } else {
            Standing::Overruled
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

    /// A text that was not edited is as it was, also if that is nothing.
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
        let (field, key) = edit.place();
        self.value(field, key.as_ref())
    }

    fn value(&self, field: RunField, key: Option<&KeyPath>) -> Option<Value> {
        let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty()).map(Value::String);
        match (field, key) {
            (RunField::Config, Some(key)) => config::get(&self.config, key),
            (RunField::Summary, Some(key)) => self.summary.get(&key.keys()),
            (RunField::Tags, Some(tag)) => {
                let has = self.run.tags.iter().flatten().any(|own| own == tag.first());
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

    fn make(&mut self, edit: &Edit) -> Result<(), ChangeError> {
        match edit {
            Edit::Key { field, key, .. } if config::is_internal(*field, key) => {
                Err(ChangeError::Internal { field: *field, key: key.clone() })
            }
            Edit::Key { field, key, value } => {
                let made = match (field, value) {
                    (RunField::Config, Some(value)) => config::set(&mut self.config, key, value),
                    (RunField::Config, None) => config::remove(&mut self.config, key).map(drop),
                    (_, Some(value)) => self.summary.set(&key.keys(), value),
                    (_, None) => self.summary.remove(&key.keys()).map(drop),
                };
                made.map_err(|NotAnObject { keys_left, found }| ChangeError::NotAnObject {
                    field: *field,
                    key: key.clone(),
                    inside: key.above(keys_left),
                    found,
                })?;
                let text = if *field == RunField::Config { &self.config } else { &self.summary };
                if text.is_readable() { Ok(()) } else { Err(ChangeError::TooDeep { field: *field }) }
            }
            Edit::Text { field, text } => {
                let place = match field {
                    RunField::Notes => &mut self.run.notes,
                    RunField::Group => &mut self.run.group,
                    _ => &mut self.run.name,
                };
                *place = Some(text.clone());
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
                    false => tags.retain(|own| own != tag),
                    true => {}
                }
                Ok(())
            }
        }
    }
}

impl Edit {
    /// What of the run, and where in it.
    fn place(&self) -> (RunField, Option<KeyPath>) {
        match self {
            Self::Key { field, key, .. } => (*field, Some(key.clone())),
            Self::Text { field, .. } => (*field, None),
            Self::Tags(_) => (RunField::Tags, None),
            Self::Tag { tag, .. } => (RunField::Tags, Some(KeyPath::from(tag.as_str()))),
        }
    }
}

/// Whether two values are the same for whoever reads them. A server may write 1.0 as 1, and NaN as a string.
fn same(left: Option<&Value>, right: Option<&Value>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return left.is_none() && right.is_none() };
    match (left, right) {
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| same(Some(left), Some(right)))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.len() == right.len() && left.iter().all(|(key, value)| same(Some(value), right.get(key)))
        }
        (Value::Int(int), Value::Float(float)) | (Value::Float(float), Value::Int(int)) => {
            Value::Float(*float).as_i64() == Some(*int)
        }
        _ => left.to_json() == right.to_json(),
    }
}
