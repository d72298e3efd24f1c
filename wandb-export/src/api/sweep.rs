//! A sweep, its runs, and their ranking by a metric.

mod rank;

use std::ops::Deref;
use std::sync::Arc;

use wandb_core::{SweepPath, model};

use super::{Api, Run, Runs};
use crate::error::Error;
use crate::issue::Issue;
use crate::source::{OpenedSweep, ProjectSource};
use model::{Goal, SweepMetric};

/// A sweep. Dereferences to the server's data: [`model::Sweep`].
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let api = wandb_export::Api::connect()?;
/// let sweep = api.sweep("my-team/my-project/sw33p1d").await?;
/// if let Some(best) = sweep.best_run().await? {
///     println!("{} {:?}", best.path(), best.config);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Sweep {
    api: Api,
    path: SweepPath,
    model: model::Sweep,
    /// The issues of `model`.
    issues: Vec<Issue>,
    project: Arc<dyn ProjectSource>,
}

impl Sweep {
    pub(super) fn new(api: Api, sweep: OpenedSweep) -> Self {
        let OpenedSweep { path, model, issues, project } = sweep;
        Self { api, path, model, issues, project }
    }

    /// Returns the path of the sweep, `entity/project/sweep`.
    pub fn path(&self) -> &SweepPath {
        &self.path
    }

    /// Returns the URL of the sweep's page in the web app.
    pub fn url(&self) -> String {
        let server = self.project.server();
        self.path.app_url(server.unwrap_or(self.api.base_url())).to_string()
    }

    /// Selects the sweep's runs, oldest first, to be filtered further, ordered and listed.
    pub fn runs(&self) -> Runs {
        Runs::from_source(self.api.clone(), Arc::clone(&self.project)).restrict_to_sweep(self.path.sweep())
    }

    /// Returns the best run by the sweep's own [`metric`](model::Sweep::metric); see
    /// [`best_run_by`](Self::best_run_by).
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) if the sweep's configuration has no metric or cannot be read.
    pub async fn best_run(&self) -> Result<Option<Run>, Error> {
        let SweepMetric { name, goal, .. } = self.objective(None, None)?;
        self.best_run_by(&name, goal).await
    }

    /// Returns the run with the best value of a metric, compared as in [`ranked`](Self::ranked). `None` if no run has
    /// a number for it. Does not report missing runs; [`Runs::open`] does.
    pub async fn best_run_by(&self, metric: &str, goal: Goal) -> Result<Option<Run>, Error> {
        let runs = self.runs().collect().await?;
        Ok(rank::find_best(runs, metric, goal))
    }

    /// Returns the best of the given runs; see [`best_run_by`](Self::best_run_by).
    #[cfg(feature = "cli")]
    pub(crate) fn find_best(runs: Vec<Run>, metric: &str, goal: Goal) -> Option<Run> {
        rank::find_best(runs, metric, goal)
    }

    /// Collects all runs, best first.
    ///
    /// `metric` is looked up in each run's summary, first as a single key, then as keys of nested objects joined by
    /// dots. A prefix `summary_metrics.` or `config.` selects the object explicitly, as in the orders of the Python
    /// SDK. If the value is an object of `min`, `max`, `mean`, `best` and `last`, which `define_metric` makes, the
    /// goal decides between `min` and `max`. If that is missing, `best` is used, then `last`.
    ///
    /// Infinities count as numbers, also when the server writes them as text. Runs whose value is missing, null, NaN
    /// or not a number come last. Ties are ordered by creation time, then by id.
    pub async fn ranked(&self, metric: &str, goal: Goal) -> Result<Vec<Run>, Error> {
        let mut runs = self.runs().collect().await?;
        rank::sort(&mut runs, metric, goal);
        Ok(runs)
    }

    /// Returns the issues of the sweep's fields: those that the server lacks.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// Returns the server's data without the rest.
    pub fn into_model(self) -> model::Sweep {
        self.model
    }

    /// Returns the metric and goal for comparing runs. Uses the sweep's own for the ones not given.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) if the metric or goal is neither given nor configured. The
    /// configured goal applies only to the sweep's own metric.
    pub fn objective(&self, metric: Option<&str>, goal: Option<Goal>) -> Result<SweepMetric, Error> {
        let own = self.metric();
        let is_own_metric = |own: &SweepMetric| metric.is_none_or(|metric| metric == own.name);
        let own_goal = own.as_ref().filter(|own| is_own_metric(own)).map(|own| own.goal);
        let name = metric.map(str::to_owned).or_else(|| own.map(|own| own.name)).ok_or_else(|| {
            let reason = match self.settings() {
                Ok(_) => "names no metric with a goal of minimize or maximize".to_owned(),
                Err(error) => format!("cannot be read: {error}"),
            };
            let path = &self.path;
            Error::usage(format!(
                "the best run depends on a metric, but the configuration of sweep {path} {reason}; name one, and the goal"
            ))
        })?;
        match goal.or(own_goal) {
            Some(goal) => Ok(SweepMetric::new(name, goal)),
            None => Err(Error::usage(format!(
                "sweep {} does not say whether a small or a large {name} is best; choose minimize or maximize",
                self.path
            ))),
        }
    }
}

impl Deref for Sweep {
    type Target = model::Sweep;

    fn deref(&self) -> &model::Sweep {
        &self.model
    }
}
