//! Access to values in a config's text, where a wrapper also holds the description.

use super::object_text::{NotAnObject, ObjectText, nested};
use super::{KeyPath, RunField};
use crate::value::{Map, Value};

const VALUE: &str = "value";

/// Returns true for keys that W&B itself writes to a config (`WANDB_INTERNAL_KEYS` of the Python SDK) or summary.
pub(super) fn is_internal(field: RunField, key: &KeyPath) -> bool {
    match field {
        RunField::Config => matches!(key.first(), "_wandb" | "wandb_version"),
        _ => key.first() == "_wandb",
    }
}

/// Returns true if an entry wraps its value. Like the Python SDK, treats any object with a `value` as a wrapper.
fn has_wrapper(entry: &Value) -> bool {
    entry.get(VALUE).is_some()
}

/// Returns the path in the text to the value of `key` in `entry`.
fn path<'k>(entry: &Value, key: &'k KeyPath) -> Vec<&'k str> {
    let wrapper = has_wrapper(entry).then_some(VALUE);
    std::iter::once(key.first()).chain(wrapper).chain(key.rest().iter().map(String::as_str)).collect()
}

/// Returns the value of `key`.
pub(super) fn get(text: &ObjectText, key: &KeyPath) -> Option<Value> {
    let entry = text.get(&[key.first()])?;
    entry.get(VALUE).unwrap_or(&entry).get_path(key.rest().iter().map(String::as_str)).cloned()
}

/// Sets the value of `key` in its wrapper. A bare value that is replaced as a whole gets a wrapper.
pub(super) fn set(text: &mut ObjectText, key: &KeyPath, value: &Value) -> Result<(), NotAnObject> {
    match text.get(&[key.first()]) {
        Some(entry) if has_wrapper(&entry) || !key.rest().is_empty() => text.set(&path(&entry, key), value),
        _ => {
            let wrapper: Map =
                [(VALUE, nested(key.rest(), value)), ("desc", Value::Null)].into_iter().collect();
            text.set(&[key.first()], &Value::Map(wrapper))
        }
    }
}

/// Removes `key`; a top-level key is removed with its wrapper.
pub(super) fn remove(text: &mut ObjectText, key: &KeyPath) -> Result<bool, NotAnObject> {
    match text.get(&[key.first()]) {
        None => Ok(false),
        Some(_) if key.rest().is_empty() => text.remove(&[key.first()]),
        Some(entry) => text.remove(&path(&entry, key)),
    }
}
