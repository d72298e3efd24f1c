//! A small client for GraphQL and plain requests.

use base64::Engine as _;
use serde_json::{Value, json};
use ureq::Agent;
use wandb_local_server::{LocalServer, Options};

/// A server and an HTTP client.
pub(crate) struct Client {
    pub(crate) server: LocalServer,
    agent: Agent,
}

/// Status, headers and body of a response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Client {
    pub(crate) fn start() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None).build();
        Self { server: LocalServer::start(options).unwrap(), agent: config.into() }
    }

    /// Returns the `Authorization` header of the first user.
    pub(crate) fn authorization(&self) -> String {
        Self::basic(&self.server.api_key())
    }

    pub(crate) fn basic(key: &str) -> String {
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("api:{key}")))
    }

    pub(crate) fn post(&self, path: &str, key: Option<&str>, body: &Value) -> Result<Reply, ureq::Error> {
        let mut request = self.agent.post(format!("{}{path}", self.server.base_url()));
        if let Some(key) = key {
            request = request.header("Authorization", Self::basic(key));
        }
        Self::reply(request.send(body.to_string().as_bytes())?)
    }

    pub(crate) fn try_graphql(&self, query: &str, variables: &Value) -> Result<Reply, ureq::Error> {
        let body = json!({ "query": query, "variables": variables, "operationName": "" });
        self.post("/graphql", Some(&self.server.api_key()), &body)
    }

    pub(crate) fn graphql(&self, query: &str, variables: &Value) -> Reply {
        self.try_graphql(query, variables).unwrap()
    }

    /// Returns the `data` of a query. Panics if it fails.
    pub(crate) fn data(&self, query: &str, variables: &Value) -> Value {
        let reply = self.graphql(query, variables);
        let body = reply.json();
        assert_eq!((reply.status, body.get("errors")), (200, None), "{body}");
        body["data"].clone()
    }

    /// Returns the fields of the run `e/p/NAME`.
    pub(crate) fn run(&self, name: &str, fields: &str) -> Value {
        let query = format!(
            "query Run($n: String!) {{ project(name: \"p\", entityName: \"e\") {{ run(name: $n) {{ {fields} }} }} }}"
        );
        self.data(&query, &json!({ "n": name }))["project"]["run"].clone()
    }

    pub(crate) fn get(&self, url: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = self.agent.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Self::reply(request.call().unwrap()).unwrap()
    }

    /// Returns the status of a HEAD request.
    pub(crate) fn head(&self, url: &str) -> u16 {
        self.agent.head(url).call().unwrap().status().as_u16()
    }

    pub(crate) fn put(&self, url: &str, body: &[u8]) -> Reply {
        Self::reply(self.agent.put(url).send(body).unwrap()).unwrap()
    }

    fn reply(response: ureq::http::Response<ureq::Body>) -> Result<Reply, ureq::Error> {
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(1 << 30).read_to_vec()?;
        Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}
