//! Server options.

use std::path::PathBuf;
use std::time::Duration;

/// A user or service account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Login name, also an entity.
    pub username: String,
    /// Display name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Default entity.
    pub entity: String,
    /// API key: the password of HTTP Basic authentication, with the user name `api`.
    pub api_key: String,
    /// Teams the user belongs to.
    pub teams: Vec<String>,
    /// Whether the key only allows reading.
    pub read_only: bool,
}

impl User {
    /// Creates a user whose default entity is the username.
    pub fn new(username: &str, api_key: &str) -> Self {
        Self {
            username: username.to_owned(),
            name: username.to_owned(),
            email: format!("{username}@example.com"),
            entity: username.to_owned(),
            api_key: api_key.to_owned(),
            teams: Vec::new(),
            read_only: false,
        }
    }
}

/// An organization of teams and users, which owns registries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Display name.
    pub name: String,
    /// The entity that owns the projects of its registries.
    pub entity: String,
    /// Teams of the organization.
    pub teams: Vec<String>,
    /// Usernames of its members.
    pub members: Vec<String>,
}

/// Options of [`crate::LocalServer::start`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Users that can log in; the first owns seeded runs. Default: `local`, a member of the team `local-team`, with
    /// [`Options::DEFAULT_API_KEY`].
    pub users: Vec<User>,
    /// Organizations. Default: `local-org` with the entity `local-org-entity`, the team `local-team` and the member
    /// `local`.
    pub organizations: Vec<Organization>,
    /// Directory to load the state from at the start, and to save it to when a run ends and at the end. Default: none.
    pub data_dir: Option<PathBuf>,
    /// A recording to load at the start: a data directory, a `.tar.zst` archive of one, or a directory of archives.
    /// Never written.
    pub fixtures: Option<PathBuf>,
    /// Path prefix of every API route, such as `/api/wandb`. Default: none.
    pub path_prefix: Option<String>,
    /// TCP port of the API. Default: 0, any free one.
    pub port: u16,
    /// TCP port for signed URLs. Default: 0, any free one.
    pub storage_port: u16,
    /// A running run without a heartbeat for this long is reported as crashed. Default: five minutes.
    pub heartbeat_timeout: Duration,
    /// How long signed URLs are valid. Default: an hour.
    pub url_lifetime: Duration,
}

impl Options {
    /// The API key of the default user. It has a valid format and is not secret.
    pub const DEFAULT_API_KEY: &'static str = "local0123456789abcdef0123456789abcdef0123";
}

impl Default for Options {
    fn default() -> Self {
        let user = User { teams: vec!["local-team".to_owned()], ..User::new("local", Self::DEFAULT_API_KEY) };
        Self {
            users: vec![user],
            organizations: vec![Organization {
                name: "local-org".to_owned(),
                entity: "local-org-entity".to_owned(),
                teams: vec!["local-team".to_owned()],
                members: vec!["local".to_owned()],
            }],
            data_dir: None,
            fixtures: None,
            path_prefix: None,
            port: 0,
            storage_port: 0,
            heartbeat_timeout: Duration::from_secs(300),
            url_lifetime: Duration::from_secs(3600),
        }
    }
}
