//! `GetViewer`: the user of the API key.

use bytes::Bytes;
use http::Response;
use wandb_core::Value;
use wandb_core::model::User;
use wandb_core::operation::{AnswerError, Endpoint, Field, Operation, UnsupportedFields};
use wandb_core::transport::Request;

use crate::envelope::{RequestSpec, data, post};
use crate::schema::{JsonText, sdl as schema};

/// Reads the user that owns the API key, with their teams (`GetViewer` in the Python SDK).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetViewer;

impl GetViewer {
    /// Queries the user of the client's API key.
    pub fn new() -> Self {
        Self
    }
}

const OPTIONAL_FIELDS: &[Field] = &[
    Field::new("User", "username"),
    Field::new("User", "entity"),
    Field::new("User", "name"),
    Field::new("User", "email"),
    Field::new("User", "admin"),
    Field::new("User", "flags"),
    Field::new("User", "teams"),
];

#[derive(cynic::QueryFragment, Debug)]
struct Query {
    viewer: Option<Viewer>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "User")]
struct Viewer {
    id: Option<cynic::Id>,
    #[cynic(feature = "User.username")]
    username: Option<String>,
    #[cynic(feature = "User.entity")]
    entity: Option<String>,
    #[cynic(feature = "User.name")]
    name: Option<String>,
    #[cynic(feature = "User.email")]
    email: Option<String>,
    #[cynic(feature = "User.admin")]
    admin: Option<bool>,
    #[cynic(feature = "User.flags")]
    flags: Option<JsonText>,
    #[cynic(feature = "User.teams")]
    teams: Option<EntityConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct EntityConnection {
    edges: Option<Vec<Option<EntityEdge>>>,
}

#[derive(cynic::QueryFragment, Debug)]
struct EntityEdge {
    node: Option<Entity>,
}

#[derive(cynic::QueryFragment, Debug)]
struct Entity {
    name: Option<String>,
}

impl Operation for GetViewer {
    type Answer = User;

    fn name(&self) -> &'static str {
        "GetViewer"
    }

    fn subject(&self) -> String {
        "the user of the API key".to_owned()
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        post::<Query, _>(RequestSpec::new(self, ()), endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<User, AnswerError> {
        let query: Query = data(&response, || self.subject())?;
        let Some(viewer) = query.viewer else {
            return Err(AnswerError::Denied { message: "no user belongs to this API key".to_owned() });
        };
        let mut user = User::new();
        user.id = viewer.id.map(cynic::Id::into_inner);
        user.username = viewer.username;
        user.name = viewer.name;
        user.email = viewer.email;
        user.entity = viewer.entity;
        user.admin = viewer.admin;
        // Flags are only informative: text that is not JSON is kept as a string.
        user.flags = viewer
            .flags
            .map(|JsonText(text)| Value::parse(text.as_bytes()).unwrap_or_else(|_| Value::from(&*text)));
        user.teams = viewer.teams.map(|teams| {
            let edges = teams.edges.into_iter().flatten().flatten();
            edges.filter_map(|edge| edge.node?.name).collect()
        });
        Ok(user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{answer, request};

    #[test]
    fn request_asks_for_everything() {
        insta::assert_snapshot!(request(&GetViewer::new(), &[]));
    }

    #[test]
    fn user_is_read_with_teams() {
        let user = answer(
            &GetViewer::new(),
            r#"{"data": {"viewer": {"id": "VXNlcjox", "username": "ada", "entity": "team", "name": "Ada", "email": null,
                "admin": false, "flags": "{\"beta\": true}",
                "teams": {"edges": [{"node": {"name": "team"}}, {"node": null}, {"node": {"name": "other"}}]}}}}"#,
        )
        .unwrap();
        let mut expected = User::new();
        expected.id = Some("VXNlcjox".to_owned());
        expected.username = Some("ada".to_owned());
        expected.name = Some("Ada".to_owned());
        expected.entity = Some("team".to_owned());
        expected.admin = Some(false);
        expected.flags = Some(Value::parse(br#"{"beta": true}"#).unwrap());
        expected.teams = Some(vec!["team".to_owned(), "other".to_owned()]);
        assert_eq!(user, expected);
    }

    #[test]
    fn unrequested_fields_are_unknown() {
        let body = r#"{"data": {"viewer": {"id": "1", "username": null, "entity": null}}}"#;
        let user = answer(&GetViewer::new(), body).unwrap();
        assert_eq!((user.teams, user.flags, user.username), (None, None, None));
    }

    #[test]
    fn missing_viewer_is_a_denial() {
        let error = answer(&GetViewer::new(), r#"{"data": {"viewer": null}}"#).unwrap_err();
        assert_eq!(error, AnswerError::Denied { message: "no user belongs to this API key".to_owned() });
    }
}
