//! Where in a config's text a value is: inside a wrapper that also holds its description.

use super::object_text::{NotAnObject, ObjectText, nested};
use super::{KeyPath, RunField};
use crate::value::{Map, Value};

const VALUE: &str = "value";

/// Keys of a config that W&B writes for itself (`WANDB_INTERNAL_KEYS` of the Python SDK), and those of a summary.
pub(super) fn is_internal(field: RunField, key: &KeyPath) -> bool {
    match field {
        RunField::Config => matches!(key.first(), "_wandb" | "wandb_version"),
        _ => key.first() == "_wandb",
    }
}

/// Whether the value under a key is in a wrapper; the Python SDK takes any object with a `value` for one.
fn has_wrapper(entry: &Value) -> bool {
    entry.get(VALUE).is_some()
}

/// The path in the text that leads to what is under `key`, whose entry is `entry`.
fn path<'k>(entry: &Value, key: &'k KeyPath) -> Vec<&'k str> {
    let wrapper = has_wrapper(entry).then_some(VALUE);
    std::iter::once(key.first()).chain(wrapper).chain(key.rest().iter().map(String::as_str)).collect()
}

/// The value under `key`.
pub(super) fn get(text: &ObjectText, key: &KeyPath) -> Option<Value> {
    let entry = text.get(&[key.first()])?;
    entry.get(VALUE).unwrap_or(&entry).get_path(key.rest().iter().map(String::as_str)).cloned()
}

/// Sets the value under `key`, in its wrapper. A bare value that is set as a whole gets one.
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

/// Takes out what is under `key`, at the top together with its wrapper.
pub(super) fn remove(text: &mut ObjectText, key: &KeyPath) -> Result<bool, NotAnObject> {
    match text.get(&[key.first()]) {
        None => Ok(false),
        Some(_) if key.rest().is_empty() => text.remove(&[key.first()]),
        Some(entry) => text.remove(&path(&entry, key)),
    }
}
