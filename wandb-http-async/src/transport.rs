use std::fmt;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use http::Uri;
use reqwest::{Client, Proxy, redirect, retry};
use wandb_core::transport::{
    Moment, Phase, ProxyRules, Request, Response, Settings, SettingsError, Transport, TransportError,
    TransportErrorKind, wire,
};

use crate::{body, error};

/// A transport based on reqwest, over HTTP/1.1, with connection reuse.
///
/// Call its methods within a tokio runtime with I/O and time drivers.
///
/// ```
/// use wandb_core::transport::{Proxies, ProxyRules, Settings};
/// use wandb_http_async::ReqwestTransport;
///
/// let direct = Settings::default().with_proxies(Proxies::Rules(ProxyRules::default()));
/// let transport = ReqwestTransport::with_settings(&direct)?;
/// # Ok::<(), wandb_core::transport::SettingsError>(())
/// ```
pub struct ReqwestTransport {
    client: Client,
    settings: Settings,
    origin: Instant,
}

impl ReqwestTransport {
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
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .user_agent(settings.user_agent_value()?)
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(settings.idle_timeout)
            .pool_max_idle_per_host(settings.max_idle_per_host);
        let client = through_proxies(client, rules)?;
        #[cfg(feature = "tls")]
        let client = client.tls_backend_preconfigured(wandb_http_tls::config(settings)?);
        let client = client.build().map_err(|source| SettingsError::Client { source: source.into() })?;
        Ok(Self { client, settings: settings.clone(), origin: Instant::now() })
    }
}

fn through_proxies(
    client: reqwest::ClientBuilder,
    rules: ProxyRules,
) -> Result<reqwest::ClientBuilder, SettingsError> {
    if let Some(url) =
        rules.proxies().find(|url| !cfg!(feature = "tls") && url.expose().starts_with("https:"))
    {
        return Err(SettingsError::Proxy { origin: url.to_string() });
    }
    Ok(client.proxy(Proxy::custom(move |url| {
        let uri = url.as_str().parse::<Uri>().ok()?;
        rules.proxy_for(&uri).map(|proxy| proxy.expose().to_owned())
    })))
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, mut request: Request) -> Result<Response, TransportError> {
        wire::prepare(&mut request, cfg!(feature = "tls"))?;
        let method = request.method().clone();
        let request = request.try_into().map_err(error::translate)?;
        let answer = tokio::time::timeout(self.settings.first_byte_timeout, self.client.execute(request));
        let answer = match answer.await {
            Ok(answer) => answer.map_err(error::translate)?,
            Err(_) => return Err(TransportError::new(TransportErrorKind::Timeout(Phase::FirstByte), "")),
        };
        let mut head = http::Response::new(());
        *head.status_mut() = answer.status();
        *head.version_mut() = answer.version();
        head.headers_mut().clone_from(answer.headers());
        let compressed = wire::unwrap_gzip(&method, answer.status(), head.headers_mut());
        Ok(head.map(|()| body::read(answer, compressed, self.settings.stall_timeout)))
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn now(&self) -> Moment {
        Moment::new(self.origin.elapsed())
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransport").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use wandb_core::transport::Proxies;

    use super::*;

    fn through(proxy: &str) -> Result<ReqwestTransport, SettingsError> {
        let rules = ProxyRules::all(proxy.parse()?);
        ReqwestTransport::with_settings(&Settings::default().with_proxies(Proxies::Rules(rules)))
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
    #[tokio::test]
    async fn secure_url_is_invalid_without_tls() {
        let transport = ReqwestTransport::new().expect("a transport");
        let request = http::Request::get("https://w.example/").body(bytes::Bytes::new()).expect("a request");
        let error = transport.send(request).await.expect_err("there is no TLS");
        assert_eq!(error.kind(), TransportErrorKind::InvalidRequest);
    }
}
