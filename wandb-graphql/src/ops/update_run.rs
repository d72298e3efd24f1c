//! `UpsertBucket`: updates a run.

use bytes::Bytes;
use http::Response;
use wandb_core::RunPath;
use wandb_core::operation::{AnswerError, Effect, Endpoint, Operation, UnsupportedFields};
use wandb_core::transport::Request;
use wandb_core::update::RunPatch;

use crate::envelope::{RequestSpec, data, not_found, post_mutation};
use crate::schema::{JsonText, sdl as schema};

/// Updates fields of a run (`UpsertBucket` in the Python SDK). Config and summary are replaced as a whole.
///
/// The update is idempotent only without concurrent writers: a repeated write may undo another client's change in
/// between. So the client does not retry it if the answer is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateRun {
    path: RunPath,
    patch: RunPatch,
}

impl UpdateRun {
    /// Applies `patch` to the run at `run`.
    pub fn new(run: RunPath, patch: RunPatch) -> Self {
        Self { path: run, patch }
    }
}

// An absent variable omits its field from the input, and the server keeps the current value.
#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    id: &'a str,
    #[cynic(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    notes: Option<&'a str>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<&'a str>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    config: Option<JsonText>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    summary: Option<JsonText>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Mutation {
    #[arguments(input: { id: $id, displayName: $name, notes: $notes, groupName: $group, tags: $tags, config: $config, summaryMetrics: $summary })]
    upsert_bucket: Option<UpsertBucketPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
struct UpsertBucketPayload {
    bucket: Option<Run>,
}

#[derive(cynic::QueryFragment, Debug)]
struct Run {
    id: cynic::Id,
}

impl Operation for UpdateRun {
    type Answer = ();

    fn name(&self) -> &'static str {
        "UpsertBucket"
    }

    fn subject(&self) -> String {
        self.path.to_string()
    }

    fn effect(&self) -> Effect {
        Effect::Writes
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let patch = &self.patch;
        let json = |text: &Option<String>| text.as_deref().map(|text| JsonText(text.into()));
        let variables = Variables {
            id: &patch.storage_id,
            name: patch.name.as_deref(),
            notes: patch.notes.as_deref(),
            group: patch.group.as_deref(),
            tags: patch.tags.as_ref().map(|tags| tags.iter().map(String::as_str).collect()),
            config: json(&patch.config),
            summary: json(&patch.summary),
        };
        post_mutation::<Mutation, _>(RequestSpec::new(self, variables), endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<(), AnswerError> {
        let what = || format!("run {}", self.path);
        let answer: Mutation = data(&response, what)?;
        let run = answer.upsert_bucket.and_then(|payload| payload.bucket).ok_or_else(|| not_found(what()))?;
        if run.id.inner() == self.patch.storage_id {
            return Ok(());
        }
        Err(AnswerError::malformed("it has changed another run", response.body()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{answer, request};

    fn update() -> UpdateRun {
        let mut patch = RunPatch::new("UnVuOjE=");
        patch.summary = Some(r#"{"x": NaN, "acc": 0.9}"#.to_owned());
        UpdateRun::new("team/project/abc".parse().unwrap(), patch)
    }

    #[test]
    fn only_changed_fields_are_sent() {
        insta::assert_snapshot!(request(&update(), &[]));
    }

    #[test]
    fn all_fields_can_be_sent() {
        let mut update = update();
        let text = |text: &str| Some(text.to_owned());
        let patch = &mut update.patch;
        (patch.name, patch.notes, patch.group) = (text("n"), text(""), text("g"));
        (patch.tags, patch.config) = (Some(vec!["a".to_owned(), "ü".to_owned()]), text("{}"));
        let request = request(&update, &[]);
        let variables: serde_json::Value =
            serde_json::from_str(&request[request.rfind("\n{").unwrap()..]).unwrap();
        assert_eq!(
            variables,
            serde_json::json!({
                "id": "UnVuOjE=", "name": "n", "notes": "", "group": "g", "tags": ["a", "ü"], "config": "{}",
                "summary": "{\"x\": NaN, \"acc\": 0.9}",
            })
        );
    }

    #[test]
    fn answer_must_name_this_run() {
        let body = |id: &str| format!(r#"{{"data": {{"upsertBucket": {{"bucket": {{"id": "{id}"}}}}}}}}"#);
        answer(&update(), &body("UnVuOjE=")).unwrap();
        assert!(matches!(answer(&update(), &body("other")).unwrap_err(), AnswerError::Malformed { .. }));
        let error = answer(&update(), r#"{"data": {"upsertBucket": null}}"#).unwrap_err();
        assert!(matches!(error, AnswerError::NotFound { .. }), "{error}");
    }
}
