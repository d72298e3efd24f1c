use std::error::Error as StdError;
use std::fmt;
use std::io;

use ureq::Timeout;
use wandb_core::transport::{Phase, TransportError, TransportErrorKind as Kind};

/// What the connector met, told apart from the same error met later.
#[derive(Debug)]
pub(crate) enum Met {
    /// There was no connection yet.
    Connecting(ureq::Error),
    /// The connection was up.
    Exchanging(io::Error),
}

impl Met {
    /// The same, where a connection that was up was only a part of the one being made.
    pub(crate) fn while_connecting(self) -> Self {
        match self {
            Self::Exchanging(error) => Self::Connecting(error.into()),
            connecting @ Self::Connecting(_) => connecting,
        }
    }
}

impl fmt::Display for Met {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting(error) => error.fmt(f),
            Self::Exchanging(error) => error.fmt(f),
        }
    }
}

impl StdError for Met {}

impl From<Met> for ureq::Error {
    fn from(met: Met) -> Self {
        Self::Other(Box::new(met))
    }
}

/// An error of ureq's as one of the kinds that decide what happens next.
pub(crate) fn translate(error: &ureq::Error) -> TransportError {
    use ureq::Error as E;

    let kind = match error {
        E::Timeout(Timeout::Resolve | Timeout::Connect) => Kind::Timeout(Phase::Connect),
        E::Timeout(Timeout::PerRead) => Kind::Timeout(Phase::Stall),
        E::Timeout(_) => Kind::Timeout(Phase::FirstByte),
        E::HostNotFound | E::ConnectionFailed | E::ConnectProxyFailed(_) => Kind::Connect,
        E::Protocol(protocol) => of_protocol(protocol),
        E::LargeResponseHeader(..) | E::BodyStalled => Kind::Protocol,
        E::Http(_) | E::BadUri(_) | E::TlsRequired => Kind::InvalidRequest,
        E::Tls(_) => Kind::Tls,
        E::Io(error) => of_exchange(error),
        E::Other(other) => match other.downcast_ref::<Met>() {
            Some(Met::Connecting(error)) => return connecting(error),
            Some(Met::Exchanging(error)) => of_exchange(error),
            None => Kind::Closed,
        },
        #[cfg(feature = "tls")]
        E::Rustls(_) | E::Pem(_) => Kind::Tls,
        _ => Kind::Closed,
    };
    TransportError::new(kind, message(error))
}

/// The same for an error met while a body was read.
pub(crate) fn translate_read(error: &io::Error) -> TransportError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
        Some(inner) => translate(inner),
        None => TransportError::new(of_exchange(error), error.to_string()),
    }
}

fn connecting(error: &ureq::Error) -> TransportError {
    let kind = match error {
        ureq::Error::Io(error) if is_tls(error) => Kind::Tls,
        ureq::Error::Timeout(_) => Kind::Timeout(Phase::Connect),
        ureq::Error::Io(_) | ureq::Error::Protocol(_) => Kind::Connect,
        // A connection to a proxy is made within the connection through it.
        other => return translate(other),
    };
    TransportError::new(kind, message(error))
}

fn of_protocol(error: &ureq_proto::Error) -> Kind {
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

fn of_exchange(error: &io::Error) -> Kind {
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
fn explained(error: &io::Error) -> Option<&'static str> {
    crate::trust::explained(error.get_ref()?.downcast_ref()?)
}

#[cfg(not(feature = "tls"))]
fn explained(_: &io::Error) -> Option<&'static str> {
    None
}

fn message(error: &ureq::Error) -> String {
    match error {
        // It repeats the address, whose query may hold a signature.
        ureq::Error::BadUri(_) => "the address is not a whole http:// or https:// URL".to_owned(),
        ureq::Error::Io(error) => explained(error).map_or_else(|| error.to_string(), str::to_owned),
        other => other.to_string(),
    }
}
