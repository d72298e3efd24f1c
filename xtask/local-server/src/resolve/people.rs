//! Users, entities and organisations.

use serde_json::Value;

use crate::graphql::{Answer, Arguments, Object, Resolved, StaticObject};
use crate::options::User;
use crate::store::storage_id;

/// `User`.
#[derive(Debug, Clone)]
pub(crate) struct UserObject(pub(crate) User);

impl Object for UserObject {
    fn type_name(&self) -> &'static str {
        "User"
    }

    fn resolve(&self, field: &str, _arguments: &Arguments) -> Resolved {
        let user = &self.0;
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
                let teams = user.teams.clone();
                Answer::object(StaticObject::new("EntityConnection").object("edges", move || {
                    Answer::objects(teams.clone().into_iter().map(|team| {
                        StaticObject::new("EntityEdge")
                            .object("node", move || Answer::object(EntityObject::team(&team)))
                    }))
                }))
            }
            _ => Answer::NULL,
        })
    }
}

/// `Entity`.
#[derive(Debug, Clone)]
pub(crate) struct EntityObject {
    pub(crate) name: String,
    pub(crate) is_team: bool,
}

impl EntityObject {
    fn team(name: &str) -> Self {
        Self { name: name.to_owned(), is_team: true }
    }
}

impl Object for EntityObject {
    fn type_name(&self) -> &'static str {
        "Entity"
    }

    fn resolve(&self, field: &str, _arguments: &Arguments) -> Resolved {
        Ok(match field {
            "id" => Answer::value(storage_id("Entity", &self.name)),
            "name" => Answer::value(self.name.as_str()),
            "isTeam" => Answer::value(self.is_team),
            "entityType" => Answer::value(if self.is_team { "team" } else { "user" }),
            "available" | "readOnly" => Answer::value(false),
            // Entities of the local server have no organisation.
            _ => Answer::NULL,
        })
    }
}
