//! The `Sweep` object, and `upsertSweep`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::context::Context;
use super::project::ProjectObject;
use crate::graphql::{Answer, Arguments, Object, Resolved, StaticObject};
use crate::store::{NewSweep, ProjectFacts, Run, Sweep, storage_id};

/// `Sweep`.
#[derive(Debug, Clone)]
pub(crate) struct SweepObject {
    project: ProjectObject,
    sweep: Arc<Sweep>,
}

impl SweepObject {
    pub(crate) fn find(project: ProjectObject, facts: &ProjectFacts, name: &str) -> Option<Self> {
        facts.sweeps.get(name).map(|sweep| Self { project, sweep: Arc::new(sweep.clone()) })
    }

    pub(crate) fn all(project: &ProjectObject, facts: &ProjectFacts) -> Vec<Self> {
        let sweeps = facts.sweeps.values();
        sweeps.map(|sweep| Self { project: project.clone(), sweep: Arc::new(sweep.clone()) }).collect()
    }

    pub(crate) fn id(&self) -> String {
        sweep_id(&self.sweep.name, &self.project.id())
    }

    /// Returns the runs of the sweep that match the `filters` argument.
    fn runs(&self, arguments: &Arguments) -> Result<Arc<Vec<Arc<Run>>>, String> {
        let own = json!({ "sweep": self.sweep.name });
        let requested = arguments.str("filters").map_or(Ok(json!({})), serde_json::from_str::<Value>);
        let both = json!({ "$and": [own, requested.map_err(|error| error.to_string())?] });
        let mut narrowed = Map::new();
        narrowed.insert("filters".to_owned(), both.to_string().into());
        narrowed.insert("order".to_owned(), arguments.string("order").into());
        self.project.search(&Arguments(narrowed))
    }
}

impl Object for SweepObject {
    fn type_name(&self) -> &'static str {
        "Sweep"
    }

    fn resolve(&self, field: &str, arguments: &Arguments) -> Resolved {
        let sweep = &self.sweep;
        Ok(match field {
            "id" => Answer::value(self.id()),
            "name" => Answer::value(sweep.name.as_str()),
            "displayName" => Answer::value(sweep.display_name.clone()),
            "method" => Answer::value(sweep.method.as_str()),
            "state" => Answer::value(sweep.state.as_str()),
            "description" => Answer::value(sweep.description.clone()),
            "bestLoss" => Answer::value(sweep.best_loss),
            "config" => Answer::value(sweep.config.as_str()),
            "createdAt" => Answer::value(sweep.created_at.to_string()),
            "updatedAt" | "heartbeatAt" => Answer::value(sweep.updated_at.to_string()),
            "earlyStopJobRunning" => Answer::value(false),
            "project" => Answer::object(self.project.clone()),
            // The local server runs no agents.
            "agents" => {
                Answer::object(StaticObject::new("AgentConnection").value("edges", Vec::<Value>::new()))
            }
            "runCount" => Answer::value(self.runs(&Arguments::default())?.len()),
            "runCountExpected" => Answer::value(sweep.run_count_expected),
            "runs" => {
                let runs = self.runs(arguments)?;
                Answer::object(self.project.page(&runs, arguments)?)
            }
            _ => Answer::NULL,
        })
    }
}

/// `upsertSweep`: creates a sweep from its YAML text, or changes one.
pub(crate) fn upsert(context: &Context, input: &Arguments) -> Resolved {
    let entity = context.entity(input.str("entityName"));
    let project = Context::project(input.str("projectName"));
    let name = {
        let mut state = context.shared.write();
        let sweeps = &mut state.project_mut(&entity, &project).facts.sweeps;
        let id =
            |sweep: &Sweep| sweep_id(&sweep.name, &storage_id("Project:v1", &format!("{project}:{entity}")));
        let known =
            sweeps.values().find(|sweep| input.str("id") == Some(&id(sweep))).map(|sweep| sweep.name.clone());
        if input.str("id").is_some() && known.is_none() {
            return Err(format!("sweep {:?} not found", input.required("id")));
        }
        let name = known.unwrap_or_else(|| format!("{:08x}", fastrand::u32(..)));
        let sweep = sweeps.entry(name.clone()).or_insert_with(|| NewSweep::running(&entity, &project, &name));
        if let Some(config) = input.string("config") {
            if let Some(method) = config.lines().find_map(|line| line.strip_prefix("method:")) {
                method.trim().clone_into(&mut sweep.method);
            }
            sweep.config = config;
        }
        if let Some(state) = input.string("state") {
            sweep.state = state;
        }
        sweep.display_name = input.string("displayName").or_else(|| sweep.display_name.take());
        sweep.description = input.string("description").or_else(|| sweep.description.take());
        name
    };
    let context = context.clone();
    let sweep = move || {
        let project = ProjectObject::find(&context, &entity, &project);
        Answer::optional(project.and_then(|project| project.sweep(&name)))
    };
    Ok(Answer::object(
        StaticObject::new("UpsertSweepPayload")
            .object("sweep", sweep)
            .value("configValidationWarnings", Vec::<String>::new()),
    ))
}

fn sweep_id(name: &str, project_id: &str) -> String {
    storage_id("Sweep:v1", &format!("{name}:{project_id}"))
}
