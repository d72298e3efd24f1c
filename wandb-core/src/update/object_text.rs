//! The text of a JSON object, edited in index.

use super::scan::{Member, members};
use crate::Row;
use crate::value::{Value, ValueError};

/// The text of a JSON object. Edits preserve everything else byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObjectText(String);

/// A value on the path is not an object. `keys_left` keys of the path remained, and `found` is the value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NotAnObject {
    pub(super) keys_left: usize,
    pub(super) found: String,
}

impl ObjectText {
    /// Checks the text of an object. Empty text and `null` are an empty object.
    pub(super) fn new(text: &str) -> Result<Self, ValueError> {
        if matches!(text.trim_ascii(), "" | "null") {
            return Ok(Self("{}".to_owned()));
        }
        Row::parse(text.as_bytes())?;
        Ok(Self(text.to_owned()))
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }

    /// Returns true if the text can be parsed: a value that was set may be nested too deeply.
    pub(super) fn is_readable(&self) -> bool {
        Row::parse(self.0.as_bytes()).is_ok()
    }

    fn start(&self) -> usize {
        self.0.find('{').unwrap_or_default()
    }

    /// Returns the value at a path.
    pub(super) fn get(&self, path: &[&str]) -> Option<Value> {
        let mut at = self.start();
        let (last, above) = path.split_last()?;
        for key in above {
            at = self.object_at(&find_last(&members(&self.0, at).0, key)?)?;
        }
        let member = find_last(&members(&self.0, at).0, last)?;
        // Cannot fail: the whole text has been parsed before.
        Value::parse(self.0[member.value].as_bytes()).ok()
    }

    /// Sets the value at a path, creating missing objects on it.
    pub(super) fn set(&mut self, path: &[&str], value: &Value) -> Result<(), NotAnObject> {
        let mut at = self.start();
        for (depth, key) in path.iter().enumerate() {
            let (found, end) = members(&self.0, at);
            let below = &path[depth + 1..];
            let Some(member) = find_last(&found, key) else {
                self.insert(&found, at, end, key, &nested(below, value));
                return Ok(());
            };
            if below.is_empty() {
                self.0.replace_range(member.value, &value.to_json());
                return Ok(());
            }
            at = self.object_at(&member).ok_or_else(|| self.not_an_object(&member, below.len()))?;
        }
        Ok(())
    }

    /// Removes the value at a path. Returns false if there is none.
    pub(super) fn remove(&mut self, path: &[&str]) -> Result<bool, NotAnObject> {
        let Some((last, above)) = path.split_last() else { return Ok(false) };
        let mut at = self.start();
        for (depth, key) in above.iter().enumerate() {
            let Some(member) = find_last(&members(&self.0, at).0, key) else { return Ok(false) };
            let left = path.len() - depth - 1;
            at = self.object_at(&member).ok_or_else(|| self.not_an_object(&member, left))?;
        }
        let mut removed = false;
        loop {
            let (found, _) = members(&self.0, at);
            let Some(index) = found.iter().rposition(|member| member.key == *last) else {
                return Ok(removed);
            };
            // Also remove a comma: the one before the member, or the one after the first member.
            let range = match (index.checked_sub(1), found.get(index + 1)) {
                (Some(before), _) => found[before].whole.end..found[index].whole.end,
                (None, Some(next)) => found[index].whole.start..next.whole.start,
                (None, None) => found[index].whole.clone(),
            };
            self.0.replace_range(range, "");
            removed = true;
        }
    }

    fn object_at(&self, member: &Member) -> Option<usize> {
        self.0[member.value.clone()].starts_with('{').then_some(member.value.start)
    }

    fn not_an_object(&self, member: &Member, keys_left: usize) -> NotAnObject {
        NotAnObject { keys_left, found: self.0[member.value.clone()].to_owned() }
    }

    fn insert(&mut self, members: &[Member], start: usize, end: usize, key: &str, value: &Value) {
        let key = Value::String(key.to_owned()).to_json();
        let value = value.to_json();
        match members.last() {
            Some(last) => self.0.insert_str(last.whole.end, &format!(", {key}: {value}")),
            None => self.0.replace_range(start + 1..end, &format!("{key}: {value}")),
        }
    }
}

/// Finds a member by key. The last of repeated keys wins.
fn find_last(members: &[Member], key: &str) -> Option<Member> {
    members.iter().rev().find(|member| member.key == key).cloned()
}

/// Nests `value` in objects with these keys.
pub(super) fn nested<K: AsRef<str>>(keys: &[K], value: &Value) -> Value {
    let wrap = |value, key: &K| Value::Map([(key.as_ref(), value)].into_iter().collect());
    keys.iter().rev().fold(value.clone(), wrap)
}
