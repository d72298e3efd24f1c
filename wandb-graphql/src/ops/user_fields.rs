//! The requested fields of a user.

use wandb_core::model::User;

use crate::schema::sdl as schema;

/// The fields of the user who created a run or project.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "User")]
pub(super) struct UserFields {
    #[cynic(feature = "User.username")]
    username: Option<String>,
    #[cynic(feature = "User.name")]
    name: Option<String>,
}

impl From<UserFields> for User {
    fn from(fields: UserFields) -> Self {
        let mut user = Self::new();
        user.username = fields.username;
        user.name = fields.name;
        user
    }
}
