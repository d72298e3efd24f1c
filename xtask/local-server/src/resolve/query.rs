//! The root of queries.

use serde_json::json;

use super::artifacts::{ArtifactObject, CollectionObject};
use super::context::Context;
use super::organization::OrganizationObject;
use super::page::{List, page};
use super::people::{EntityObject, UserObject};
use super::project::ProjectObject;
use crate::graphql::{Answer, Arguments, Object, Resolved, StaticObject};

/// `Query`.
#[derive(Debug)]
pub(crate) struct Query(pub(crate) Context);

impl Object for Query {
    fn type_name(&self) -> &'static str {
        "Query"
    }

    fn resolve(&self, field: &str, arguments: &Arguments) -> Resolved {
        let context = &self.0;
        Ok(match field {
            "viewer" => Answer::object(UserObject::new(context, (*context.user).clone())),
            "serverInfo" => Answer::object(server_info(context)),
            "project" | "model" => Answer::optional(ProjectObject::find(
                context,
                &context.entity(arguments.str("entityName")),
                arguments.required("name"),
            )),
            "models" => {
                let entity = context.entity(arguments.str("entityName"));
                if !self.entity_exists(&entity) {
                    return Ok(Answer::NULL);
                }
                let projects = ProjectObject::of_entity(context, &entity);
                let quirks = &context.quirks;
                let list =
                    List { name: "models", connection: "ProjectConnection", edge: "ProjectEdge", quirks };
                Answer::object(page(&list, &projects, arguments, ProjectObject::id)?)
            }
            "entity" => {
                let name = context.entity(arguments.str("name"));
                let exists = self.entity_exists(&name);
                Answer::optional(exists.then(|| EntityObject::new(context, &name)))
            }
            "users" => {
                let wanted = arguments.string("query").unwrap_or_default();
                let users = context.shared.options.users.clone();
                let context = context.clone();
                Answer::object(StaticObject::new("UserConnection").object("edges", move || {
                    let found = users
                        .clone()
                        .into_iter()
                        .filter(|user| user.username.contains(&wanted) || user.email.contains(&wanted));
                    let context = context.clone();
                    Answer::objects(found.map(move |user| {
                        let user = UserObject::new(&context, user);
                        StaticObject::new("UserEdge").object("node", move || Answer::object(user.clone()))
                    }))
                }))
            }
            "artifact" => Answer::optional(ArtifactObject::find(context, arguments.required("id"))),
            "clientIDMapping" => {
                let state = context.shared.read();
                let artifact = state.artifacts.by_client_id(arguments.required("clientID"));
                Answer::optional(
                    artifact.map(|artifact| {
                        StaticObject::new("ClientIDMapping").value("serverID", artifact.id())
                    }),
                )
            }
            "artifactCollection" => {
                Answer::optional(CollectionObject::find(context, arguments.required("id")))
            }
            "organization" => {
                Answer::optional(OrganizationObject::named(context, arguments.required("name")))
            }
            _ => Answer::NULL,
        })
    }
}

impl Query {
    /// Whether the entity is a user, a team, or the owner of a project.
    fn entity_exists(&self, entity: &str) -> bool {
        let shared = &self.0.shared;
        let users = &shared.options.users;
        users.iter().any(|user| user.entity == entity || user.username == entity)
            || users.iter().any(|user| user.teams.iter().any(|team| team == entity))
            || shared.options.organizations.iter().any(|organization| organization.entity == entity)
            || shared.read().projects.keys().any(|(owner, _)| owner == entity)
    }
}

fn server_info(context: &Context) -> StaticObject {
    let features = context.shared.features();
    StaticObject::new("ServerInfo")
        .value("cliVersionInfo", json!({ "max_cli_version": "0.31.0", "min_cli_version": "0.13.0" }))
        .object("latestLocalVersionInfo", || {
            Answer::object(
                StaticObject::new("LocalVersionInfo")
                    .value("outOfDate", false)
                    .value("latestVersionString", SERVER_VERSION)
                    .value("versionOnThisInstanceString", SERVER_VERSION),
            )
        })
        .object("features", move || {
            Answer::objects(features.iter().map(|(name, enabled)| {
                StaticObject::new("ServerFeature").value("name", name.as_str()).value("isEnabled", *enabled)
            }))
        })
}

/// A server version with `useImprovedPagination` of `logLines`.
const SERVER_VERSION: &str = "0.77.0";
