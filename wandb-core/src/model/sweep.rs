//! A sweep: runs that search for good hyperparameters.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use url::Url;

use super::Timestamp;
use crate::value::{Value, YamlError};
use crate::{BaseUrl, PathError, SweepPath};

/// A sweep (`Sweep`).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Sweep {
    /// The user or team that owns the project.
    pub entity: String,
    /// The name of the project.
    pub project: String,
    /// The sweep's id, the last part of its path (`name`).
    pub id: String,
    /// The id that changes to the sweep take (`id`).
    pub storage_id: String,
    /// The name shown in the app (`displayName`), if somebody has given it one there.
    pub name: Option<String>,
    /// How it searches (`method`): `grid`, `random`, `bayes`.
    pub method: Option<String>,
    /// What it is doing (`state`): `RUNNING`, `PAUSED`, `FINISHED`, ….
    pub state: Option<String>,
    /// What the user wrote about it (`description`).
    pub description: Option<String>,
    /// The configuration as YAML text (`config`); see [`settings`](Self::settings).
    pub config: Option<String>,
    /// The best value of the metric so far, as the server keeps it (`bestLoss`).
    pub best_loss: Option<f64>,
    /// How many runs it has (`runCount`).
    pub run_count: Option<u64>,
    /// How many runs it will have, where that is known (`runCountExpected`).
    pub run_count_expected: Option<u64>,
    /// When it was made (`createdAt`).
    pub created_at: Option<Timestamp>,
    /// When it last changed (`updatedAt`).
    pub updated_at: Option<Timestamp>,
}

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// The smaller, the better.
    Minimize,
    /// The greater, the better.
    Maximize,
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minimize => "minimize",
            Self::Maximize => "maximize",
        })
    }
}

/// `minimize` or `maximize`.
impl FromStr for Goal {
    type Err = UnknownGoal;

    fn from_str(text: &str) -> Result<Self, UnknownGoal> {
        [Self::Minimize, Self::Maximize]
            .into_iter()
            .find(|goal| goal.to_string().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownGoal(text.to_owned()))
    }
}

/// A text that names no [`Goal`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a goal (choose minimize or maximize)")]
pub struct UnknownGoal(String);

/// What a sweep optimises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SweepMetric {
    /// The key of the runs' summaries.
    pub name: String,
    /// Which way it gets better.
    pub goal: Goal,
}

impl SweepMetric {
    /// The metric of this name, to be made small or great.
    pub fn new(name: impl Into<String>, goal: Goal) -> Self {
        Self { name: name.into(), goal }
    }
}

impl Sweep {
    /// A sweep of which only its place and the id that the server keeps it under are known.
    pub fn new(
        entity: impl Into<String>,
        project: impl Into<String>,
        id: impl Into<String>,
        storage_id: impl Into<String>,
    ) -> Self {
        Self {
            entity: entity.into(),
            project: project.into(),
            id: id.into(),
            storage_id: storage_id.into(),
            name: None,
            method: None,
            state: None,
            description: None,
            config: None,
            best_loss: None,
            run_count: None,
            run_count_expected: None,
            created_at: None,
            updated_at: None,
        }
    }

    /// Where the sweep is.
    ///
    /// # Errors
    /// If the server gave it an id that no path can hold.
    pub fn path(&self) -> Result<SweepPath, PathError> {
        SweepPath::new(&self.entity, &self.project, &self.id)
    }

    /// The sweep's page in the web app of the server.
    ///
    /// # Errors
    /// As [`path`](Self::path).
    pub fn url(&self, base: &BaseUrl) -> Result<Url, PathError> {
        Ok(self.path()?.app_url(base))
    }

    /// What to call it: the name given in the app, else the one in the configuration, else the id, as in the Python
    /// SDK.
    pub fn title(&self) -> String {
        let given = self.name.clone().filter(|name| !name.is_empty());
        let configured = || self.settings().ok()?.get("name")?.as_str().map(str::to_owned);
        given.or_else(configured).filter(|name| !name.is_empty()).unwrap_or_else(|| self.id.clone())
    }

    /// The whole configuration, read from its YAML text; null if there is none.
    ///
    /// # Errors
    /// If the text is not YAML, or holds more than is safe to read.
    pub fn settings(&self) -> Result<Value, YamlError> {
        Value::parse_yaml(self.config.as_deref().unwrap_or_default())
    }

    /// What the sweep optimises: `metric.name` and `metric.goal` of its configuration, where a goal that is not
    /// given is to minimise, as in the Python SDK.
    ///
    /// `None` if the configuration names no metric or another goal, or cannot be read;
    /// [`settings`](Self::settings) says why.
    ///
    /// ```
    /// use wandb_core::model::{Goal, Sweep};
    ///
    /// let mut sweep = Sweep::new("team", "project", "sw33p", "");
    /// sweep.config = Some("metric: {name: val.acc, goal: maximize}".to_owned());
    /// let metric = sweep.metric().expect("a metric");
    /// assert_eq!((metric.name.as_str(), metric.goal), ("val.acc", Goal::Maximize));
    /// ```
    pub fn metric(&self) -> Option<SweepMetric> {
        let settings = self.settings().ok()?;
        let metric = settings.get("metric")?;
        let name = metric.get("name")?.as_str().filter(|name| !name.is_empty())?.to_owned();
        let goal = match metric.get("goal") {
            None | Some(Value::Null) => Goal::Minimize,
            Some(goal) => goal.as_str()?.parse().ok()?,
        };
        Some(SweepMetric { name, goal })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(config: &str) -> Sweep {
        Sweep { config: Some(config.to_owned()), ..Sweep::new("team", "my project", "sw", "U3c=") }
    }

    #[test]
    fn the_metric_comes_from_the_configuration() {
        let metric =
            |config: &str| sweep(config).metric().map(|metric| format!("{} {}", metric.goal, metric.name));
        assert_eq!(metric("metric:\n  goal: maximize\n  name: acc\n").as_deref(), Some("maximize acc"));
        assert_eq!(metric("metric:\n  name: loss\n").as_deref(), Some("minimize loss"));
        assert_eq!(metric("metric: {name: 'a.b', goal: Minimize}").as_deref(), Some("minimize a.b"));
        for without in [
            "",
            "method: grid",
            "metric: loss",
            "metric: {goal: maximize}",
            "metric: {name: ''}",
            "metric: {name: acc, goal: upwards}",
            "metric: [unclosed",
        ] {
            assert_eq!(metric(without), None, "{without}");
        }
        assert_eq!(Sweep::new("e", "p", "s", "").metric(), None);
    }

    #[test]
    fn the_whole_configuration_can_be_had() {
        let settings = sweep("parameters: {lr: {values: [0.1, 1]}}").settings().unwrap();
        assert_eq!(settings.to_json(), r#"{"parameters":{"lr":{"values":[0.1,1]}}}"#);
        assert!(sweep("metric: [unclosed").settings().is_err());
        assert_eq!(Sweep::new("e", "p", "s", "").settings(), Ok(Value::Null));
    }

    #[test]
    fn a_sweep_is_called_by_the_first_name_there_is() {
        let mut sweep = sweep("name: from the file");
        assert_eq!(sweep.title(), "from the file");
        sweep.name = Some("from the app".to_owned());
        assert_eq!(sweep.title(), "from the app");
        for config in [None, Some("name: ''".to_owned()), Some("name: [".to_owned())] {
            assert_eq!(Sweep { config, name: Some(String::new()), ..sweep.clone() }.title(), "sw");
        }
    }

    #[test]
    fn a_sweep_knows_its_page() {
        let base: BaseUrl = "https://wandb.example.org".parse().unwrap();
        assert_eq!(
            sweep("").url(&base).unwrap().as_str(),
            "https://wandb.example.org/team/my%20project/sweeps/sw"
        );
    }

    #[test]
    fn goals_are_read_as_they_are_written() {
        for goal in [Goal::Minimize, Goal::Maximize] {
            assert_eq!(goal.to_string().parse(), Ok(goal));
        }
        assert!("best".parse::<Goal>().unwrap_err().to_string().contains("minimize or maximize"));
    }
}
