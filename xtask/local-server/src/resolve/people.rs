//! Users and entities.

use serde_json::Value;

use super::artifacts;
use super::context::Context;
use super::organization::OrganizationObject;
use crate::graphql::{Answer, Arguments, Object, Resolved, StaticObject};
use crate::options::User;
use crate::store::storage_id;

/// `User`.
#[derive(Debug, Clone)]
pub(crate) struct UserObject {
    context: Context,
    user: User,
}

impl UserObject {
    pub(crate) fn new(context: &Context, user: User) -> Self {
        Self { context: context.clone(), user }
    }
}

impl Object for UserObject {
    fn type_name(&self) -> &'static str {
        "User"
    }

    fn resolve(&self, field: &str, _arguments: &Arguments) -> Resolved {
        let user = &self.user;
        Ok(match field {
            "id" => Answer::value(storage_id("User", &user.username)),
            "name" => Answer::value(user.name.as_str()),
            "username" => Answer::value(user.username.as_str()),
            "email" => Answer::value(user.email.as_str()),
            "admin" => Answer::value(false),
            "flags" => Answer::value("{}"),
            "entity" => Answer::value(user.entity.as_str()),
            "apiKeys" => {
                Answer::object(StaticObject::new("ApiKeyConnection").value("edges", Value::Array(Vec::new())))
            }
            "teams" => {
                let (context, teams) = (self.context.clone(), user.teams.clone());
                Answer::object(StaticObject::new("EntityConnection").object("edges", move || {
                    let context = context.clone();
                    Answer::objects(teams.clone().into_iter().map(move |team| {
                        let context = context.clone();
                        StaticObject::new("EntityEdge")
                            .object("node", move || Answer::object(EntityObject::new(&context, &team)))
                    }))
                }))
            }
            "organizations" => {
                let all = OrganizationObject::all(&self.context);
                Answer::objects(all.into_iter().filter(|known| known.has_member(&user.username)))
            }
            _ => Answer::NULL,
        })
    }
}

/// `Entity`.
#[derive(Debug, Clone)]
pub(crate) struct EntityObject {
    context: Context,
    name: String,
}

impl EntityObject {
    pub(crate) fn new(context: &Context, name: &str) -> Self {
        Self { context: context.clone(), name: name.to_owned() }
    }

    /// Returns the user with that name. All other entities are teams, or belong to organizations.
    fn user(&self) -> Option<UserObject> {
        let users = &self.context.shared.options.users;
        let user = users.iter().find(|user| user.username == self.name)?;
        Some(UserObject::new(&self.context, user.clone()))
    }

    fn organization(&self) -> Option<OrganizationObject> {
        OrganizationObject::all(&self.context).into_iter().find(|known| known.owns(&self.name))
    }
}

impl Object for EntityObject {
    fn type_name(&self) -> &'static str {
        "Entity"
    }

    fn resolve(&self, field: &str, arguments: &Arguments) -> Resolved {
        Ok(match field {
            "id" => Answer::value(storage_id("Entity", &self.name)),
            "name" => Answer::value(self.name.as_str()),
            "isTeam" => Answer::value(self.user().is_none()),
            "entityType" => {
                let kind = match (self.user(), self.organization()) {
                    (Some(_), _) => "user",
                    (None, Some(owner)) if owner.is_entity(&self.name) => "organization",
                    _ => "team",
                };
                Answer::value(kind)
            }
            "available" | "readOnly" => Answer::value(false),
            "organization" => Answer::optional(self.organization()),
            "user" => Answer::optional(self.user()),
            _ => artifacts::of_entity(&self.context, &self.name, field, arguments)?,
        })
    }
}
