use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;
use http::uri::Scheme;
use ipnet::IpNet;
use url::Url;

use super::SettingsError;

/// The source of the proxy rules.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Proxies {
    /// The process's environment, with the variables of [`ProxyRules::from_variables`].
    #[default]
    Environment,
    /// Explicit rules; [`ProxyRules::default`] means no proxy.
    Rules(ProxyRules),
}

/// The proxy for each scheme, and the hosts that are connected to directly.
///
/// ```
/// use wandb_core::transport::ProxyRules;
///
/// let rules = ProxyRules::all("http://user:secret@proxy.example.com:3128".parse()?).except("intranet.example.com");
/// let proxy = rules.proxy_for(&"https://api.wandb.ai/graphql".parse()?);
/// assert_eq!(proxy.map(|proxy| proxy.to_string()).as_deref(), Some("http://***@proxy.example.com:3128"));
/// assert!(rules.proxy_for(&"https://wandb.intranet.example.com/".parse()?).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxyRules {
    http: Option<ProxyUrl>,
    https: Option<ProxyUrl>,
    exceptions: Vec<Exception>,
}

/// The address of a proxy: `http`, `https`, `socks4`, `socks4a`, `socks5` or `socks5h`, with or without credentials.
///
/// `Debug` and `Display` omit the credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl(Url);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Exception {
    host: Host,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Any,
    /// A domain and its subdomains.
    Domain(String),
    Network(IpNet),
}

impl Proxies {
    /// Returns the rules. `variable` looks up an environment variable and is only called if the environment is the
    /// source.
    pub fn rules(&self, variable: impl Fn(&str) -> Option<String>) -> Result<ProxyRules, SettingsError> {
        match self {
            Self::Environment => ProxyRules::from_variables(variable),
            Self::Rules(rules) => Ok(rules.clone()),
        }
    }
}

impl ProxyRules {
    /// Uses `proxy` for every request.
    pub fn all(proxy: ProxyUrl) -> Self {
        Self { http: Some(proxy.clone()), https: Some(proxy), exceptions: Vec::new() }
    }

    /// Reads the rules from environment variables; `variable` looks one up by name.
    ///
    /// `https_proxy` applies to `https://`, `http_proxy` to `http://`, and `all_proxy` to the scheme without its own
    /// variable. `no_proxy` lists exceptions, in the syntax of [`except`](Self::except). Upper-case names work too;
    /// lower case wins, and an empty value counts as unset. `HTTP_PROXY` in upper case is ignored in a CGI program
    /// (one with `REQUEST_METHOD`), where a client can set it.
    ///
    /// # Errors
    /// Fails with [`SettingsError::Proxy`], which names the variable, if a value is not the address of a proxy.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let lookup = |name: &str| {
            let capitals = name.to_ascii_uppercase();
            let forgeable = name == "http_proxy" && variable("REQUEST_METHOD").is_some();
            let names = if forgeable { vec![name] } else { vec![name, &capitals] };
            names.into_iter().find_map(|name| {
                let value = variable(name)?.trim().to_owned();
                (!value.is_empty()).then(|| (name.to_owned(), value))
            })
        };
        let proxy = |name: &str| {
            let Some((name, value)) = lookup(name).or_else(|| lookup("all_proxy")) else { return Ok(None) };
            match value.parse() {
                Ok(proxy) => Ok(Some(proxy)),
                Err(_) => Err(SettingsError::Proxy { origin: name }),
            }
        };
        let rules = Self { http: proxy("http_proxy")?, https: proxy("https_proxy")?, exceptions: Vec::new() };
        let exceptions = lookup("no_proxy").map(|(_, list)| list).unwrap_or_default();
        Ok(rules.except(&exceptions))
    }

    /// Adds hosts that are connected to directly.
    ///
    /// `list` is separated by commas or spaces. An item is `*` for every host, a domain, which includes its
    /// subdomains (a leading `.` or `*.` changes nothing), an IP address, or a network such as `10.0.0.0/8`. All but
    /// networks may have a `:port`.
    #[must_use]
    pub fn except(mut self, list: &str) -> Self {
        let items = list.split([',', ' ', '\t']).filter(|item| !item.is_empty());
        self.exceptions.extend(items.map(Exception::parse));
        self
    }

    /// Returns the proxy for a request to `uri`, or `None` for a direct connection.
    pub fn proxy_for(&self, uri: &Uri) -> Option<&ProxyUrl> {
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        let proxy = if secure { self.https.as_ref() } else { self.http.as_ref() }?;
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let host = without_brackets(uri.host()?).trim_end_matches('.').to_ascii_lowercase();
        (!self.exceptions.iter().any(|exception| exception.covers(&host, port))).then_some(proxy)
    }

    /// Returns the distinct proxies of the rules.
    pub fn proxies(&self) -> impl Iterator<Item = &ProxyUrl> {
        let second = self.https.as_ref().filter(|https| self.http.as_ref() != Some(https));
        self.http.iter().chain(second)
    }
}

impl ProxyUrl {
    /// Returns the whole address, including credentials.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for ProxyUrl {
    type Err = SettingsError;

    /// Parses an address. The default scheme is `http`.
    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let invalid = || SettingsError::Proxy { origin: "the given address".to_owned() };
        let text = text.trim();
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let mut url = Url::parse(&with_scheme).map_err(|_| invalid())?;
        let scheme = url.scheme();
        if !["http", "https", "socks4", "socks4a", "socks5", "socks5h"].contains(&scheme)
            || url.host_str().is_none_or(str::is_empty)
        {
            return Err(invalid());
        }
        if scheme.starts_with("socks") && url.port().is_none() {
            url.set_port(Some(1080)).map_err(|()| invalid())?;
        }
        Ok(Self(url))
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let credentials = !self.0.username().is_empty() || self.0.password().is_some();
        write!(f, "{}://{}", self.0.scheme(), if credentials { "***@" } else { "" })?;
        f.write_str(self.0.host_str().unwrap_or_default())?;
        self.0.port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyUrl({self})")
    }
}

impl Exception {
    fn parse(item: &str) -> Self {
        if let Ok(network) = item.parse() {
            return Self { host: Host::Network(network), port: None };
        }
        let (host, port) = match item.rsplit_once(':') {
            Some((host, port)) if item.parse::<IpAddr>().is_err() => match port.parse() {
                Ok(port) => (host, Some(port)),
                Err(_) => (item, None),
            },
            _ => (item, None),
        };
        let host = match without_brackets(host).parse::<IpAddr>() {
            Ok(address) => Host::Network(address.into()),
            Err(_) if host == "*" => Host::Any,
            Err(_) => {
                let domain = host.strip_prefix('*').unwrap_or(host);
                Host::Domain(domain.trim_matches('.').to_ascii_lowercase())
            }
        };
        Self { host, port }
    }

    fn covers(&self, host: &str, port: u16) -> bool {
        let host_covered = match &self.host {
            Host::Any => true,
            Host::Domain(domain) => {
                host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            Host::Network(network) => host.parse::<IpAddr>().is_ok_and(|address| network.contains(&address)),
        };
        host_covered && self.port.is_none_or(|only| only == port)
    }
}

/// Strips the brackets of an IPv6 address in a URL.
fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests;
