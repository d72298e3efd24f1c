//! Reads a list in batches and reports missing entries.

use wandb_core::blocking::block_on;

use super::Iter;
use crate::api;
use crate::error::Error;
use crate::issue::Issue;

/// A reader of a list. See the async [`ListReader`](crate::ListReader).
#[derive(Debug)]
pub struct ListReader<T>(api::ListReader<T>);

impl<T: Send + 'static> ListReader<T> {
    pub(super) fn new(reader: api::ListReader<T>) -> Self {
        Self(reader)
    }

    /// Returns the next entries, at least one. `None` at the end.
    pub fn next_batch(&mut self) -> Result<Option<Vec<T>>, Error> {
        block_on(self.0.next_batch())
    }

    /// Returns the issues found so far. Complete once [`next_batch`](Self::next_batch) has returned `None`.
    pub fn issues(&self) -> Vec<Issue> {
        self.0.issues()
    }

    /// Collects all entries, and the issues of the list.
    pub fn collect(self) -> Result<(Vec<T>, Vec<Issue>), Error> {
        block_on(self.0.collect())
    }
}

/// Iterates over the remaining entries.
impl<T: Send + 'static> IntoIterator for ListReader<T> {
    type Item = Result<T, Error>;
    type IntoIter = Iter<T>;

    fn into_iter(self) -> Iter<T> {
        Iter::new(self.0.into_stream())
    }
}
