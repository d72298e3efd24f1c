//! A set of the entries of a list seen so far.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The set of entries seen so far, as 16-byte hashes of their keys.
///
/// ```
/// use wandb_graphql::SeenKeys;
///
/// let mut seen = SeenKeys::default();
/// assert!(seen.insert("UnVuOjE=") && !seen.insert("UnVuOjE="));
/// assert_eq!(seen.len(), 1);
/// ```
#[derive(Debug, Clone, Default)]
pub struct SeenKeys(HashSet<u128>);

impl SeenKeys {
    /// Adds an entry by its unique key, such as its storage id. Returns `false` if it was already present.
    pub fn insert(&mut self, key: &str) -> bool {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, key).hash(&mut hasher);
            u128::from(hasher.finish())
        };
        self.0.insert(half(0) << 64 | half(1))
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
