//! Which entries of a list have come already.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The entries of a list that have come, sixteen bytes each.
///
/// ```
/// use wandb_graphql::Seen;
///
/// let mut seen = Seen::default();
/// assert!(seen.insert("UnVuOjE=") && !seen.insert("UnVuOjE="));
/// assert_eq!(seen.len(), 1);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Seen(HashSet<u128>);

impl Seen {
    /// Notes an entry by what tells it from others, such as its storage id; `false` if it had come before.
    pub fn insert(&mut self, key: &str) -> bool {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, key).hash(&mut hasher);
            u128::from(hasher.finish())
        };
        self.0.insert(half(0) << 64 | half(1))
    }

    /// How many entries have come.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none has come.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
