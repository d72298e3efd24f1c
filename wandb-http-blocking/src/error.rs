use std::error::Error as StdError;
use std::fmt;
use std::io;

use ureq::Timeout;
use wandb_core::transport::{Phase, TransportError, TransportErrorKind as Kind};

/// An error of the connector, with the phase in which it occurred.
#[derive(Debug)]
pub(crate) enum ConnectionFailure {
    /// There was no connection yet.
    Connecting(ureq::Error),
    /// The connection was established.
    Exchanging(io::Error),
}

impl ConnectionFailure {
    /// Converts an error of an inner connection, such as that to a proxy, to an error of connecting.
    pub(crate) fn while_connecting(self) -> Self {
        match self {
            Self::Exchanging(error) => Self::Connecting(error.into()),
            connecting @ Self::Connecting(_) => connecting,
        }
    }
}

impl fmt::Display for ConnectionFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting(error) => error.fmt(f),
            Self::Exchanging(error) => error.fmt(f),
        }
    }
}

impl StdError for ConnectionFailure {}

impl From<ConnectionFailure> for ureq::Error {
    fn from(failure: ConnectionFailure) -> Self {
        Self::Other(Box::new(failure))
    }
}

/// Converts an error of ureq to a kind, which decides whether the request is retried.
pub(crate) fn translate(error: &ureq::Error) -> TransportError {
    use ureq::Error as E;

    let kind = match error {
        E::Timeout(Timeout::Resolve | Timeout::Connect) => Kind::Timeout(Phase::Connect),
        E::Timeout(Timeout::PerRead) => Kind::Timeout(Phase::Stall),
        E::Timeout(_) => Kind::Timeout(Phase::FirstByte),
        E::HostNotFound | E::ConnectionFailed | E::ConnectProxyFailed(_) => Kind::Connect,
        E::Protocol(protocol) => protocol_kind(protocol),
        E::LargeResponseHeader(..) | E::BodyStalled => Kind::Protocol,
        E::Http(_) | E::BadUri(_) | E::TlsRequired => Kind::InvalidRequest,
        E::Tls(_) => Kind::Tls,
        E::Io(error) => exchange_kind(error),
        E::Other(other) => match other.downcast_ref::<ConnectionFailure>() {
            Some(ConnectionFailure::Connecting(error)) => return connection_error(error),
            Some(ConnectionFailure::Exchanging(error)) => exchange_kind(error),
            None => Kind::Closed,
        },
        #[cfg(feature = "tls")]
        E::Rustls(_) | E::Pem(_) => Kind::Tls,
        _ => Kind::Closed,
    };
    TransportError::new(kind, message(error))
}

/// Converts an error of reading a body.
pub(crate) fn translate_read(error: &io::Error) -> TransportError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
        Some(inner) => translate(inner),
        None => TransportError::new(exchange_kind(error), error.to_string()),
    }
}

fn connection_error(error: &ureq::Error) -> TransportError {
    let kind = match error {
        ureq::Error::Io(error) if is_tls(error) => Kind::Tls,
        ureq::Error::Timeout(_) => Kind::Timeout(Phase::Connect),
        ureq::Error::Io(_) | ureq::Error::Protocol(_) => Kind::Connect,
        // The connection to a proxy is part of the connection through it.
        other => return translate(other),
    };
    TransportError::new(kind, message(error))
}

fn protocol_kind(error: &ureq_proto::Error) -> Kind {
    use ureq_proto::Error as P;

    match error {
        P::MethodVersionMismatch(..)
        | P::TooManyHostHeaders
        | P::BadHostHeader
        | P::BadAuthorizationHeader
        | P::OutputOverflow
        | P::BodyLargerThanContentLength
        | P::BodyNotAllowed => Kind::InvalidRequest,
        _ => Kind::Protocol,
    }
}

fn exchange_kind(error: &io::Error) -> Kind {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput if !is_tls(error) => Kind::Protocol,
        _ => Kind::Interrupted,
    }
}

#[cfg(feature = "tls")]
fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(<dyn StdError + Send + Sync>::is::<rustls::Error>)
}

#[cfg(not(feature = "tls"))]
fn is_tls(_: &io::Error) -> bool {
    false
}

#[cfg(feature = "tls")]
fn explain(error: &io::Error) -> Option<&'static str> {
    wandb_http_tls::explain(error.get_ref()?.downcast_ref()?)
}

#[cfg(not(feature = "tls"))]
fn explain(_: &io::Error) -> Option<&'static str> {
    None
}

fn message(error: &ureq::Error) -> String {
    match error {
        // The message contains the URL, whose query may contain a signature.
        ureq::Error::BadUri(_) => "the address is not an absolute http:// or https:// URL".to_owned(),
        ureq::Error::Io(error) => explain(error).map_or_else(|| error.to_string(), str::to_owned),
        other => other.to_string(),
    }
}
