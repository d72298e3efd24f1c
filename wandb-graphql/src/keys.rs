//! Selections of metrics.

use std::fmt;

use crate::row::STEP;

/// Names of metrics in the given order: at least one, without empty names or duplicates.
///
/// ```
/// use wandb_graphql::Keys;
///
/// let keys = Keys::new(["loss", "accuracy", "loss"])?;
/// assert_eq!(keys.iter().collect::<Vec<_>>(), ["loss", "accuracy"]);
/// assert!(Keys::new(Vec::<String>::new()).is_err());
/// # Ok::<(), wandb_graphql::KeysError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys(Vec<String>);

/// An error in a list of metric names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// No name was given.
    #[error("no keys were given (leave the keys out to ask for all of them)")]
    NoKeys,
    /// One of the names is empty.
    #[error("key {position} is empty")]
    Empty {
        /// The position of the empty name, counted from 1.
        position: usize,
    },
}

impl Keys {
    /// Collects names and drops duplicates.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, KeysError> {
        let mut keys: Vec<String> = Vec::new();
        for (index, name) in names.into_iter().enumerate() {
            let name = name.into();
            if name.is_empty() {
                return Err(KeysError::Empty { position: index + 1 });
            }
            if !keys.contains(&name) {
                keys.push(name);
            }
        }
        if keys.is_empty() { Err(KeysError::NoKeys) } else { Ok(Self(keys)) }
    }

    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The number of names.
    #[expect(clippy::len_without_is_empty, reason = "there is at least one")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The names, preceded by `first`.
    pub(crate) fn preceded_by<'a>(&'a self, first: &'a str) -> Vec<&'a str> {
        std::iter::once(first).chain(self.iter().filter(|name| *name != first)).collect()
    }

    /// The names other than `_step`, or `_step` alone if there is no other.
    ///
    /// The server looks rows up by these names; every row has a step.
    pub(crate) fn without_step(&self) -> Vec<&str> {
        let names: Vec<&str> = self.iter().filter(|name| *name != STEP).collect();
        if names.is_empty() { vec![STEP] } else { names }
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

/// The rows of a history to read, and the keys to read of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Selection {
    /// All rows with all keys.
    #[default]
    Everything,
    /// The rows that have all of these keys, reduced to these keys and the step, as in the Python SDK.
    AllOf(Keys),
    /// The rows that have at least one of these keys, reduced to these keys and the step.
    AnyOf(Keys),
}

impl Selection {
    /// The selected keys; `None` for everything.
    pub fn keys(&self) -> Option<&Keys> {
        match self {
            Self::Everything => None,
            Self::AllOf(keys) | Self::AnyOf(keys) => Some(keys),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        assert_eq!(Keys::new(["a", ""]), Err(KeysError::Empty { position: 2 }));
        assert_eq!(Keys::new([""; 0]), Err(KeysError::NoKeys));
        assert_eq!(Keys::new(["a b", "ü"]).unwrap().to_string(), "a b, ü");
    }

    #[test]
    fn axis_comes_first_and_once() {
        let keys = Keys::new(["loss", "_step"]).unwrap();
        assert_eq!(keys.preceded_by("_step"), ["_step", "loss"]);
        assert_eq!(keys.preceded_by("epoch"), ["epoch", "loss", "_step"]);
        assert_eq!(keys.without_step(), ["loss"]);
        assert_eq!(Keys::new(["_step"]).unwrap().without_step(), ["_step"]);
    }
}
