//! `RunDocument`: the editable fields of a run.

use bytes::Bytes;
use http::Response;
use wandb_core::RunPath;
use wandb_core::operation::{AnswerError, Endpoint, Field, Operation, UnsupportedFields};
use wandb_core::transport::Request;
use wandb_core::update::RunDocument;

use super::path_query::{run_data, run_request};
use crate::schema::{JsonText, sdl as schema};

/// Reads the editable fields of a run. Config and summary are the server's exact text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetRunDocument {
    path: RunPath,
}

impl GetRunDocument {
    /// Reads the run at `path`.
    pub fn new(path: RunPath) -> Self {
        Self { path }
    }
}

/// The optional fields. Config and summary are required: an update must not replace a text that was never read.
const OPTIONAL_FIELDS: &[Field] = &[
    Field::new("Run", "state"),
    Field::new("Run", "readOnly"),
    Field::new("Run", "notes"),
    Field::new("Run", "group"),
    Field::new("Run", "tags"),
];

#[derive(cynic::QueryFragment, Debug)]
struct Run {
    id: cynic::Id,
    #[cynic(feature = "Run.state")]
    state: Option<String>,
    display_name: Option<String>,
    config: Option<JsonText>,
    summary_metrics: Option<JsonText>,
    #[cynic(feature = "Run.readOnly")]
    read_only: Option<bool>,
    #[cynic(feature = "Run.notes")]
    notes: Option<String>,
    #[cynic(feature = "Run.group")]
    group: Option<String>,
    #[cynic(feature = "Run.tags")]
    tags: Option<Vec<Option<String>>>,
}

impl Operation for GetRunDocument {
    type Answer = RunDocument;

    fn name(&self) -> &'static str {
        "RunDocument"
    }

    fn subject(&self) -> String {
        self.path.to_string()
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        run_request::<Run, _>(self, &self.path, (), endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<RunDocument, AnswerError> {
        let run: Run = run_data(&response, &self.path)?;
        let text = |text: Option<JsonText>| text.map(|JsonText(text)| text.into()).unwrap_or_default();
        let mut document = RunDocument::new(run.id.into_inner());
        document.state = run.state.as_deref().map(Into::into);
        document.read_only = run.read_only;
        document.name = run.display_name;
        document.notes = run.notes;
        document.group = run.group;
        document.tags = run.tags.map(|tags| tags.into_iter().flatten().collect());
        document.config = text(run.config);
        document.summary = text(run.summary_metrics);
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{answer, request};

    fn get() -> GetRunDocument {
        GetRunDocument::new("team/project/abc".parse().unwrap())
    }

    #[test]
    fn document_request() {
        insta::assert_snapshot!(request(&get(), &[]));
    }

    #[test]
    fn texts_are_kept_byte_for_byte() {
        let body = r#"{"data": {"project": {"run": {"id": "UnVuOjE=", "displayName": "n", "state": "finished", "readOnly": true,
            "notes": null, "group": "g", "tags": ["a"], "config": "{ \"lr\":{\"value\" : 1.0}}", "summaryMetrics": "{\"x\": NaN,\n\"x\": 1e2}"}}}}"#;
        let document = answer(&get(), body).unwrap();
        assert_eq!(document.config, r#"{ "lr":{"value" : 1.0}}"#);
        assert_eq!(document.summary, "{\"x\": NaN,\n\"x\": 1e2}");
        assert_eq!((document.storage_id.as_str(), document.read_only), ("UnVuOjE=", Some(true)));
        assert_eq!(
            (document.name.as_deref(), document.notes, document.group.as_deref()),
            (Some("n"), None, Some("g"))
        );
        assert_eq!(document.tags, Some(vec!["a".to_owned()]));
    }
}
