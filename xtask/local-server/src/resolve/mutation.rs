//! The root of mutations. Artifacts, sweeps and `upsertBucket` have their own modules.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::context::Context;
use super::project::ProjectObject;
use super::{artifacts, sweep, upsert};
use crate::graphql::{Answer, Arguments, Object, Resolved, StaticObject};
use crate::store::{RunState, blob_key};

/// `Mutation`.
#[derive(Debug)]
pub(crate) struct Mutation(pub(crate) Context);

impl Object for Mutation {
    fn type_name(&self) -> &'static str {
        "Mutation"
    }

    fn resolve(&self, field: &str, arguments: &Arguments) -> Resolved {
        let context = &self.0;
        let input = arguments.input();
        if context.user.read_only {
            return Err("permission denied".to_owned());
        }
        match field {
            "upsertBucket" => upsert::bucket(context, &input),
            "deleteRun" => delete_run(context, &input),
            "stopRun" => stop_run(context, &input),
            "updateRunState" => update_run_state(context, &input),
            "upsertSweep" => sweep::upsert(context, &input),
            "upsertModel" => Ok(upsert_model(context, &input)),
            "createRunFiles" => create_run_files(context, &input),
            "deleteFiles" => delete_files(context, &input),
            // Nothing to do: uploads are recorded when they arrive, and alerts are not sent.
            "markRunFilesUploaded" | "notifyScriptableRunAlert" => Ok(success()),
            "renameProject" => rename_project(context, &input),
            "deleteModel" => delete_model(context, &input),
            _ => artifacts::mutate(context, field, &input),
        }
    }
}

pub(super) fn success() -> Answer {
    Answer::object(StaticObject::new("SuccessPayload").value("success", true))
}

/// Returns the path of the run whose storage id is in the input.
fn run_path(context: &Context, input: &Arguments) -> Result<(String, String, String), String> {
    let id = input.required("id");
    context.shared.read().find_storage_id(id).ok_or_else(|| format!("run {id:?} not found"))
}

fn delete_run(context: &Context, input: &Arguments) -> Resolved {
    let (entity, project, name) = run_path(context, input)?;
    let mut state = context.shared.write();
    state.remove_run(&entity, &project, &name);
    if input.flag("deleteArtifacts") {
        state.artifacts.remove_created_by(&entity, &project, &name);
    }
    drop(state);
    Ok(Answer::object(
        StaticObject::new("DeleteRunPayload").value("clientMutationId", input.string("clientMutationId")),
    ))
}

fn stop_run(context: &Context, input: &Arguments) -> Resolved {
    let (entity, project, name) = run_path(context, input)?;
    if let Some(run) = context.shared.write().run_mut(&entity, &project, &name) {
        run.facts.stopped = true;
    }
    Ok(success())
}

fn update_run_state(context: &Context, input: &Arguments) -> Resolved {
    let (entity, project, name) = run_path(context, input)?;
    let word = input.required("state");
    let Some(wanted @ (RunState::Pending | RunState::Failed)) = RunState::from_word(word) else {
        return Err(format!("a run cannot be set to the state {word:?}"));
    };
    if let Some(run) = context.shared.write().run_mut(&entity, &project, &name) {
        run.facts.state = wanted;
    }
    Ok(success())
}

fn upsert_model(context: &Context, input: &Arguments) -> Answer {
    let entity = context.entity(input.str("entityName"));
    let name = Context::project(input.str("name"));
    let inserted = {
        let mut state = context.shared.write();
        let inserted = state.project(&entity, &name).is_none();
        let project = state.project_mut(&entity, &name);
        if let Some(description) = input.string("description") {
            project.facts.description = Some(description);
        }
        if let Some(access) = input.string("access") {
            project.facts.access = Some(access);
        }
        if let Some(accepts_all) = input.0.get("allowAllArtifactTypesInRegistry").and_then(Value::as_bool) {
            project.facts.accepts_all_types = Some(accepts_all);
        }
        for accepted in input.list("artifactTypes") {
            state.artifacts.ensure_type(&entity, &name, accepted.required("name"));
        }
        inserted
    };
    model_payload(context, &entity, &name, inserted)
}

fn model_payload(context: &Context, entity: &str, name: &str, inserted: bool) -> Answer {
    let (context, entity, name) = (context.clone(), entity.to_owned(), name.to_owned());
    let project = move || Answer::optional(ProjectObject::find(&context, &entity, &name));
    let project = Arc::new(project);
    let model = Arc::clone(&project);
    Answer::object(
        StaticObject::new("UpsertModelPayload")
            .object("project", move || project())
            .object("model", move || model())
            .value("inserted", inserted),
    )
}

fn rename_project(context: &Context, input: &Arguments) -> Resolved {
    let (entity, new) = (input.required("entityName"), input.required("newProjectName"));
    context.shared.write().rename_project(entity, input.required("oldProjectName"), new)?;
    Ok(model_payload(context, entity, new, false))
}

fn delete_model(context: &Context, input: &Arguments) -> Resolved {
    let id = input.required("id");
    let mut state = context.shared.write();
    let found = state.projects.values().find(|project| project.facts.storage_id() == id);
    let found = found.map(|project| (project.facts.entity.clone(), project.facts.name.clone()));
    let (entity, name) = found.ok_or_else(|| format!("project {id:?} not found"))?;
    state.remove_project(&entity, &name);
    Ok(success())
}

fn create_run_files(context: &Context, input: &Arguments) -> Resolved {
    let (entity, project) = (input.required("entityName"), input.required("projectName"));
    let name = input.required("runName");
    let run = context.shared.read().run(entity, project, name).cloned();
    let run = run.ok_or_else(|| format!("run {entity}/{project}/{name} not found"))?;
    let files: Vec<(String, String)> = input
        .strings("files")
        .unwrap_or_default()
        .into_iter()
        .map(|file| (context.upload_url(&blob_key(entity, project, name, &file)), file))
        .collect();
    Ok(Answer::object(
        StaticObject::new("CreateRunFilesPayload")
            .value("runID", run.storage_id())
            .value("uploadHeaders", Vec::<String>::new())
            .object("files", move || {
                Answer::objects(files.iter().map(|(url, name)| {
                    StaticObject::new("RunFileUpload")
                        .value("name", name.as_str())
                        .value("uploadUrl", url.as_str())
                }))
            }),
    ))
}

fn delete_files(context: &Context, input: &Arguments) -> Resolved {
    let mut state = context.shared.write();
    for id in input.strings("files").unwrap_or_default() {
        let key = STANDARD.decode(&id).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let key = key.as_deref().and_then(|text| text.strip_prefix("File:"));
        let key = key.ok_or_else(|| format!("file {id:?} not found"))?;
        let parts: Vec<&str> = key.splitn(5, '/').collect();
        if let ["runs", entity, project, run, file] = parts[..]
            && let Some(run) = state.run_mut(entity, project, run)
        {
            run.files.remove(file);
        }
        state.blobs.remove(key);
    }
    Ok(success())
}
