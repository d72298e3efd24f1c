use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;
use http::uri::Scheme;
use ipnet::IpNet;
use url::Url;

use super::SettingsError;

/// Where a transport finds out which proxy to use.
#[derive(Debug, Clone, Default)]
pub enum Proxies {
    /// In the process's environment, by the names that [`ProxyRules::from_variables`] lists.
    #[default]
    Environment,
    /// In these rules alone; [`ProxyRules::default`] means no proxy.
    Rules(ProxyRules),
}

/// Which proxy a request goes through, and which hosts are asked directly.
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
/// Its `Debug` and `Display` leave the credentials out.
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
    /// A domain and all below it.
    Domain(String),
    Network(IpNet),
}

impl Proxies {
    /// The rules to follow; `variable` looks one up in the environment, should it be asked.
    pub fn rules(&self, variable: impl Fn(&str) -> Option<String>) -> Result<ProxyRules, SettingsError> {
        match self {
            Self::Environment => ProxyRules::from_variables(variable),
            Self::Rules(rules) => Ok(rules.clone()),
        }
    }
}

impl ProxyRules {
    /// Every request through `proxy`.
    pub fn all(proxy: ProxyUrl) -> Self {
        Self { http: Some(proxy.clone()), https: Some(proxy), exceptions: Vec::new() }
    }

    /// The rules that environment variables give; `variable` looks one up by name.
    ///
    /// `https_proxy` serves `https://`, `http_proxy` serves `http://`, and `all_proxy` what is left. `no_proxy` lists
    /// the exceptions, as [`except`](Self::except) takes them. Each name may be in capitals; small letters win, and
    /// an empty value counts as none. `HTTP_PROXY` in capitals is not believed in a CGI program (one with
    /// `REQUEST_METHOD`), where a visitor can set it.
    ///
    /// # Errors
    /// [`SettingsError::Proxy`] names the variable whose value is not a proxy's address.
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

    /// The same, with the hosts of `list` asked directly.
    ///
    /// Items are parted by commas or spaces: `*` for every host; a domain, which stands for all below it too (a
    /// leading `.` or `*.` changes nothing); an address; a network such as `10.0.0.0/8`; any of the first three with
    /// `:port`.
    #[must_use]
    pub fn except(mut self, list: &str) -> Self {
        let items = list.split([',', ' ', '\t']).filter(|item| !item.is_empty());
        self.exceptions.extend(items.map(Exception::parse));
        self
    }

    /// The proxy for a request to `uri`, or `None` when it is asked directly.
    pub fn proxy_for(&self, uri: &Uri) -> Option<&ProxyUrl> {
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        let proxy = if secure { self.https.as_ref() } else { self.http.as_ref() }?;
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let host = bare(uri.host()?).trim_end_matches('.').to_ascii_lowercase();
        (!self.exceptions.iter().any(|exception| exception.covers(&host, port))).then_some(proxy)
    }

    /// The proxies that the rules may name, each once.
    pub fn proxies(&self) -> impl Iterator<Item = &ProxyUrl> {
        let second = self.https.as_ref().filter(|https| self.http.as_ref() != Some(https));
        self.http.iter().chain(second)
    }
}

impl ProxyUrl {
    /// The whole address, credentials included.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for ProxyUrl {
    type Err = SettingsError;

    /// Reads an address; one without a scheme is `http`.
    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let refused = || SettingsError::Proxy { origin: "the given address".to_owned() };
        let text = text.trim();
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let mut url = Url::parse(&with_scheme).map_err(|_| refused())?;
        let scheme = url.scheme();
        if !["http", "https", "socks4", "socks4a", "socks5", "socks5h"].contains(&scheme)
            || url.host_str().is_none_or(str::is_empty)
        {
            return Err(refused());
        }
        if scheme.starts_with("socks") && url.port().is_none() {
            url.set_port(Some(1080)).map_err(|()| refused())?;
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
        let host = match bare(host).parse::<IpAddr>() {
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

/// An IPv6 address without the brackets that it wears in a URL.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests;
