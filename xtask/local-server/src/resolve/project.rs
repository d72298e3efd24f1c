//! The `Project` object, and the search for its runs.

use std::sync::Arc;

use super::artifacts;
use super::context::Context;
use super::page::{List, page, page_with};
use super::people::{EntityObject, UserObject};
use super::run::RunObject;
use super::sweep::SweepObject;
use crate::graphql::{Answer, Arguments, Object, Resolved, StaticObject};
use crate::store::{Filter, Order, ProjectFacts, Run, encode_id};

/// `Project`.
#[derive(Debug, Clone)]
pub(crate) struct ProjectObject {
    context: Context,
    facts: Arc<ProjectFacts>,
}

impl ProjectObject {
    pub(crate) fn find(context: &Context, entity: &str, name: &str) -> Option<Self> {
        let state = context.shared.read();
        let project = state.project(entity, name)?;
        Some(Self { context: context.clone(), facts: Arc::new(project.facts.clone()) })
    }

    /// Returns the projects of an entity, newest first.
    pub(crate) fn of_entity(context: &Context, entity: &str) -> Vec<Self> {
        let state = context.shared.read();
        let own = state.projects.values().rev().filter(|project| project.facts.entity == entity);
        own.map(|project| Self { context: context.clone(), facts: Arc::new(project.facts.clone()) }).collect()
    }

    pub(crate) fn id(&self) -> String {
        self.facts.storage_id()
    }

    pub(crate) fn number(&self) -> u64 {
        self.facts.number
    }

    pub(crate) fn sweep(&self, name: &str) -> Option<SweepObject> {
        SweepObject::find(self.clone(), &self.facts, name)
    }

    fn run(&self, name: &str) -> Option<RunObject> {
        let state = self.context.shared.read();
        let run = state.run(&self.facts.entity, &self.facts.name, name)?;
        Some(RunObject::new(&self.context, Arc::clone(run), self.facts.number))
    }

    /// Applies the quirks to a list of runs: removes hidden ones, and moves some.
    fn listed(&self, runs: Arc<Vec<Arc<Run>>>) -> Arc<Vec<Arc<Run>>> {
        let quirks = &self.context.quirks;
        if quirks.hidden_runs.is_empty() && quirks.moving_runs == 0 {
            return runs;
        }
        let mut runs = Arc::unwrap_or_clone(runs);
        runs.retain(|run| !quirks.hidden_runs.contains(&run.facts.name));
        if !runs.is_empty() && quirks.moving_runs > 0 {
            let moved = self.context.shared.count_run_page().min(quirks.moving_runs);
            let count = runs.len();
            runs.rotate_right(moved % count);
        }
        Arc::new(runs)
    }

    /// Returns a page of runs.
    pub(crate) fn page(&self, runs: &[Arc<Run>], arguments: &Arguments) -> Result<StaticObject, String> {
        let quirks = &self.context.quirks;
        let list = List { name: "runs", connection: "RunConnection", edge: "RunEdge", quirks };
        let object = |run: &Arc<Run>| RunObject::new(&self.context, Arc::clone(run), self.facts.number);
        page_with(&list, runs, arguments, |run| run.storage_id(), object)
    }

    /// Returns the runs that match `filters`, in `order`.
    pub(crate) fn search(&self, arguments: &Arguments) -> Result<Arc<Vec<Arc<Run>>>, String> {
        let shared = &self.context.shared;
        let filter =
            Filter::parse(arguments.str("filters").unwrap_or_default()).map_err(|error| error.to_string())?;
        let order = Order::parse(arguments.str("order"));
        let runs = shared.ordered_runs(&self.facts, &order);
        if filter.is_everything() {
            return Ok(runs);
        }
        let found = runs.iter().filter(|run| filter.matches(run, shared.state_word(run)));
        Ok(Arc::new(found.cloned().collect()))
    }
}

impl Object for ProjectObject {
    fn type_name(&self) -> &'static str {
        "Project"
    }

    fn resolve(&self, field: &str, arguments: &Arguments) -> Resolved {
        let facts = &self.facts;
        Ok(match field {
            "id" => Answer::value(self.id()),
            "internalId" => Answer::value(encode_id("ProjectInternalId", facts.number)),
            "name" => Answer::value(facts.name.as_str()),
            "entityName" => Answer::value(facts.entity.as_str()),
            "entity" => Answer::object(EntityObject::new(&self.context, &facts.entity)),
            "description" => Answer::value(facts.description.clone()),
            "access" => Answer::value(facts.access.as_deref().unwrap_or("PRIVATE")),
            "createdAt" | "updatedAt" => Answer::value(facts.created_at.to_string()),
            "isBenchmark" => Answer::value(false),
            "readOnly" => Answer::value(self.context.user.read_only),
            "user" => Answer::object(UserObject::new(&self.context, (*self.context.user).clone())),
            "runCount" => Answer::value(self.search(arguments)?.len()),
            "runs" => {
                let runs = self.listed(self.search(arguments)?);
                Answer::object(self.page(&runs, arguments)?)
            }
            "run" | "bucket" => match self.run(arguments.required("name")) {
                Some(run) => Answer::object(run),
                None => Answer::NULL,
            },
            "sweep" => Answer::optional(self.sweep(arguments.required("sweepName"))),
            "sweeps" => {
                let sweeps = SweepObject::all(self, &self.facts);
                let quirks = &self.context.quirks;
                let list = List { name: "sweeps", connection: "SweepConnection", edge: "SweepEdge", quirks };
                Answer::object(page(&list, &sweeps, arguments, SweepObject::id)?)
            }
            "totalSweeps" => Answer::value(facts.sweeps.len()),
            "allViews" => {
                let quirks = &self.context.quirks;
                let list = List { name: "allViews", connection: "ViewConnection", edge: "ViewEdge", quirks };
                Answer::object(page::<NoView>(&list, &[], arguments, |_| String::new())?)
            }
            _ => artifacts::of_project(&self.context, facts, field, arguments)?,
        })
    }
}

/// Never exists: the local server has no reports.
#[derive(Debug, Clone)]
enum NoView {}

impl Object for NoView {
    fn type_name(&self) -> &'static str {
        "View"
    }

    fn resolve(&self, _field: &str, _arguments: &Arguments) -> Resolved {
        match *self {}
    }
}
