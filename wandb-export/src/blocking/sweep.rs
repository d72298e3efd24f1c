//! The blocking form of a sweep.

use std::ops::Deref;

use wandb_core::blocking::block_on;
use wandb_core::model::Goal;

use super::{Run, Runs};
use crate::api;
use crate::error::Error;

/// A sweep. Dereferences to the async [`Sweep`](crate::Sweep), and through it to the server's data. Its own methods
/// are blocking.
#[derive(Debug, Clone)]
pub struct Sweep(api::Sweep);

impl Sweep {
    pub(super) fn new(sweep: api::Sweep) -> Self {
        Self(sweep)
    }

    /// Selects the sweep's runs, oldest first, to be filtered further, ordered and listed.
    pub fn runs(&self) -> Runs {
        Runs::new(self.0.runs())
    }

    /// Returns the best run by the sweep's own metric.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) if the sweep's configuration has no metric or cannot be read.
    pub fn best_run(&self) -> Result<Option<Run>, Error> {
        Ok(block_on(self.0.best_run())?.map(Run::new))
    }

    /// Returns the run with the best value of a metric. `None` if no run has a number for it.
    pub fn best_run_by(&self, metric: &str, goal: Goal) -> Result<Option<Run>, Error> {
        Ok(block_on(self.0.best_run_by(metric, goal))?.map(Run::new))
    }

    /// Collects all runs, best first; see the async [`ranked`](crate::Sweep::ranked).
    pub fn ranked(&self, metric: &str, goal: Goal) -> Result<Vec<Run>, Error> {
        Ok(block_on(self.0.ranked(metric, goal))?.into_iter().map(Run::new).collect())
    }
}

impl Deref for Sweep {
    type Target = api::Sweep;

    fn deref(&self) -> &api::Sweep {
        &self.0
    }
}
