//! How a server is set up.

use std::path::PathBuf;
use std::time::Duration;

/// A person or service account that may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Login name, also an entity.
    pub username: String,
    /// Shown name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Default entity.
    pub entity: String,
    /// The password of HTTP Basic authentication, whose user is `api`.
    pub api_key: String,
    /// Teams the user belongs to.
    pub teams: Vec<String>,
    /// Whether the key may look at everything and change nothing.
    pub read_only: bool,
}

impl User {
    /// A user whose default entity is the username.
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

/// Options of [`crate::LocalServer::start`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Who may log in; the first is the owner of seeded runs. Default: `local`, member of the team
    /// `local-team`, with [`Options::DEFAULT_API_KEY`].
    pub users: Vec<User>,
    /// Where the state is loaded from at start and saved to when a run ends and at the end. Default: nowhere.
    pub data_dir: Option<PathBuf>,
    /// A recording to load at start: a data directory, a `.tar.zst` archive of one, or a directory of
    /// archives. It is only read.
    pub fixtures: Option<PathBuf>,
    /// A path in front of every route of the API, such as `/api/wandb`. Default: none.
    pub path_prefix: Option<String>,
    /// TCP port of the API. Default: 0, any free one.
    pub port: u16,
    /// TCP port for signed URLs. Default: 0, any free one.
    pub storage_port: u16,
    /// A running run silent for longer is reported as crashed. Default: five minutes.
    pub heartbeat_timeout: Duration,
    /// How long signed URLs are valid. Default: an hour.
    pub url_lifetime: Duration,
}

impl Options {
    /// The key of the default user; of the right form, and secret from nobody.
    pub const DEFAULT_API_KEY: &'static str = "local0123456789abcdef0123456789abcdef0123";
}

impl Default for Options {
    fn default() -> Self {
        let user = User { teams: vec!["local-team".to_owned()], ..User::new("local", Self::DEFAULT_API_KEY) };
        Self {
            users: vec![user],
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
