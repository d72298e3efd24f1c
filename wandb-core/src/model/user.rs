//! Users.

use serde::Serialize;

use super::Timestamp;
use crate::value::Value;

/// A user (`User`): the owner of a key, or the creator of a run or project.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct User {
    /// The storage id (`id`).
    pub id: Option<String>,
    /// The user name (`username`).
    pub username: Option<String>,
    /// The full name (`name`).
    pub name: Option<String>,
    /// The email address (`email`), if the key may see it.
    pub email: Option<String>,
    /// The default entity of paths without one (`entity`).
    pub entity: Option<String>,
    /// Whether the user administers a self-hosted server (`admin`).
    pub admin: Option<bool>,
    /// Feature flags (`flags`).
    pub flags: Option<Value>,
    /// The time of the account's deletion, if it was deleted (`deletedAt`).
    pub deleted_at: Option<Timestamp>,
    /// The teams that the user is a member of (`teams`), by name.
    pub teams: Option<Vec<String>>,
}

impl User {
    /// Creates a user without any data.
    pub fn new() -> Self {
        Self::default()
    }
}
