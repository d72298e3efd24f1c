//! The server itself.

use serde::Serialize;

use crate::value::Value;

/// What a server says of itself (`ServerInfo`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Server {
    /// The optional abilities (`features`); `None` if the server is too old to tell.
    pub features: Option<Vec<Feature>>,
    /// Which SDK versions the server supports (`cliVersionInfo`).
    pub sdk_versions: Option<Value>,
    /// The server's version (`latestLocalVersionInfo.versionOnThisInstanceString`); the public deployment has none.
    pub version: Option<String>,
    /// The newest version there is (`latestLocalVersionInfo.latestVersionString`).
    pub latest_version: Option<String>,
    /// Whether there is a newer version that matters (`latestLocalVersionInfo.outOfDate`).
    pub is_out_of_date: Option<bool>,
}

/// An ability that a server has or lacks (`ServerFeature`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feature {
    /// The name (`name`), in capitals.
    pub name: String,
    /// Whether the server has it switched on (`isEnabled`).
    pub is_enabled: bool,
}

impl Server {
    /// A server of which nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the server says that it has an ability.
    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().flatten().any(|own| own.is_enabled && own.name == feature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_enabled_is_there() {
        let feature = |name: &str, is_enabled| Feature { name: name.to_owned(), is_enabled };
        let mut server = Server::new();
        assert!(!server.has("ON"));
        server.features = Some(vec![feature("ON", true), feature("OFF", false)]);
        assert!(server.has("ON") && !server.has("OFF") && !server.has("OTHER"));
    }
}
