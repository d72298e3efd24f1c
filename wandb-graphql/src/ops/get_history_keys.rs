//! `RunHistoryKeys`: which metrics a run has, and how far it got.

use bytes::Bytes;
use http::Response;
use wandb_core::model::{HistoryKeys, RunState};
use wandb_core::operation::{AnswerError, Endpoint, Field, Lacks, Operation};
use wandb_core::transport::Request;
use wandb_core::{RunPath, Value};

use crate::envelope::{RequestOf, data, missing, post};
use crate::schema::{JsonText, sdl as schema};

/// Reads which metrics a run has logged, and up to which step (`RunHistoryKeys` in the Python SDK).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetHistoryKeys {
    path: RunPath,
}

/// How far a run's history extends, as far as the server has counted it.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct HistoryExtent {
    /// The metrics and the last step (`historyKeys`); `None` if the server does not tell, as for a run that has
    /// logged nothing.
    pub keys: Option<HistoryKeys>,
    /// How many rows there are (`historyLineCount`), where the server tells.
    pub line_count: Option<u64>,
    /// What the run is doing: only one that is over does not grow.
    pub state: Option<RunState>,
}

impl GetHistoryKeys {
    /// The metrics of the run at `path`.
    pub fn new(path: RunPath) -> Self {
        Self { path }
    }
}

impl HistoryExtent {
    /// An extent of which nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// The greatest step, where the server tells.
    pub fn last_step(&self) -> Option<i64> {
        self.keys.as_ref().and_then(|keys| keys.last_step)
    }

    /// Those of `keys` that the run has not logged, where the server tells which it has. W&B's own, which begin with
    /// an underscore, are not always told and so never named here.
    pub fn unlogged(&self, keys: &[String]) -> Vec<String> {
        let Some(logged) = &self.keys else { return Vec::new() };
        let is_unlogged = |key: &&String| !key.starts_with('_') && !logged.keys.contains_key(*key);
        keys.iter().filter(is_unlogged).cloned().collect()
    }
}

const OPTIONAL_FIELDS: &[Field] =
    &[Field::new("Run", "historyKeys"), Field::new("Run", "historyLineCount"), Field::new("Run", "state")];

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    entity: &'a str,
    project: &'a str,
    run: &'a str,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Query {
    #[arguments(name: $project, entityName: $entity)]
    project: Option<Project>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Project {
    #[arguments(name: $run)]
    run: Option<Run>,
}

#[derive(cynic::QueryFragment, Debug)]
struct Run {
    #[cynic(feature = "Run.state")]
    state: Option<String>,
    #[cynic(feature = "Run.historyLineCount")]
    history_line_count: Option<i32>,
    #[cynic(feature = "Run.historyKeys")]
    history_keys: Option<JsonText>,
}

impl Operation for GetHistoryKeys {
    type Answer = HistoryExtent;

    fn name(&self) -> &'static str {
        "RunHistoryKeys"
    }

    fn subject(&self) -> String {
        self.path.to_string()
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn request(&self, endpoint: &Endpoint, lacks: &Lacks) -> Result<Request, AnswerError> {
        let variables =
            Variables { entity: self.path.entity(), project: self.path.project(), run: self.path.run() };
        post::<Query, _>(RequestOf::new(self, variables), endpoint, lacks)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<HistoryExtent, AnswerError> {
        let what = || format!("run {}", self.path);
        let query: Query = data(&response, what)?;
        let run = query.project.and_then(|project| project.run).ok_or_else(|| missing(what()))?;
        let keys = run.history_keys.map(|JsonText(text)| Value::parse(text.as_bytes())).transpose();
        let keys =
            keys.map_err(|error| AnswerError::malformed(format!("historyKeys: {error}"), response.body()))?;
        Ok(HistoryExtent {
            keys: keys.filter(|keys| !keys.is_null()).map(|keys| HistoryKeys::from_value(&keys)),
            line_count: run.history_line_count.and_then(|count| u64::try_from(count).ok()),
            state: run.state.as_deref().map(RunState::from),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{answer, request};

    fn get() -> GetHistoryKeys {
        GetHistoryKeys::new("team/project/abc".parse().unwrap())
    }

    #[test]
    fn the_request_asks_for_everything() {
        insta::assert_snapshot!(request(&get(), &[]));
    }

    #[test]
    fn a_server_that_lacks_everything_can_still_be_asked() {
        insta::assert_snapshot!(request(&get(), OPTIONAL_FIELDS));
    }

    #[test]
    fn the_extent_is_read() {
        let extent = answer(
            &get(),
            r#"{"data": {"project": {"run": {"state": "running", "historyLineCount": 90, "historyKeys":
                {"lastStep": 99, "sets": [], "keys": {"loss": {"typeCounts": [{"type": "number", "count": 90}]}}}}}}}"#,
        )
        .unwrap();
        assert_eq!((extent.last_step(), extent.line_count), (Some(99), Some(90)));
        assert_eq!(extent.state, Some(RunState::Running));
        assert_eq!(extent.keys.unwrap().keys["loss"].count(), 90);
    }

    #[test]
    fn a_run_that_logged_nothing_extends_nowhere() {
        let body = r#"{"data": {"project": {"run": {"state": null, "historyLineCount": null, "historyKeys": null}}}}"#;
        assert_eq!(answer(&get(), body).unwrap(), HistoryExtent::new());
        let error = answer(&get(), r#"{"data": {"project": null}}"#).unwrap_err();
        assert!(matches!(error, AnswerError::NotFound { .. }), "{error}");
    }
}
