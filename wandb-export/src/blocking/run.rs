//! A run.

use std::ops::Deref;

use super::{History, Update};
use crate::api;

/// A run. It dereferences to the async [`Run`](crate::Run), and so to what the server said of it; its
/// [`history`](Run::history) is the blocking one.
#[derive(Debug, Clone)]
pub struct Run(api::Run);

impl Run {
    pub(super) fn new(run: api::Run) -> Self {
        Self(run)
    }

    /// The run's metrics, to be narrowed down and read.
    pub fn history(&self) -> History {
        History::new(self.0.history())
    }

    /// Changes to be made to the run; nothing is sent before they are saved.
    pub fn update(&self) -> Update {
        Update::new(self.0.update())
    }
}

impl Deref for Run {
    type Target = api::Run;

    fn deref(&self) -> &api::Run {
        &self.0
    }
}
