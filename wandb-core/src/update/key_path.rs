//! Paths of keys in a config or summary.

use std::fmt;

/// A key, or a path of keys into nested objects.
///
/// A string is a single key, whatever it contains. A list of strings is a path of keys.
///
/// ```
/// use wandb_core::update::KeyPath;
///
/// assert_eq!(KeyPath::from("val/loss.min").keys(), ["val/loss.min"]);
/// assert_eq!(KeyPath::from(["best", "loss"]).keys(), ["best", "loss"]);
/// assert_eq!(KeyPath::from(["best", "loss.min"]).to_string(), r"best.loss\.min");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyPath {
    first: String,
    rest: Vec<String>,
}

impl KeyPath {
    /// Creates a path from its first key and the rest.
    pub fn new(first: impl Into<String>, rest: impl IntoIterator<Item = String>) -> Self {
        Self { first: first.into(), rest: rest.into_iter().collect() }
    }

    /// The top-level key.
    pub fn first(&self) -> &str {
        &self.first
    }

    /// The keys below the top level.
    pub(super) fn rest(&self) -> &[String] {
        &self.rest
    }

    /// All keys, from the top level down.
    pub fn keys(&self) -> Vec<&str> {
        std::iter::once(&self.first).chain(&self.rest).map(String::as_str).collect()
    }

    /// Returns the path without its last `below` keys.
    pub(super) fn above(&self, below: usize) -> Self {
        let rest = &self.rest[..self.rest.len().saturating_sub(below)];
        Self { first: self.first.clone(), rest: rest.to_vec() }
    }
}

impl From<&str> for KeyPath {
    fn from(key: &str) -> Self {
        Self::new(key, [])
    }
}

impl From<String> for KeyPath {
    fn from(key: String) -> Self {
        Self::new(key, [])
    }
}

impl<const N: usize> From<[&str; N]> for KeyPath {
    /// An empty list is the empty key.
    fn from(keys: [&str; N]) -> Self {
        let mut keys = keys.into_iter().map(str::to_owned);
        Self::new(keys.next().unwrap_or_default(), keys)
    }
}

/// Separates keys with dots; a dot in a key is escaped with a backslash.
impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, key) in self.keys().into_iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            f.write_str(&key.replace('\\', r"\\").replace('.', r"\."))?;
        }
        Ok(())
    }
}
