//! The address of a W&B server.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// A Forge host and the W&B API host behind it: two names of one deployment.
struct Deployment {
    forge: &'static str,
    api: &'static str,
}

/// The public deployments (`FORGE_HOSTS` in `sdk/lib/urls.py` of the Python SDK 0.31).
const DEPLOYMENTS: [Deployment; 2] = [
    Deployment { forge: "forge.coreweave.com", api: "api.wandb.ai" },
    Deployment { forge: "qa.forge.coreweave.com", api: "api.qa.wandb.ai" },
];

/// The path at which a Forge host proxies the W&B API (`FORGE_API_PATH`).
const FORGE_API_PATH: &str = "/api/wandb";

/// The path segment at which a Forge host serves the W&B app (`FORGE_APP_PATH`).
pub(crate) const FORGE_APP_SEGMENT: &str = "wandb";

/// The address of a W&B server's API: `http` or `https`, a host, an optional port and an optional path prefix.
///
/// The text form never ends in a slash. Credentials, query strings and fragments are rejected, so a base URL is safe
/// to print. The default is that of the Python SDK 0.31, `https://api.forge.coreweave.com`.
///
/// ```
/// use wandb_core::BaseUrl;
///
/// let base: BaseUrl = "https://wandb.example.org/prefix/".parse()?;
/// assert_eq!(base.to_string(), "https://wandb.example.org/prefix");
/// assert_eq!(base.graphql_url().as_str(), "https://wandb.example.org/prefix/graphql");
/// # Ok::<(), wandb_core::BaseUrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(Url);

/// The text is not the address of a W&B server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaseUrlError {
    /// The text is not an absolute URL.
    #[error("{input:?} is not a server address (expected something like {default})", default = BaseUrl::DEFAULT)]
    NotAUrl {
        /// The text as given.
        input: String,
        /// The error of the URL parser.
        source: url::ParseError,
    },
    /// The scheme is neither `http` nor `https`.
    #[error("{input:?} is not a server address: the scheme must be http or https, not {scheme}")]
    Scheme {
        /// The text as given.
        input: String,
        /// The scheme found.
        scheme: String,
    },
    /// The URL has a user name or password. The message omits the URL, which may contain a secret.
    #[error(
        "the address of the server at {host} must not hold a user name or password; give the API key in WANDB_API_KEY or a netrc file"
    )]
    Credentials {
        /// The host of the rejected address.
        host: String,
    },
    /// The URL has a query string or a fragment.
    #[error("{input:?} is not a server address: remove the query string and the fragment")]
    QueryOrFragment {
        /// The text as given.
        input: String,
    },
    /// The URL belongs to the public deployment but not to its API.
    #[error("{input:?} is not the address of an API; use {instead}")]
    NotTheApi {
        /// The text as given.
        input: String,
        /// The address to use.
        instead: String,
    },
}

impl BaseUrl {
    /// The text of [`BaseUrl::default`], the public deployment.
    pub const DEFAULT: &'static str = "https://api.forge.coreweave.com";

    /// Parses an address.
    ///
    /// `https://forge.coreweave.com/api/wandb`, the proxy of the public deployment, is replaced by its direct
    /// address. Other addresses of the app (`https://wandb.ai`, `https://forge.coreweave.com`) and plain `http` to
    /// the public deployment are rejected; the error names the address to use instead.
    pub fn parse(input: &str) -> Result<Self, BaseUrlError> {
        let input = input.trim();
        let url = Url::parse(input)
            .map_err(|source| BaseUrlError::NotAUrl { input: without_credentials(input), source })?;
        if !url.username().is_empty() || url.password().is_some() {
            let host = url.host_str().unwrap_or_default().to_owned();
            return Err(BaseUrlError::Credentials { host });
        }
        let input = || input.to_owned();
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BaseUrlError::Scheme { input: input(), scheme: url.scheme().to_owned() });
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::QueryOrFragment { input: input() });
        }
        let host = url.host_str().unwrap_or_default();
        if let Some(deployment) = DEPLOYMENTS.iter().find(|deployment| host == deployment.forge) {
            let direct = format!("https://api.{}", deployment.forge);
            let is_proxy = url.scheme() == "https"
                && url.port().is_none()
                && url.path().trim_end_matches('/') == FORGE_API_PATH;
            return if is_proxy {
                Self::parse(&direct)
            } else {
                Err(BaseUrlError::NotTheApi { input: input(), instead: direct })
            };
        }
        let is_public = host == "wandb.ai" || host.ends_with(".wandb.ai");
        let is_api = host.starts_with("api.") || host.contains(".api.");
        if is_public && (url.scheme() != "https" || !is_api) {
            return Err(BaseUrlError::NotTheApi { input: input(), instead: Self::DEFAULT.to_owned() });
        }
        Ok(Self::from_valid(url))
    }

    fn from_valid(mut url: Url) -> Self {
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Self(url)
    }

    /// The address without a trailing slash.
    fn text(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Returns the URL of the GraphQL endpoint: `{base}/graphql`.
    pub fn graphql_url(&self) -> Url {
        self.below("/graphql")
    }

    /// Returns the absolute form of a URL sent by the server, such as that of a file.
    ///
    /// An absolute `http` or `https` URL is returned unchanged and may lead to another host: check
    /// [`BaseUrl::same_origin`] before sending credentials there. Anything else is a path below the base URL,
    /// including its path prefix, with or without a leading slash.
    ///
    /// ```
    /// # use wandb_core::BaseUrl;
    /// let base = BaseUrl::parse("http://localhost:8080/wandb")?;
    /// assert_eq!(base.join("/files/a?b=c").as_str(), "http://localhost:8080/wandb/files/a?b=c");
    /// assert_eq!(base.join("https://bucket.test/x").as_str(), "https://bucket.test/x");
    /// # Ok::<(), wandb_core::BaseUrlError>(())
    /// ```
    pub fn join(&self, relative: &str) -> Url {
        match Url::parse(relative) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => url,
            _ if relative.starts_with('/') => self.below(relative),
            _ => self.below(&format!("/{relative}")),
        }
    }

    /// Resolves an address sent by the server. Returns `None` for schemes other than http and https.
    ///
    /// An example is the `s3://…` address of a file that is stored elsewhere. Never request such an address from the
    /// server.
    ///
    /// ```
    /// let base = wandb_core::BaseUrl::parse("http://localhost:8080/wandb")?;
    /// assert_eq!(base.resolve("/files/a").unwrap().as_str(), "http://localhost:8080/wandb/files/a");
    /// assert_eq!(base.resolve("s3://bucket/a"), None);
    /// # Ok::<(), wandb_core::BaseUrlError>(())
    /// ```
    pub fn resolve(&self, address: &str) -> Option<Url> {
        match Url::parse(address) {
            Ok(url) => matches!(url.scheme(), "http" | "https").then_some(url),
            Err(_) if address.contains("://") && !address.starts_with('/') => None,
            Err(_) => Some(self.join(address)),
        }
    }

    /// Appends a path (and query) that starts with a slash. The parts are set one by one, so that no path can change
    /// the host.
    fn below(&self, path: &str) -> Url {
        let path = path.split_once('#').map_or(path, |(path, _fragment)| path);
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url.set_query(query);
        url
    }

    /// Returns scheme, host and port, for example `https://api.wandb.ai` or `http://localhost:8080`.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Returns true if a URL has this scheme, host and port, and so may receive the API key.
    pub fn same_origin(&self, url: &Url) -> bool {
        self.0.origin() == url.origin()
    }

    /// Returns true if both addresses lead to the same server: they are equal, or names of the same public
    /// deployment. A key for one is then valid for the other.
    pub fn same_deployment(&self, other: &Self) -> bool {
        self == other
            || self.deployment().zip(other.deployment()).is_some_and(|(own, other)| own.forge == other.forge)
    }

    /// Returns the names under which netrc files may list this server, most specific first: the host, with the port
    /// unless it is the default of the scheme.
    pub(crate) fn netrc_machines(&self) -> Vec<String> {
        let host = self.0.host_str().unwrap_or_default();
        let mut machines = match (self.0.port(), self.0.port_or_known_default()) {
            (Some(port), _) => vec![format!("{host}:{port}")],
            (None, Some(port)) => vec![host.to_owned(), format!("{host}:{port}")],
            (None, None) => vec![host.to_owned()],
        };
        if let Some(deployment) = self.deployment() {
            for name in [deployment.api.to_owned(), format!("api.{}", deployment.forge)] {
                if !machines.contains(&name) {
                    machines.push(name);
                }
            }
        }
        machines
    }

    /// Returns the address of the web app, derived from the API address as in the Python SDK (`api_to_app_url` in
    /// `util.py`).
    ///
    /// It is `https://forge.coreweave.com/wandb` for the public deployment. Elsewhere, `app.` replaces a leading
    /// `api.`; other addresses are unchanged. The text form has no trailing slash.
    pub fn app_url(&self) -> Url {
        let mut url = self.0.clone();
        let host = url.host_str().unwrap_or_default().to_owned();
        if let Some(deployment) = self.deployment() {
            // Setting the parts of a valid URL to these constants cannot fail.
            let _ = url.set_scheme("https");
            let _ = url.set_host(Some(deployment.forge));
            let _ = url.set_port(None);
            url.set_path(FORGE_APP_SEGMENT);
        } else if let Some(rest) = host.strip_prefix("api.") {
            let app = if rest.starts_with("wandb.") && !rest.starts_with("wandb.test") {
                rest.to_owned()
            } else {
                format!("app.{rest}")
            };
            let _ = url.set_host(Some(&app));
        }
        url
    }

    /// Returns the app's URL of a page. `segments` are the unencoded segments of its path.
    pub(crate) fn app_page<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.app_url();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    fn deployment(&self) -> Option<&'static Deployment> {
        let host = self.0.host_str()?;
        DEPLOYMENTS
            .iter()
            .find(|deployment| host == deployment.api || host.strip_prefix("api.") == Some(deployment.forge))
    }
}

/// Returns true if a host serves the web app of the public deployment below `/wandb`.
pub(crate) fn is_forge_host(host: &str) -> bool {
    DEPLOYMENTS.iter().any(|deployment| host == deployment.forge)
}

/// Masks everything before an `@`, for texts that do not parse as a URL.
fn without_credentials(input: &str) -> String {
    match input.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => input.to_owned(),
    }
}

impl Default for BaseUrl {
    fn default() -> Self {
        Self::parse(Self::DEFAULT).expect("a test shows that the default is valid")
    }
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(input: &str) -> Result<Self, Self::Err> {
        Self::parse(input)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({:?})", self.text())
    }
}

#[cfg(test)]
mod tests;
