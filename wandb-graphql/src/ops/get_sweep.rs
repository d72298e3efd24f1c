//! `GetSweep`: one sweep.

use bytes::Bytes;
use http::Response;
use wandb_core::SweepPath;
use wandb_core::model::Sweep;
use wandb_core::operation::{AnswerError, Endpoint, Field, Operation, UnsupportedFields};
use wandb_core::transport::Request;

use super::path_query::{project_data, project_request};
use super::sweep_fields::{OPTIONAL_FIELDS, SweepFields};
use crate::envelope::not_found;
use crate::schema::sdl as schema;

/// Reads one sweep (`GetSweep` in the Python SDK). [`Filter::sweep`](crate::Filter::sweep) selects its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetSweep {
    path: SweepPath,
}

impl GetSweep {
    /// Reads the sweep at `path`.
    pub fn new(path: SweepPath) -> Self {
        Self { path }
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    name: &'a str,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Project {
    #[arguments(sweepName: $name)]
    sweep: Option<SweepFields>,
}

impl Operation for GetSweep {
    type Answer = Sweep;

    fn name(&self) -> &'static str {
        "GetSweep"
    }

    fn subject(&self) -> String {
        self.path.to_string()
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let variables = Variables { name: self.path.sweep() };
        project_request::<Project, _>(self, self.path.project_path(), variables, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<Sweep, AnswerError> {
        let what = || format!("sweep {}", self.path);
        let project: Project = project_data(&response, what)?;
        let sweep = project.sweep.ok_or_else(|| not_found(what()))?;
        sweep.into_sweep(self.path.project_path()).map_err(|_| not_found(what()))
    }
}

#[cfg(test)]
mod tests {
    use wandb_core::model::{Goal, Timestamp};

    use super::*;
    use crate::ops::testing::{answer, request};

    fn get() -> GetSweep {
        GetSweep::new("team/my project/sw".parse().unwrap())
    }

    #[test]
    fn full_request() {
        insta::assert_snapshot!(request(&get(), &[]));
    }

    #[test]
    fn full_sweep_is_read() {
        let sweep = answer(
            &get(),
            r#"{"data": {"project": {"sweep": {"id": "U3c6MQ==", "name": "sw", "displayName": "größe", "method": "bayes",
                "state": "RUNNING", "description": "d", "bestLoss": 0.25, "runCount": 6, "runCountExpected": 9,
                "config": "metric:\n  goal: maximize\n  name: acc\n",
                "createdAt": "2024-05-01T12:00:00Z", "updatedAt": "2024-05-02T12:00:00Z"}}}}"#,
        )
        .unwrap();
        assert_eq!(sweep.path().unwrap(), get().path);
        assert_eq!((sweep.storage_id.as_str(), sweep.name.as_deref()), ("U3c6MQ==", Some("größe")));
        assert_eq!((sweep.method.as_deref(), sweep.state.as_deref()), (Some("bayes"), Some("RUNNING")));
        assert_eq!((sweep.description.as_deref(), sweep.best_loss), (Some("d"), Some(0.25)));
        assert_eq!((sweep.run_count, sweep.run_count_expected), (Some(6), Some(9)));
        assert_eq!(sweep.created_at.as_ref().map(Timestamp::as_str), Some("2024-05-01T12:00:00Z"));
        assert_eq!(sweep.updated_at.as_ref().map(Timestamp::as_str), Some("2024-05-02T12:00:00Z"));
        let metric = sweep.metric().unwrap();
        assert_eq!((metric.name.as_str(), metric.goal), ("acc", Goal::Maximize));
    }

    #[test]
    fn absent_or_null_fields_are_unknown() {
        let body = r#"{"data": {"project": {"sweep": {"id": "1", "name": "sw", "state": null, "bestLoss": null,
            "config": null}}}}"#;
        assert_eq!(answer(&get(), body).unwrap(), Sweep::new("team", "my project", "sw", "1"));
    }

    #[test]
    fn non_finite_best_loss_is_read() {
        for loss in ["Infinity", r#""Infinity""#] {
            let body = format!(
                r#"{{"data": {{"project": {{"sweep": {{"id": "1", "name": "sw", "state": null, "config": null, "bestLoss": {loss}}}}}}}}}"#
            );
            assert_eq!(answer(&get(), &body).unwrap().best_loss, Some(f64::INFINITY), "{loss}");
        }
    }

    #[test]
    fn null_sweep_or_project_is_not_found() {
        for body in [r#"{"data": {"project": {"sweep": null}}}"#, r#"{"data": {"project": null}}"#] {
            let what = "sweep team/my project/sw".to_owned();
            assert_eq!(answer(&get(), body).unwrap_err(), AnswerError::NotFound { what });
        }
    }
}
