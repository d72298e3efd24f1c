//! The blocking form of a sweep.

use std::ops::Deref;

use wandb_core::blocking::block_on;
use wandb_core::model::{Goal, SweepMetric};
use wandb_core::{SweepPath, model};

use super::{Run, Runs};
use crate::api;
use crate::error::Error;
use crate::issue::Issue;

/// A sweep. Dereferences to the server's data: [`model::Sweep`]. See the async [`Sweep`](crate::Sweep).
#[derive(Debug, Clone)]
pub struct Sweep(api::Sweep);

impl Sweep {
    pub(super) fn new(sweep: api::Sweep) -> Self {
        Self(sweep)
    }

    /// Returns the path of the sweep, `entity/project/sweep`.
    pub fn path(&self) -> &SweepPath {
        self.0.path()
    }

    /// Returns the URL of the sweep's page in the web app.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// Returns the issues of the sweep's fields; see the async [`issues`](crate::Sweep::issues).
    pub fn issues(&self) -> &[Issue] {
        self.0.issues()
    }

    /// Returns the server's data without the rest.
    pub fn into_model(self) -> model::Sweep {
        self.0.into_model()
    }

    /// Returns the metric and goal for comparing runs; see the async [`objective`](crate::Sweep::objective).
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) if the metric or goal is neither given nor configured.
    pub fn objective(&self, metric: Option<&str>, goal: Option<Goal>) -> Result<SweepMetric, Error> {
        self.0.objective(metric, goal)
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
    type Target = model::Sweep;

    fn deref(&self) -> &model::Sweep {
        &self.0
    }
}
