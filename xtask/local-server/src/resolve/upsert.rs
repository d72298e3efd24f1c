//! `upsertBucket`: creates or changes a run. The SDK sends it at the start and whenever the config changes.

use jiff::Timestamp;

use super::context::Context;
use super::project::ProjectObject;
use super::run::RunObject;
use crate::graphql::{Answer, Arguments, Resolved, StaticObject};
use crate::store::{Run, RunState};

pub(crate) fn bucket(context: &Context, input: &Arguments) -> Resolved {
    let (entity, project, name, inserted) = {
        let mut state = context.shared.write();
        let known = input.str("id").and_then(|id| state.find_storage_id(id));
        let (entity, project, name) = match (known, input.str("name")) {
            (Some(known), _) => known,
            (None, Some(name)) => (
                context.entity(input.str("entityName")),
                Context::project(input.str("modelName")),
                name.to_owned(),
            ),
            (None, None) => return Err("run not found".to_owned()),
        };
        let inserted = state.run(&entity, &project, &name).is_none();
        if inserted {
            let mut run = state.blank_run(&entity, &project, &name, &context.user.username);
            run.facts.display_name = Some(format!("run-{}", run.facts.number));
            state.insert(run);
        }
        let sweep = input.string("sweep").filter(|sweep| !sweep.is_empty());
        if let Some(run) = state.run_mut(&entity, &project, &name) {
            apply(run, input, sweep, inserted);
        }
        (entity, project, name, inserted)
    };
    let context = context.clone();
    Ok(Answer::object(
        StaticObject::new("UpsertBucketPayload")
            .object("bucket", move || {
                let run = context.shared.read().run(&entity, &project, &name).cloned();
                let number =
                    ProjectObject::find(&context, &entity, &project).map_or(0, |project| project.number());
                Answer::optional(run.map(|run| RunObject::new(&context, run, number)))
            })
            .value("inserted", inserted)
            .value("clientMutationId", input.string("clientMutationId")),
    ))
}

/// Applies the fields that are present.
///
/// Only a request that names the run, as the SDK sends when it starts one, sets the state to running. A change by
/// storage id keeps the state.
fn apply(run: &mut Run, input: &Arguments, sweep: Option<String>, inserted: bool) {
    if let Some(config) = input.string("config") {
        run.set_config(config);
    }
    if let Some(summary) = input.string("summaryMetrics") {
        run.set_summary(summary);
    }
    let facts = &mut run.facts;
    let set = |place: &mut Option<String>, name: &str| {
        if let Some(value) = input.string(name) {
            *place = Some(value);
        }
    };
    set(&mut facts.display_name, "displayName");
    set(&mut facts.description, "description");
    set(&mut facts.notes, "notes");
    set(&mut facts.group, "groupName");
    set(&mut facts.job_type, "jobType");
    set(&mut facts.commit, "commit");
    set(&mut facts.host, "host");
    set(&mut facts.program, "jobProgram");
    if let Some(tags) = input.strings("tags") {
        facts.tags = tags;
    }
    if sweep.is_some() {
        facts.sweep = sweep;
    }
    if let Some(state) = input.str("state").and_then(RunState::from_word) {
        facts.state = state;
    } else if input.str("name").is_some() && (inserted || facts.state != RunState::Running) {
        facts.state = RunState::Running;
        facts.exit_code = None;
        facts.stopped = false;
    }
    if input.str("name").is_some() {
        facts.heartbeat_at = Timestamp::now();
    }
}
