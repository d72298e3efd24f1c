//! The `Run` object: its facts. Rows, logs and files have their own modules.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::context::Context;
use super::people::UserObject;
use super::project::ProjectObject;
use super::{artifacts, files, logs, run_data};
use crate::graphql::{Answer, Arguments, Object, Resolved};
use crate::options::User;
use crate::store::Run;

/// `Run`.
#[derive(Debug, Clone)]
pub(crate) struct RunObject {
    pub(crate) context: Context,
    pub(crate) run: Arc<Run>,
    project_number: u64,
}

impl RunObject {
    pub(crate) fn new(context: &Context, run: Arc<Run>, project_number: u64) -> Self {
        Self { context: context.clone(), run, project_number }
    }

    pub(crate) fn id(&self) -> String {
        self.run.storage_id()
    }

    fn user(&self) -> UserObject {
        let name = &self.run.facts.user;
        let known = self.context.shared.options.users.iter().find(|user| user.username == *name);
        UserObject::new(&self.context, known.cloned().unwrap_or_else(|| User::new(name, "")))
    }

    /// Returns the requested parts of the internal config entry `_wandb`. Its key `t` exists once a run has started.
    fn internal_config(&self, keys: Option<&[String]>) -> String {
        let internal = &self.run.config()["_wandb"];
        let internal = internal.get("value").unwrap_or(internal);
        let mut picked = Map::new();
        for (key, value) in internal.as_object().into_iter().flatten() {
            if keys.is_none_or(|keys| keys.contains(key)) {
                picked.insert(key.clone(), value.clone());
            }
        }
        Value::Object(picked).to_string()
    }
}

impl Object for RunObject {
    fn type_name(&self) -> &'static str {
        "Run"
    }

    fn resolve(&self, field: &str, arguments: &Arguments) -> Resolved {
        let run = &*self.run;
        let facts = &run.facts;
        let state = || self.context.shared.state_word(run);
        Ok(match field {
            "id" => Answer::value(self.id()),
            "name" => Answer::value(facts.name.as_str()),
            "displayName" => Answer::value(facts.display_name.clone()),
            "projectId" => Answer::value(self.project_number),
            "project" => Answer::optional(ProjectObject::find(&self.context, &run.entity, &run.project)),
            "sweepName" => Answer::value(facts.sweep.clone()),
            "state" => Answer::value(state()),
            "config" => Answer::value(facts.config.as_str()),
            "wandbConfig" => Answer::value(self.internal_config(arguments.strings("keys").as_deref())),
            "group" => Answer::value(facts.group.clone()),
            "jobType" => Answer::value(facts.job_type.clone()),
            "commit" => Answer::value(facts.commit.clone()),
            "host" => Answer::value(facts.host.clone()),
            "program" => Answer::value(facts.program.clone()),
            "readOnly" => Answer::value(self.context.user.read_only),
            "createdAt" => Answer::value(facts.created_at.to_string()),
            "updatedAt" | "heartbeatAt" => Answer::value(facts.heartbeat_at.to_string()),
            "description" => Answer::value(facts.description.clone()),
            "notes" => Answer::value(facts.notes.clone()),
            "tags" => Answer::value(json!(facts.tags)),
            "user" => Answer::object(self.user()),
            "summaryMetrics" => Answer::value(facts.summary.clone()),
            "exitcode" => Answer::value(facts.exit_code),
            "shouldStop" | "stopped" => Answer::value(facts.stopped),
            "running" => Answer::value(state() == "running"),
            "failed" => Answer::value(matches!(state(), "failed" | "crashed")),
            "files" => Answer::object(files::of_run(self, arguments)?),
            "fileCount" => Answer::value(run.files.len()),
            "logLines" => Answer::optional(logs::lines(&self.run, arguments, &self.context.quirks)?),
            "logLineCount" => Answer::value(run.log.len()),
            "outputArtifacts" => artifacts::logged_by(&self.context, run, arguments)?,
            "inputArtifacts" => artifacts::used_by(&self.context, run, arguments)?,
            _ => run_data::resolve(self, field, arguments)?,
        })
    }
}
