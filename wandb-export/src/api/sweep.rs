//! A sweep, its runs, and the best of them.

mod rank;

use std::ops::Deref;

use wandb_core::operation::Lacks;
use wandb_core::{SweepPath, model};

use super::{Api, Run, Runs};
use crate::error::Error;
use crate::issue::Issue;
use crate::local::LocalProject;
use model::{Goal, SweepMetric};

/// A sweep. It dereferences to what the server said of it: [`model::Sweep`].
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
    /// What is missing from `model`.
    issues: Vec<Issue>,
    local: Option<LocalProject>,
}

impl Sweep {
    pub(crate) fn new(api: Api, path: SweepPath, model: model::Sweep, lacks: &Lacks) -> Self {
        Self { api, path, model, issues: Issue::of_lacks(lacks, |_| false), local: None }
    }

    /// The sweep of that id in a folder: what is `known` of it, or else just what its runs are, if any belongs to it.
    pub(crate) async fn local(
        api: Api,
        project: LocalProject,
        id: &str,
        known: Option<model::Sweep>,
    ) -> Result<Self, Error> {
        let path = SweepPath::new(project.path.entity(), project.path.project(), id)?;
        let is_known = known.is_some();
        let model =
            known.unwrap_or_else(|| model::Sweep::new(project.path.entity(), project.path.project(), id, ""));
        let sweep = Self { local: Some(project), ..Self::new(api, path, model, &Lacks::nothing()) };
        if !is_known && sweep.runs().light().limit(1).collect().await?.is_empty() {
            return Err(Error::NothingThere { message: format!("no run in that folder is of a sweep {id}") });
        }
        Ok(sweep)
    }

    /// Where the sweep is: `entity/project/sweep`.
    pub fn path(&self) -> &SweepPath {
        &self.path
    }

    /// The sweep's page in the web app.
    pub fn url(&self) -> String {
        let server = self.local.as_ref().and_then(|project| project.server.as_ref());
        self.path.app_url(server.unwrap_or(self.api.base_url())).to_string()
    }

    /// The sweep's runs, oldest first, to be narrowed down further, ordered and read.
    pub fn runs(&self) -> Runs {
        let runs = match &self.local {
            Some(project) => Runs::local(self.api.clone(), project.clone()),
            None => Runs::new(self.api.clone(), self.path.project_path().clone()),
        };
        runs.of_sweep(self.path.sweep())
    }

    /// The best run by the sweep's own [`metric`](model::Sweep::metric); see [`best_run_by`](Self::best_run_by).
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) if the sweep's configuration names no metric, or cannot be read.
    pub async fn best_run(&self) -> Result<Option<Run>, Error> {
        let SweepMetric { name, goal, .. } = self.objective(None, None)?;
        self.best_run_by(&name, goal).await
    }

    /// The run with the best value of a metric, found and compared as [`ranked`](Self::ranked) does. `None` if no run
    /// has a number for it. Does not report missing runs; [`Runs::open`] does.
    pub async fn best_run_by(&self, metric: &str, goal: Goal) -> Result<Option<Run>, Error> {
        let runs = self.runs().collect().await?;
        Ok(rank::best(runs, metric, goal))
    }

    /// The best of runs that are at hand; see [`best_run_by`](Self::best_run_by).
    #[cfg(feature = "cli")]
    pub(crate) fn best_among(runs: Vec<Run>, metric: &str, goal: Goal) -> Option<Run> {
        rank::best(runs, metric, goal)
    }

    /// All runs, the best first.
    ///
    /// `metric` is looked up in each run's summary: as it stands, then as keys of nested objects with dots between
    /// them. As in the Python SDK's orders, `summary_metrics.` and `config.` before it name what is meant. If there
    /// is an object of the summaries `min`, `max`, `mean`, `best` and `last`, which `define_metric` makes, the one that
    /// the goal asks for is compared, else `best`, else `last`.
    ///
    /// Infinities are numbers, also where the server writes them as text. Runs whose value is missing, null, NaN or
    /// no number come last. Of equal ones the run that was created first goes first, then the one with the lesser id.
    pub async fn ranked(&self, metric: &str, goal: Goal) -> Result<Vec<Run>, Error> {
        let mut runs = self.runs().collect().await?;
        rank::sort(&mut runs, metric, goal);
        Ok(runs)
    }

    /// What is missing from the sweep's fields: those that the server lacks.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// What the server said, without the rest.
    pub fn into_model(self) -> model::Sweep {
        self.model
    }

    /// By what a run is the best: a metric and a goal, where what is not named is the sweep's own.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) if something is neither named nor known. The goal for another
    /// metric than the sweep's own is not known.
    pub fn objective(&self, metric: Option<&str>, goal: Option<Goal>) -> Result<SweepMetric, Error> {
        let own = self.metric();
        let of_own = |own: &SweepMetric| metric.is_none_or(|metric| metric == own.name);
        let own_goal = own.as_ref().filter(|own| of_own(own)).map(|own| own.goal);
        let name = metric.map(str::to_owned).or_else(|| own.map(|own| own.name)).ok_or_else(|| {
            let reason = match self.settings() {
                Ok(_) => "names no metric with a goal of minimize or maximize".to_owned(),
                Err(error) => format!("cannot be read: {error}"),
            };
            let path = &self.path;
            Error::usage(format!(
                "by which metric is a run the best? the configuration of sweep {path} {reason}; name one, and the goal"
            ))
        })?;
        match goal.or(own_goal) {
            Some(goal) => Ok(SweepMetric::new(name, goal)),
            None => Err(Error::usage(format!(
                "is {name} best when it is small or great? sweep {} does not say; choose minimize or maximize",
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
