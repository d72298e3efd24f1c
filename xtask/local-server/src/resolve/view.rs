//! The `View` object, and `upsertView` and `deleteView`.

use std::sync::Arc;

use super::context::Context;
use super::people::UserObject;
use super::project::ProjectObject;
use crate::graphql::{Answer, Arguments, Object, Resolved, StaticObject};
use crate::store::{NewView, ProjectFacts, View, storage_id};

/// `View`.
#[derive(Debug, Clone)]
pub(crate) struct ViewObject {
    context: Context,
    project: (String, String),
    view: Arc<View>,
}

impl ViewObject {
    /// Returns the views of a project that the arguments of `allViews` select, newest first.
    pub(crate) fn all(context: &Context, facts: &ProjectFacts, arguments: &Arguments) -> Vec<Self> {
        let kind = arguments.str("viewType").unwrap_or("runs");
        let named = |view: &&View| arguments.str("viewName").is_none_or(|name| name == view.name);
        let by = |view: &&View| arguments.str("userName").is_none_or(|name| name == view.user);
        let found = facts.views.iter().rev().filter(|view| view.kind == kind).filter(named).filter(by);
        let project = (facts.entity.clone(), facts.name.clone());
        let object = |view: &View| Self {
            context: context.clone(),
            project: project.clone(),
            view: Arc::new(view.clone()),
        };
        found.map(object).collect()
    }

    /// Returns the view with this id.
    pub(crate) fn find(context: &Context, id: &str) -> Option<Self> {
        let state = context.shared.read();
        state.projects.values().find_map(|project| {
            let view = project.facts.views.iter().find(|view| view_id(view) == id)?;
            let path = (project.facts.entity.clone(), project.facts.name.clone());
            Some(Self { context: context.clone(), project: path, view: Arc::new(view.clone()) })
        })
    }

    pub(crate) fn id(&self) -> String {
        view_id(&self.view)
    }
}

impl Object for ViewObject {
    fn type_name(&self) -> &'static str {
        "View"
    }

    fn resolve(&self, field: &str, _arguments: &Arguments) -> Resolved {
        let view = &self.view;
        Ok(match field {
            "id" => Answer::value(self.id()),
            "type" => Answer::value(view.kind.as_str()),
            "name" => Answer::value(view.name.as_str()),
            "displayName" => Answer::value(view.display_name.as_str()),
            "description" => Answer::value(view.description.as_str()),
            "spec" => Answer::value(view.spec.as_str()),
            "createdAt" => Answer::value(view.created_at.to_string()),
            "updatedAt" => Answer::value(view.updated_at.to_string()),
            "user" => {
                let users = &self.context.shared.options.users;
                let author = users.iter().find(|user| user.username == view.user);
                let object = |user| UserObject::new(&self.context, user);
                Answer::optional(author.cloned().map(object))
            }
            "project" => {
                let (entity, name) = &self.project;
                Answer::optional(ProjectObject::find(&self.context, entity, name))
            }
            _ => Answer::NULL,
        })
    }
}

/// `upsertView`: creates a view, or changes the one with the given id.
pub(crate) fn upsert(context: &Context, input: &Arguments) -> Resolved {
    let known = match input.str("id").filter(|id| !id.is_empty()) {
        Some(id) => Some(ViewObject::find(context, id).ok_or_else(|| format!("view {id:?} not found"))?),
        None => None,
    };
    let (entity, project) = match &known {
        Some(known) => known.project.clone(),
        None => (context.entity(input.str("entityName")), Context::project(input.str("projectName"))),
    };
    let inserted = known.is_none();
    let id = {
        let mut state = context.shared.write();
        let number = state.assign_number();
        let views = &mut state.project_mut(&entity, &project).facts.views;
        let index = known.and_then(|known| views.iter().position(|view| view.number == known.view.number));
        let index = index.unwrap_or_else(|| {
            let mut new = NewView::report(&entity, &project, "");
            new.user.clone_from(&context.user.username);
            new.kind = input.string("type").unwrap_or(new.kind);
            views.push(new.into_view(number));
            views.len() - 1
        });
        let view = &mut views[index];
        view.updated_at = jiff::Timestamp::now();
        for (field, value) in [
            (&mut view.kind, "type"),
            (&mut view.name, "name"),
            (&mut view.display_name, "displayName"),
            (&mut view.description, "description"),
            (&mut view.spec, "spec"),
        ] {
            if let Some(given) = input.string(value) {
                *field = given;
            }
        }
        view_id(view)
    };
    let context = context.clone();
    let view = move || Answer::optional(ViewObject::find(&context, &id));
    Ok(Answer::object(
        StaticObject::new("UpsertViewPayload").object("view", view).value("inserted", inserted),
    ))
}

/// `deleteView`.
pub(crate) fn delete(context: &Context, input: &Arguments) -> Answer {
    let id = input.required("id");
    let mut state = context.shared.write();
    let mut success = false;
    for project in state.projects.values_mut() {
        let before = project.facts.views.len();
        project.facts.views.retain(|view| view_id(view) != id);
        success |= project.facts.views.len() < before;
    }
    Answer::object(StaticObject::new("DeleteViewPayload").value("success", success))
}

fn view_id(view: &View) -> String {
    storage_id("View", &view.number.to_string())
}
