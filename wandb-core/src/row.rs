//! Rows of a run's history.

use serde::Deserialize;
use serde::ser::{Serialize, Serializer};

use crate::value::{
    DeserializeError, EntriesDeserializer, Repairs, Value, ValueError, parse_with, whole_object,
    write_entries,
};

/// The key of a row's step.
const STEP: &str = "_step";

/// A row of a run's history: the values logged at one step.
///
/// A row has exactly the logged keys, in their original order. A key that was not logged is missing, not null. W&B
/// adds `_step`, `_runtime` and `_timestamp`. Rows are meant for a single pass: a key lookup is a linear search.
///
/// ```
/// use wandb_core::Row;
///
/// let row = Row::parse(br#"{"loss": 0.25, "_step": 7}"#)?;
/// assert_eq!(row.step(), Some(7));
/// assert_eq!(row.keys().collect::<Vec<_>>(), ["loss", "_step"]);
/// assert_eq!(row.to_json_line(), "{\"loss\":0.25,\"_step\":7}\n");
/// # Ok::<(), wandb_core::ValueError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    // Not a map: hashing every key of every row costs more than lookups would save.
    entries: Vec<(Box<str>, Value)>,
}

impl Row {
    /// Parses a row from JSON; see [`Value::parse`] for the accepted syntax.
    pub fn parse(text: &[u8]) -> Result<Self, ValueError> {
        Ok(Self::parse_with_repairs(text)?.0)
    }

    /// Parses a row like [`Row::parse`], and also returns the repairs made.
    pub fn parse_with_repairs(text: &[u8]) -> Result<(Self, Repairs), ValueError> {
        let (entries, repairs) = parse_with(text, whole_object)?;
        Ok((Self { entries: last_wins(entries) }.with_integer_step(), repairs))
    }

    /// Converts a step logged as a float, such as `5.0`, to an integer. `-0.0`, which no integer equals, stays a float.
    #[must_use]
    pub fn with_integer_step(mut self) -> Self {
        let is_negative_zero = |float: f64| float == 0.0 && float.is_sign_negative();
        if let Some((_, value)) = self.entries.iter_mut().find(|(key, _)| &**key == STEP)
            && let Value::Float(float) = *value
            && !is_negative_zero(float)
            && let Some(step) = value.as_i64()
        {
            *value = Value::Int(step);
        }
        self
    }

    /// Creates a row from entries with unique keys.
    pub(crate) fn of_entries(entries: Vec<(Box<str>, Value)>) -> Self {
        Self { entries }
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns true if there are no keys.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.iter().find(|(entry_key, _)| *entry_key == key).map(|(_, value)| value)
    }

    /// The keys in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.iter().map(|(key, _)| &**key)
    }

    /// The keys and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, value)| (&**key, value))
    }

    /// The step, from `_step`. Accepts an integral float. `None` if it is missing or not an integer.
    pub fn step(&self) -> Option<i64> {
        self.get(STEP).and_then(Value::as_i64)
    }

    /// Deserializes the row into a serde type; see [`Value::deserialize`].
    pub fn deserialize<'de, T: Deserialize<'de>>(&'de self) -> Result<T, DeserializeError> {
        T::deserialize(EntriesDeserializer(self.iter()))
    }

    /// Formats the row as a line of JSON, including the line break; see [`Value::to_json`] for the format of numbers.
    pub fn to_json_line(&self) -> String {
        let mut line = String::new();
        self.write_json_line(&mut line);
        line
    }

    /// Appends the output of [`Row::to_json_line`].
    pub fn write_json_line(&self, out: &mut String) {
        write_entries(self.iter(), out);
        out.push('\n');
    }
}

/// Keeps the last value of repeated keys, at the position of the first.
fn last_wins(mut entries: Vec<(Box<str>, Value)>) -> Vec<(Box<str>, Value)> {
    if entries.windows(2).all(|pair| pair[0].0 < pair[1].0) {
        return entries;
    }
    let mut by_key: Vec<usize> = (0..entries.len()).collect();
    by_key.sort_by(|&a, &b| entries[a].0.cmp(&entries[b].0));
    let mut repeated = Vec::new();
    let mut replacements = Vec::new();
    for equal in by_key.chunk_by(|&a, &b| entries[a].0 == entries[b].0) {
        if let [first, .., last] = *equal {
            repeated.extend_from_slice(&equal[1..]);
            replacements.push((first, last));
        }
    }
    for (first, last) in replacements {
        entries[first].1 = std::mem::take(&mut entries[last].1);
    }
    repeated.sort_unstable();
    let mut at = 0;
    entries.retain(|_| {
        at += 1;
        repeated.binary_search(&(at - 1)).is_err()
    });
    entries
}

impl<K: Into<Box<str>>> FromIterator<(K, Value)> for Row {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (key.into(), value)).collect();
        Self { entries: last_wins(entries) }
    }
}

impl IntoIterator for Row {
    type Item = (Box<str>, Value);
    type IntoIter = std::vec::IntoIter<(Box<str>, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

#[cfg(test)]
mod tests;
