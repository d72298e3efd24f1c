use std::fmt;

use http::Uri;
use ureq::config::Config;
use ureq::unversioned::transport::Connector;
use ureq::{Agent, Proxy, ProxyProtocol};
use wandb_core::blocking::{Response, Transport};
use wandb_core::transport::{ProxyRules, ProxyUrl, Request, Settings, SettingsError, TransportError, wire};

use crate::body;
use crate::connector::{MarkingResolver, StallConnector};
use crate::error;

/// A transport based on ureq, over HTTP/1.1, with connection reuse.
///
/// ```
/// use wandb_core::transport::{Proxies, ProxyRules, Settings};
/// use wandb_http_blocking::UreqTransport;
///
/// let direct = Settings::default().with_proxies(Proxies::Rules(ProxyRules::default()));
/// let transport = UreqTransport::with_settings(&direct)?;
/// # Ok::<(), wandb_core::transport::SettingsError>(())
/// ```
pub struct UreqTransport {
    direct: Agent,
    // Replaces ureq's own proxy rules, which support neither schemes nor networks.
    proxied: Vec<(ProxyUrl, Agent)>,
    rules: ProxyRules,
    settings: Settings,
}

impl UreqTransport {
    /// Creates a transport with the default settings.
    ///
    /// # Errors
    /// Fails if the environment names a proxy or a certificate file that cannot be used.
    pub fn new() -> Result<Self, SettingsError> {
        Self::with_settings(&Settings::default())
    }

    /// Creates a transport with these settings. Reads the environment and the certificates once, in this call.
    pub fn with_settings(settings: &Settings) -> Result<Self, SettingsError> {
        let rules = settings.proxies.rules(|name| std::env::var(name).ok())?;
        // ureq panics on a user agent that is not a valid header value.
        settings.user_agent_value()?;
        let factory = AgentFactory {
            settings,
            #[cfg(feature = "tls")]
            tls: std::sync::Arc::new(wandb_http_tls::config(settings)?),
        };
        let proxied = rules.proxies().map(|url| match Proxy::new(url.expose()) {
            // Without TLS, ureq would connect to such a proxy in clear text and send the password.
            Ok(proxy) if cfg!(feature = "tls") || proxy.protocol() != ProxyProtocol::Https => {
                Ok((url.clone(), factory.agent(Some(proxy))))
            }
            _ => Err(SettingsError::Proxy { origin: url.to_string() }),
        });
        let proxied = proxied.collect::<Result<_, _>>()?;
        Ok(Self { direct: factory.agent(None), proxied, rules, settings: settings.clone() })
    }

    fn agent_for(&self, uri: &Uri) -> &Agent {
        let proxy = self.rules.proxy_for(uri);
        let proxied = self.proxied.iter().find(|(url, _)| Some(url) == proxy);
        proxied.map_or(&self.direct, |(_, agent)| agent)
    }
}

/// The common parts of all agents.
struct AgentFactory<'a> {
    settings: &'a Settings,
    #[cfg(feature = "tls")]
    tls: std::sync::Arc<rustls::ClientConfig>,
}

impl AgentFactory<'_> {
    fn agent(&self, proxy: Option<Proxy>) -> Agent {
        let connecting =
            StallConnector::new(self.connector(), self.config(None), self.settings.stall_timeout);
        Agent::with_parts(self.config(proxy), connecting, MarkingResolver)
    }

    #[cfg(feature = "tls")]
    fn connector(&self) -> Box<dyn Connector<(), Out = Box<dyn ureq::unversioned::transport::Transport>>> {
        crate::secure::connector(std::sync::Arc::clone(&self.tls))
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unused_self, reason = "the same call with every feature")]
    fn connector(&self) -> Box<dyn Connector<(), Out = Box<dyn ureq::unversioned::transport::Transport>>> {
        Box::new(ureq::unversioned::transport::DefaultConnector::new())
    }

    fn config(&self, proxy: Option<Proxy>) -> Config {
        let settings = self.settings;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .proxy(proxy)
            .accept_encoding("")
            .user_agent(&settings.user_agent)
            .timeout_resolve(Some(settings.connect_timeout))
            .timeout_connect(Some(settings.connect_timeout))
            .timeout_send_request(Some(settings.first_byte_timeout))
            .timeout_send_body(Some(settings.first_byte_timeout))
            .timeout_recv_response(Some(settings.first_byte_timeout))
            .max_idle_connections(usize::MAX)
            .max_idle_connections_per_host(settings.max_idle_per_host)
            .max_idle_age(settings.idle_timeout);
        config.build()
    }
}

impl Transport for UreqTransport {
    fn send(&self, mut request: Request) -> Result<Response, TransportError> {
        wire::prepare(&mut request, cfg!(feature = "tls"))?;
        let (parts, body) = request.into_parts();
        let method = parts.method.clone();
        let agent = self.agent_for(&parts.uri);
        let answer = if body.is_empty() {
            agent.run(http::Request::from_parts(parts, ()))
        } else {
            agent.run(http::Request::from_parts(parts, &body[..]))
        };
        let (mut parts, body) = answer.map_err(|error| error::translate(&error))?.into_parts();
        let compressed = wire::unwrap_gzip(&method, parts.status, &mut parts.headers);
        parts.extensions.clear();
        Ok(Response::from_parts(parts, body::read(body.into_reader(), compressed)))
    }
}

impl fmt::Debug for UreqTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UreqTransport").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use wandb_core::transport::Proxies;

    use super::*;

    fn through(proxy: &str) -> Result<UreqTransport, SettingsError> {
        let rules = ProxyRules::all(proxy.parse()?);
        UreqTransport::with_settings(&Settings::default().with_proxies(Proxies::Rules(rules)))
    }

    #[test]
    fn debug_hides_the_credentials_of_proxies() {
        let shown = format!("{:?}", through("http://user:hunter2@proxy.example:3128").expect("a transport"));
        assert!(shown.contains("***@proxy.example:3128") && !shown.contains("hunter2"), "{shown}");
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn secure_proxy_is_rejected_without_tls() {
        let error = through("https://user:hunter2@proxy.example").map(drop).expect_err("there is no TLS");
        assert!(matches!(error, SettingsError::Proxy { .. }));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn secure_url_is_invalid_without_tls() {
        let transport = UreqTransport::new().expect("a transport");
        let request = http::Request::get("https://w.example/").body(bytes::Bytes::new()).expect("a request");
        let error = transport.send(request).map(drop).expect_err("there is no TLS");
        assert_eq!(error.kind(), wandb_core::transport::TransportErrorKind::InvalidRequest);
    }
}
