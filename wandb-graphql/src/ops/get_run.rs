//! `Run`: one run.

use bytes::Bytes;
use http::Response;
use wandb_core::RunPath;
use wandb_core::model::Run;
use wandb_core::operation::{AnswerError, Endpoint, Field, Operation, UnsupportedFields};
use wandb_core::transport::Request;

use super::path_query::{run_data, run_request};
use super::run_fields::{Detail, RunFields};

/// Reads one run (`Run` in the Python SDK).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetRun {
    path: RunPath,
    detail: Detail,
}

impl GetRun {
    /// Reads the run at `path`, in full.
    pub fn new(path: RunPath) -> Self {
        Self { path, detail: Detail::Full }
    }

    /// Sets how much of the run to read.
    #[must_use]
    pub fn detail(self, detail: Detail) -> Self {
        Self { detail, ..self }
    }
}

impl Operation for GetRun {
    type Answer = Run;

    fn name(&self) -> &'static str {
        "Run"
    }

    fn subject(&self) -> String {
        self.path.to_string()
    }

    fn optional_fields(&self) -> &'static [Field] {
        self.detail.optional_fields()
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        run_request::<RunFields, _>(self, &self.path, (), endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<Run, AnswerError> {
        let run: RunFields = run_data(&response, &self.path)?;
        Ok(run.into_run(self.path.entity(), self.path.project()))
    }
}

#[cfg(test)]
mod tests {
    use wandb_core::Value;
    use wandb_core::model::{RunState, Timestamp};

    use super::*;
    use crate::ops::testing::{answer, request};

    fn get() -> GetRun {
        GetRun::new("team/my project/abc".parse().unwrap())
    }

    #[test]
    fn full_request() {
        insta::assert_snapshot!(request(&get(), &[]));
    }

    #[test]
    fn light_request() {
        insta::assert_snapshot!(request(&get().detail(Detail::Light), &[]));
    }

    #[test]
    fn full_run_is_read() {
        let run = answer(
            &get(),
            r#"{"data": {"project": {"run": {"id": "UnVuOjE=", "name": "abc", "displayName": "größe", "state": "crashed",
                "createdAt": "2024-05-01T12:00:00Z", "heartbeatAt": null, "user": {"username": "ada", "name": "Ada"},
                "tags": ["a", "b"], "group": "g", "jobType": "train", "sweepName": "sw", "commit": "c0ffee",
                "notes": "n", "description": "d", "readOnly": false, "projectId": "12345678901", "historyLineCount": 7,
                "config": "{\"lr\": {\"value\": 0.1}, \"_wandb\": {\"value\": {}}}",
                "summaryMetrics": "{\"loss\": NaN, \"n\": 9007199254740993, \"_step\": 6}",
                "systemMetrics": {"system.cpu": 12.5},
                "historyKeys": {"lastStep": 6, "keys": {"loss": {"typeCounts": [{"type": "number", "count": 7}]}}}}}}}"#,
        )
        .unwrap();
        assert_eq!(run.path().unwrap(), get().path);
        assert_eq!((run.storage_id.as_str(), run.name.as_deref()), ("UnVuOjE=", Some("größe")));
        assert_eq!(run.state, Some(RunState::Crashed));
        assert_eq!(run.created_at.as_ref().map(Timestamp::as_str), Some("2024-05-01T12:00:00Z"));
        assert_eq!(run.heartbeat_at, None);
        assert_eq!(run.tags, Some(vec!["a".to_owned(), "b".to_owned()]));
        let texts = [&run.group, &run.job_type, &run.sweep, &run.commit, &run.notes, &run.description];
        let texts: Vec<_> = texts.into_iter().map(|text| text.as_deref().unwrap()).collect();
        assert_eq!(texts, ["g", "train", "sw", "c0ffee", "n", "d"]);
        assert_eq!((run.read_only, run.project_id), (Some(false), Some(12_345_678_901)));
        assert_eq!(run.history_line_count, Some(7));
        assert_eq!(run.config.unwrap().get("lr"), Some(&Value::Float(0.1)));
        let summary = run.summary.unwrap();
        assert!(matches!(summary.get("loss"), Some(Value::Float(loss)) if loss.is_nan()));
        assert_eq!(summary.get("n"), Some(&Value::Int(9_007_199_254_740_993)));
        assert_eq!(run.system_metrics.unwrap().get("system.cpu"), Some(&Value::Float(12.5)));
        assert_eq!(run.history_keys.unwrap().last_step, Some(6));
    }

    #[test]
    fn null_is_unknown() {
        let body = r#"{"data": {"project": {"run": {"id": "1", "name": "abc", "displayName": null, "state": null,
            "createdAt": null, "config": null, "summaryMetrics": "", "tags": null}}}}"#;
        let run = answer(&get(), body).unwrap();
        assert_eq!((run.state, run.config, run.tags), (None, None, None));
        assert!(run.summary.unwrap().is_empty());
    }

    #[test]
    fn null_run_or_project_is_not_found() {
        for body in [r#"{"data": {"project": {"run": null}}}"#, r#"{"data": {"project": null}}"#] {
            let error = answer(&get(), body).unwrap_err();
            let what = "run team/my project/abc".to_owned();
            assert_eq!(error, AnswerError::NotFound { what });
        }
    }

    #[test]
    fn unreadable_field_keeps_the_others() {
        let body = r#"{"data": {"project": {"run": {"id": "1", "name": "abc", "displayName": null, "state": null,
            "createdAt": null, "config": "{\"lr\": {\"value\": 1}}", "summaryMetrics": "{\"loss\": "}}}}"#;
        let run = answer(&get(), body).unwrap();
        assert!(run.config.is_some() && run.summary.is_none());
        let [field] = &run.unreadable_fields[..] else { panic!("{:?}", run.unreadable_fields) };
        assert_eq!(field.field, "summaryMetrics");
        assert!(field.reason.ends_with(r#"; it begins "{\"loss\": ""#), "{field}");
    }
}
