//! Information about the server.

use serde::Serialize;

use crate::value::Value;

/// A server's information about itself (`ServerInfo`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Server {
    /// The optional features (`features`); `None` if the server is too old to list them.
    pub features: Option<Vec<Feature>>,
    /// The SDK versions that the server supports (`cliVersionInfo`).
    pub sdk_versions: Option<Value>,
    /// The server's version (`latestLocalVersionInfo.versionOnThisInstanceString`); the public deployment has none.
    pub version: Option<String>,
    /// The newest available version (`latestLocalVersionInfo.latestVersionString`).
    pub latest_version: Option<String>,
    /// Whether an important newer version is available (`latestLocalVersionInfo.outOfDate`).
    pub is_out_of_date: Option<bool>,
}

/// An optional feature of a server (`ServerFeature`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Feature {
    /// The name (`name`), in capitals.
    pub name: String,
    /// Whether the feature is enabled (`isEnabled`).
    pub is_enabled: bool,
}

impl Feature {
    /// Creates a feature.
    pub fn new(name: impl Into<String>, is_enabled: bool) -> Self {
        Self { name: name.into(), is_enabled }
    }
}

impl Server {
    /// Creates empty server information.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns true if the server reports that a feature is enabled.
    pub fn has(&self, feature: &str) -> bool {
        self.features
            .iter()
            .flatten()
            .any(|feature_info| feature_info.is_enabled && feature_info.name == feature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_enabled_features_count() {
        let feature = |name: &str, is_enabled| Feature::new(name, is_enabled);
        let mut server = Server::new();
        assert!(!server.has("ON"));
        server.features = Some(vec![feature("ON", true), feature("OFF", false)]);
        assert!(server.has("ON") && !server.has("OFF") && !server.has("OTHER"));
    }
}
