use url::Url;

use crate::BaseUrl;

/// The URLs of a server to which operations are sent.
///
/// ```
/// use wandb_core::BaseUrl;
/// use wandb_core::operation::Endpoint;
///
/// let endpoint = Endpoint::new(BaseUrl::parse("https://wandb.example.com/prefix")?);
/// assert_eq!(endpoint.graphql_url().as_str(), "https://wandb.example.com/prefix/graphql");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Endpoint {
    base_url: BaseUrl,
    graphql_url: Url,
}

impl Endpoint {
    /// Creates the endpoint of `base_url`.
    pub fn new(base_url: BaseUrl) -> Self {
        let graphql_url = base_url.graphql_url();
        Self { base_url, graphql_url }
    }

    /// The server's base URL.
    pub fn base_url(&self) -> &BaseUrl {
        &self.base_url
    }

    /// The URL of the GraphQL endpoint: `{base}/graphql`.
    pub fn graphql_url(&self) -> &Url {
        &self.graphql_url
    }
}
