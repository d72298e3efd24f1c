//! Who uses W&B.

use serde::Serialize;

use super::Timestamp;
use crate::value::Value;

/// A user (`User`): the one that a key belongs to, or the one that made a run or a project.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct User {
    /// The storage id (`id`).
    pub id: Option<String>,
    /// The name by which the user is addressed (`username`).
    pub username: Option<String>,
    /// The full name (`name`).
    pub name: Option<String>,
    /// The address (`email`), where the key may see it.
    pub email: Option<String>,
    /// The entity that paths without one mean (`entity`).
    pub entity: Option<String>,
    /// Whether the user administers a self-hosted server (`admin`).
    pub admin: Option<bool>,
    /// Feature flags (`flags`).
    pub flags: Option<Value>,
    /// When the account was deleted, if it was (`deletedAt`).
    pub deleted_at: Option<Timestamp>,
    /// The teams that the user is a member of (`teams`), by name.
    pub teams: Option<Vec<String>>,
}

impl User {
    /// A user of whom nothing is known.
    pub fn new() -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_null_and_not_empty() {
        let mut user = User::new();
        user.username = Some("ada".to_owned());
        user.teams = Some(Vec::new());
        assert_eq!(
            serde_json::to_string(&user).unwrap(),
            r#"{"id":null,"username":"ada","name":null,"email":null,"entity":null,"admin":null,"flags":null,"deleted_at":null,"teams":[]}"#,
        );
    }
}
