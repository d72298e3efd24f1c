//! The console output of a run.

use wandb_core::blocking::block_on;

use super::Iter;
use crate::api;
use crate::error::Error;
use crate::issue::Issue;

/// A reader of a run's console output. See the async [`Console`](crate::Console).
#[derive(Debug)]
pub struct Console(api::Console);

impl Console {
    pub(super) fn new(console: api::Console) -> Self {
        Self(console)
    }

    /// Returns the next lines, at least one, without line breaks. `None` at the end.
    pub fn next_lines(&mut self) -> Result<Option<Vec<String>>, Error> {
        block_on(self.0.next_lines())
    }

    /// Returns the issues found so far, such as missing lines. Complete once [`next_lines`](Self::next_lines) has
    /// returned `None`.
    pub fn issues(&self) -> Vec<Issue> {
        self.0.issues()
    }

    /// Iterates over the remaining lines.
    pub fn into_lines(self) -> Iter<String> {
        Iter::new(self.0.into_lines())
    }
}
