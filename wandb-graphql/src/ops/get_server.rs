//! `ServerInfo`: the server's version and features.

use bytes::Bytes;
use http::Response;
use wandb_core::Value;
use wandb_core::model::{Feature, Server};
use wandb_core::operation::{AnswerError, Endpoint, Field, Operation, UnsupportedFields};
use wandb_core::transport::Request;

use crate::envelope::{RequestSpec, data, post};
use crate::schema::{JsonText, sdl as schema};

/// Reads the server's version and features (`ServerInfo` and `ServerFeaturesQuery` in the Python SDK).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetServer;

impl GetServer {
    /// Queries the client's server.
    pub fn new() -> Self {
        Self
    }
}

const OPTIONAL_FIELDS: &[Field] = &[
    Field::new("Query", "serverInfo"),
    Field::new("ServerInfo", "features"),
    Field::new("ServerInfo", "cliVersionInfo"),
    Field::new("ServerInfo", "latestLocalVersionInfo"),
    Field::new("LocalVersionInfo", "outOfDate"),
    Field::new("LocalVersionInfo", "latestVersionString"),
    Field::new("LocalVersionInfo", "versionOnThisInstanceString"),
];

#[derive(cynic::QueryFragment, Debug)]
struct Query {
    // A selection needs at least one field, even if the server lacks all optional ones.
    __typename: String,
    #[cynic(feature = "Query.serverInfo")]
    server_info: Option<ServerInfo>,
}

#[derive(cynic::QueryFragment, Debug)]
struct ServerInfo {
    __typename: String,
    #[cynic(feature = "ServerInfo.features")]
    features: Option<Vec<Option<ServerFeature>>>,
    #[cynic(feature = "ServerInfo.cliVersionInfo")]
    cli_version_info: Option<JsonText>,
    #[cynic(feature = "ServerInfo.latestLocalVersionInfo")]
    latest_local_version_info: Option<LocalVersionInfo>,
}

#[derive(cynic::QueryFragment, Debug)]
struct ServerFeature {
    name: Option<String>,
    is_enabled: Option<bool>,
}

#[derive(cynic::QueryFragment, Debug)]
struct LocalVersionInfo {
    #[cynic(feature = "LocalVersionInfo.outOfDate")]
    out_of_date: Option<bool>,
    #[cynic(feature = "LocalVersionInfo.latestVersionString")]
    latest_version_string: Option<String>,
    #[cynic(feature = "LocalVersionInfo.versionOnThisInstanceString")]
    version_on_this_instance_string: Option<String>,
}

impl Operation for GetServer {
    type Answer = Server;

    fn name(&self) -> &'static str {
        "ServerInfo"
    }

    fn subject(&self) -> String {
        "the server".to_owned()
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        post::<Query, _>(RequestSpec::new(self, ()), endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<Server, AnswerError> {
        let query: Query = data(&response, || self.subject())?;
        let mut server = Server::new();
        let Some(info) = query.server_info else { return Ok(server) };
        server.features = info.features.map(|features| {
            let features = features.into_iter().flatten();
            let feature = |feature: ServerFeature| {
                Some(Feature::new(feature.name?, feature.is_enabled.unwrap_or(false)))
            };
            features.filter_map(feature).collect()
        });
        if let Some(JsonText(text)) = info.cli_version_info {
            server.sdk_versions = Value::parse(text.as_bytes()).ok();
        }
        if let Some(local) = info.latest_local_version_info {
            server.version = local.version_on_this_instance_string;
            server.latest_version = local.latest_version_string;
            server.is_out_of_date = local.out_of_date;
        }
        Ok(server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{answer, request};

    #[test]
    fn request_asks_for_everything() {
        insta::assert_snapshot!(request(&GetServer::new(), &[]));
    }

    #[test]
    fn self_hosted_server_reports_its_version() {
        let server = answer(
            &GetServer::new(),
            r#"{"data": {"__typename": "Query", "serverInfo": {"__typename": "ServerInfo",
                "features": [{"name": "A", "isEnabled": true}, null, {"name": "B", "isEnabled": false}],
                "cliVersionInfo": {"max_cli_version": "0.31.0"},
                "latestLocalVersionInfo": {"outOfDate": true, "latestVersionString": "0.80.0",
                    "versionOnThisInstanceString": "0.77.0"}}}}"#,
        )
        .unwrap();
        assert!(server.has("A") && !server.has("B"));
        assert_eq!(server.version.as_deref(), Some("0.77.0"));
        assert_eq!((server.latest_version.as_deref(), server.is_out_of_date), (Some("0.80.0"), Some(true)));
        assert_eq!(
            server.sdk_versions.as_ref().map(Value::to_json).as_deref(),
            Some(r#"{"max_cli_version":"0.31.0"}"#)
        );
    }

    #[test]
    fn old_server_reports_nothing() {
        for body in [
            r#"{"data": {"__typename": "Query", "serverInfo": null}}"#,
            r#"{"data": {"__typename": "Query", "serverInfo": {"__typename": "ServerInfo"}}}"#,
        ] {
            assert_eq!(answer(&GetServer::new(), body).unwrap(), Server::new());
        }
    }
}
