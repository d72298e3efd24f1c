//! Which metrics are asked for.

use std::fmt;

use crate::row::STEP;

/// The names of metrics: at least one, none empty, none twice, in the order given.
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

/// Why names cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// No name was given.
    #[error("no keys were given (leave the keys out to ask for all of them)")]
    NoKeys,
    /// One of the names is empty.
    #[error("key {position} is empty")]
    Empty {
        /// Which one, counted from 1.
        position: usize,
    },
}

impl Keys {
    /// Takes names; one that is given twice counts once.
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

    /// How many there are.
    #[expect(clippy::len_without_is_empty, reason = "there is at least one")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The names with `first` before them.
    pub(crate) fn after<'a>(&'a self, first: &'a str) -> Vec<&'a str> {
        std::iter::once(first).chain(self.iter().filter(|name| *name != first)).collect()
    }

    /// The names that are metrics of their own, for which rows have to be looked up; if none is, `_step` alone.
    pub(crate) fn apart_from_step(&self) -> Vec<&str> {
        let names: Vec<&str> = self.iter().filter(|name| *name != STEP).collect();
        if names.is_empty() { vec![STEP] } else { names }
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

/// Which rows of a history, and what of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Selection {
    /// Every row with everything it holds.
    #[default]
    Everything,
    /// The rows that hold all of these keys, with these keys and their step; so does the Python SDK.
    AllOf(Keys),
    /// The rows that hold any of these keys, with those of them that they hold and their step.
    AnyOf(Keys),
}

impl Selection {
    /// The keys, if not everything is asked for.
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
    fn the_axis_comes_first_and_once() {
        let keys = Keys::new(["loss", "_step"]).unwrap();
        assert_eq!(keys.after("_step"), ["_step", "loss"]);
        assert_eq!(keys.after("epoch"), ["epoch", "loss", "_step"]);
        assert_eq!(keys.apart_from_step(), ["loss"]);
        assert_eq!(Keys::new(["_step"]).unwrap().apart_from_step(), ["_step"]);
    }
}
