//! `Sweep`, read only.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::page::page;
use super::project::ProjectObject;
use super::run::RunObject;
use crate::graphql::{Answer, Arguments, Object, Resolved};
use crate::store::{ProjectFacts, Sweep, storage_id};

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
        storage_id("Sweep:v1", &format!("{}:{}", self.sweep.name, self.project.id()))
    }

    /// The runs of the sweep that also pass the filters asked for.
    fn runs(&self, arguments: &Arguments) -> Result<Vec<RunObject>, String> {
        let own = json!({ "sweep": self.sweep.name });
        let asked = arguments.str("filters").map_or(Ok(json!({})), serde_json::from_str::<Value>);
        let both = json!({ "$and": [own, asked.map_err(|error| error.to_string())?] });
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
            "runCount" => Answer::value(self.runs(&Arguments::default())?.len()),
            "runCountExpected" => Answer::value(sweep.run_count_expected),
            "runs" => {
                let runs = self.runs(arguments)?;
                Answer::object(page("RunConnection", "RunEdge", &runs, arguments, RunObject::id)?)
            }
            _ => Answer::NULL,
        })
    }
}
