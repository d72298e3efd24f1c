//! Sweeps, whose runs search for good hyperparameters.

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
    /// The id to use in changes to the sweep (`id`).
    pub storage_id: String,
    /// The name shown in the app (`displayName`), if a user has set one there.
    pub name: Option<String>,
    /// The search method (`method`): `grid`, `random`, `bayes`.
    pub method: Option<String>,
    /// The state (`state`): `RUNNING`, `PAUSED`, `FINISHED`, ….
    pub state: Option<String>,
    /// The user's description (`description`).
    pub description: Option<String>,
    /// The configuration as YAML text (`config`); see [`settings`](Self::settings).
    pub config: Option<String>,
    /// The best value of the metric so far, as stored by the server (`bestLoss`).
    pub best_loss: Option<f64>,
    /// The number of runs (`runCount`).
    pub run_count: Option<u64>,
    /// The expected number of runs, if known (`runCountExpected`).
    pub run_count_expected: Option<u64>,
    /// The time of creation (`createdAt`).
    pub created_at: Option<Timestamp>,
    /// The time of the last change (`updatedAt`).
    pub updated_at: Option<Timestamp>,
}

/// The direction in which a metric improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Smaller is better.
    Minimize,
    /// Greater is better.
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

/// Parses `minimize` or `maximize`, ignoring case.
impl FromStr for Goal {
    type Err = UnknownGoal;

    fn from_str(text: &str) -> Result<Self, UnknownGoal> {
        [Self::Minimize, Self::Maximize]
            .into_iter()
            .find(|goal| goal.to_string().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownGoal(text.to_owned()))
    }
}

/// The text is not a [`Goal`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a goal (choose minimize or maximize)")]
pub struct UnknownGoal(String);

/// The metric that a sweep optimizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SweepMetric {
    /// The key in the runs' summaries.
    pub name: String,
    /// The direction in which it improves.
    pub goal: Goal,
}

impl SweepMetric {
    /// Creates a metric to be minimized or maximized.
    pub fn new(name: impl Into<String>, goal: Goal) -> Self {
        Self { name: name.into(), goal }
    }
}

impl Sweep {
    /// Creates a sweep with only its path and storage id.
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

    /// The sweep's path.
    ///
    /// # Errors
    /// Fails if the server's id for it is not valid in a path.
    pub fn path(&self) -> Result<SweepPath, PathError> {
        SweepPath::new(&self.entity, &self.project, &self.id)
    }

    /// The URL of the sweep's page in the server's web app.
    ///
    /// # Errors
    /// Fails like [`path`](Self::path).
    pub fn url(&self, base: &BaseUrl) -> Result<Url, PathError> {
        Ok(self.path()?.app_url(base))
    }

    /// The display name: the name set in the app, else the name in the configuration, else the id, as in the Python
    /// SDK.
    pub fn title(&self) -> String {
        let given = self.name.clone().filter(|name| !name.is_empty());
        let configured = || self.settings().ok()?.get("name")?.as_str().map(str::to_owned);
        given.or_else(configured).filter(|name| !name.is_empty()).unwrap_or_else(|| self.id.clone())
    }

    /// Parses the whole configuration from its YAML text; null if there is none.
    ///
    /// # Errors
    /// Fails if the text is not valid YAML, or exceeds the limits of safe parsing.
    pub fn settings(&self) -> Result<Value, YamlError> {
        Value::parse_yaml(self.config.as_deref().unwrap_or_default())
    }

    /// The metric that the sweep optimizes: `metric.name` and `metric.goal` of its configuration. The default goal is
    /// to minimize, as in the Python SDK.
    ///
    /// `None` if the configuration has no metric name, has an unknown goal, or cannot be parsed;
    /// [`settings`](Self::settings) returns the error.
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
    fn metric_comes_from_the_configuration() {
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
    fn settings_parse_the_whole_configuration() {
        let settings = sweep("parameters: {lr: {values: [0.1, 1]}}").settings().unwrap();
        assert_eq!(settings.to_json(), r#"{"parameters":{"lr":{"values":[0.1,1]}}}"#);
        assert!(sweep("metric: [unclosed").settings().is_err());
        assert_eq!(Sweep::new("e", "p", "s", "").settings(), Ok(Value::Null));
    }

    #[test]
    fn title_is_the_first_name_available() {
        let mut sweep = sweep("name: from the file");
        assert_eq!(sweep.title(), "from the file");
        sweep.name = Some("from the app".to_owned());
        assert_eq!(sweep.title(), "from the app");
        for config in [None, Some("name: ''".to_owned()), Some("name: [".to_owned())] {
            assert_eq!(Sweep { config, name: Some(String::new()), ..sweep.clone() }.title(), "sw");
        }
    }

    #[test]
    fn url_is_the_app_page() {
        let base: BaseUrl = "https://wandb.example.org".parse().unwrap();
        assert_eq!(
            sweep("").url(&base).unwrap().as_str(),
            "https://wandb.example.org/team/my%20project/sweeps/sw"
        );
    }

    #[test]
    fn goals_round_trip() {
        for goal in [Goal::Minimize, Goal::Maximize] {
            assert_eq!(goal.to_string().parse(), Ok(goal));
        }
        assert!("best".parse::<Goal>().unwrap_err().to_string().contains("minimize or maximize"));
    }
}
