//! The settings of network transports, as plain data.

mod proxy;

use std::error::Error as StdError;
use std::time::Duration;

use bytes::Bytes;

pub use proxy::{Proxies, ProxyRules, ProxyUrl};

/// Connections, timeouts and trusted certificates.
///
/// The settings mean the same for every transport.
///
/// ```
/// use std::time::Duration;
/// use wandb_core::transport::Settings;
///
/// let patient = Settings::default().with_stall_timeout(Duration::from_secs(120));
/// assert_eq!(patient.connect_timeout, Duration::from_secs(10));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The timeout for name resolution, connecting, passing a proxy and the TLS handshake. Default 10 s.
    ///
    /// Name resolution may get this much time in addition.
    pub connect_timeout: Duration,
    /// The timeout until the headers of a response arrive. Default 60 s: a large history page takes the server tens
    /// of seconds.
    ///
    /// An async transport starts counting when it receives the request; a blocking one when it has sent it.
    pub first_byte_timeout: Duration,
    /// The maximum pause within a body, whatever its length. Default 30 s.
    pub stall_timeout: Duration,
    /// The time for which an idle connection is kept. Default 30 s, less than that of servers and load balancers.
    pub idle_timeout: Duration,
    /// The maximum number of idle connections per host. Default 32.
    pub max_idle_per_host: usize,
    /// The `User-Agent` of requests without one. Default `wandb-export/<version>`.
    pub user_agent: String,
    /// Additional trusted certificates in PEM format; each item may contain several.
    pub root_certificates: Vec<Bytes>,
    /// The proxies to use. Default: those of the environment.
    pub proxies: Proxies,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(60),
            stall_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(30),
            max_idle_per_host: 32,
            user_agent: concat!("wandb-export/", env!("CARGO_PKG_VERSION")).to_owned(),
            root_certificates: Vec::new(),
            proxies: Proxies::default(),
        }
    }
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The address of a proxy is invalid. It is not printed, since it may contain a password.
    #[error("{origin} is not the address of a proxy, such as http://proxy.example.com:3128")]
    Proxy {
        /// The source of the address, such as the name of an environment variable.
        origin: String,
    },
    /// Trusted certificates could not be read.
    #[error("no certificates could be read from {origin} (expected PEM: -----BEGIN CERTIFICATE-----)")]
    Certificates {
        /// Their source, such as a file's path.
        origin: String,
        /// The underlying error, if any.
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// The user agent has characters that are not allowed in a header.
    #[error("the user agent {user_agent:?} cannot be sent in a header")]
    UserAgent {
        /// The user agent.
        user_agent: String,
    },
    /// The HTTP library rejected the settings.
    #[error("the HTTP client could not be set up")]
    Client {
        /// The library's error.
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl Settings {
    /// Sets the timeout for name resolution, connecting, passing a proxy and the TLS handshake.
    #[must_use]
    pub fn with_connect_timeout(self, connect_timeout: Duration) -> Self {
        Self { connect_timeout, ..self }
    }

    /// Sets the timeout until the headers of a response arrive.
    #[must_use]
    pub fn with_first_byte_timeout(self, first_byte_timeout: Duration) -> Self {
        Self { first_byte_timeout, ..self }
    }

    /// Sets the maximum pause within a body.
    #[must_use]
    pub fn with_stall_timeout(self, stall_timeout: Duration) -> Self {
        Self { stall_timeout, ..self }
    }

    /// Sets the time for which an idle connection is kept.
    #[must_use]
    pub fn with_idle_timeout(self, idle_timeout: Duration) -> Self {
        Self { idle_timeout, ..self }
    }

    /// Sets the maximum number of idle connections per host.
    #[must_use]
    pub fn with_max_idle_per_host(self, max_idle_per_host: usize) -> Self {
        Self { max_idle_per_host, ..self }
    }

    /// Sets the proxies to use.
    #[must_use]
    pub fn with_proxies(self, proxies: Proxies) -> Self {
        Self { proxies, ..self }
    }

    /// Sets the `User-Agent` of requests without one.
    #[must_use]
    pub fn with_user_agent(self, user_agent: impl Into<String>) -> Self {
        Self { user_agent: user_agent.into(), ..self }
    }

    /// Adds trusted certificates in PEM format.
    #[must_use]
    pub fn with_root_certificates(mut self, pem: impl Into<Bytes>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    /// Returns the user agent as a header value.
    pub fn user_agent_value(&self) -> Result<http::HeaderValue, SettingsError> {
        // Leading and trailing spaces would be lost in transit, and non-ASCII characters are obsolete in headers.
        http::HeaderValue::from_str(&self.user_agent)
            .ok()
            .filter(|value| value.to_str().is_ok_and(|text| text.trim() == text))
            .ok_or_else(|| SettingsError::UserAgent { user_agent: self.user_agent.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agent_must_be_a_valid_header() {
        assert!(Settings::default().user_agent_value().expect("the default").to_str().is_ok());
        for user_agent in ["two\r\nlines", "naïve", " padded"] {
            let settings = Settings { user_agent: user_agent.to_owned(), ..Settings::default() };
            assert!(
                matches!(settings.user_agent_value(), Err(SettingsError::UserAgent { .. })),
                "{user_agent}"
            );
        }
    }
}
