//! What every transport over real sockets can be told, as plain data.

mod proxy;

use std::error::Error as StdError;
use std::time::Duration;

use bytes::Bytes;

pub use proxy::{Proxies, ProxyRules, ProxyUrl};

/// How a transport connects, how long it waits, whom it trusts.
///
/// The same settings mean the same on every transport.
///
/// ```
/// use std::time::Duration;
/// use wandb_core::transport::Settings;
///
/// let patient = Settings { stall_timeout: Duration::from_secs(120), ..Settings::default() };
/// assert_eq!(patient.connect_timeout, Duration::from_secs(10));
/// ```
#[derive(Debug, Clone)]
pub struct Settings {
    /// The time allowed to find the host, connect, pass a proxy and agree on TLS. 10 s unless told.
    ///
    /// Finding the host may be given this much of its own.
    pub connect_timeout: Duration,
    /// The time allowed until the head of an answer is there. 60 s unless told: a large history page takes the
    /// server tens of seconds.
    ///
    /// An async transport starts counting when it is given the request; a blocking one when it has sent it.
    pub first_byte_timeout: Duration,
    /// The longest pause allowed within a body, whatever its length. 30 s unless told.
    pub stall_timeout: Duration,
    /// How long an unused connection is kept. 30 s unless told, less than servers and balancers keep theirs.
    pub idle_timeout: Duration,
    /// How many unused connections to one host are kept. 32 unless told.
    pub max_idle_per_host: usize,
    /// The `User-Agent` of requests that name none. `wandb-export/<version>` unless told.
    pub user_agent: String,
    /// Certificates to trust besides the usual ones, in PEM form; each item may hold several.
    pub root_certificates: Vec<Bytes>,
    /// Which requests go through a proxy. As the environment says unless told.
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

/// Settings that no transport can be built from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A proxy's address could not be understood. The address is not shown, for it may hold a password.
    #[error("{origin} is not the address of a proxy, such as http://proxy.example.com:3128")]
    Proxy {
        /// Where the address came from, such as the name of an environment variable.
        origin: String,
    },
    /// Certificates to trust could not be read.
    #[error("no certificates could be read from {origin} (expected PEM: -----BEGIN CERTIFICATE-----)")]
    Certificates {
        /// Where they came from, such as a file's path.
        origin: String,
        /// What kept them from being read, where something did.
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// The user agent holds characters that a header cannot.
    #[error("the user agent {user_agent:?} cannot be sent in a header")]
    UserAgent {
        /// The user agent that was asked for.
        user_agent: String,
    },
    /// The HTTP library refused what it was given.
    #[error("the HTTP client could not be set up")]
    Client {
        /// The library's reason.
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl Settings {
    /// The user agent as the value of a header.
    pub fn user_agent_value(&self) -> Result<http::HeaderValue, SettingsError> {
        // A space at an end would be lost on the way and a letter beyond ASCII is obsolete in headers.
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
    fn a_user_agent_must_fit_a_header() {
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
