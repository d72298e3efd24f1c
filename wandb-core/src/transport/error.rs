use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::duration::HumanDuration;

/// A request without a complete response.
///
/// An error status is not a transport error: it is a response.
///
/// ```
/// use wandb_core::transport::{TransportError, TransportErrorKind};
///
/// let error = TransportError::new(TransportErrorKind::Interrupted, "the connection was reset");
/// assert!(error.is_retryable());
/// assert_eq!(error.to_string(), "connection interrupted: the connection was reset");
/// ```
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kind of failure, which decides whether the request is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: the host name is unknown, the connection is refused, the host is unreachable, or a proxy
    /// rejects it. Retried.
    Connect,
    /// The TLS handshake failed, or the certificate is not trusted. Not retried: it would fail again.
    Tls,
    /// A timeout expired. Retried.
    Timeout(Phase),
    /// The connection ended before the response did. Retried.
    Interrupted,
    /// The response was not valid HTTP, or its body could not be decompressed. Retried once: busy proxies send such
    /// responses.
    Protocol,
    /// The body exceeded the limit. Not retried.
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The client's time limit has expired. Not retried.
    OutOfTime {
        /// The time limit.
        allowed: Duration,
    },
    /// The request is invalid and was not sent. Not retried.
    InvalidRequest,
    /// The transport has been shut down or had an internal failure. Not retried.
    Closed,
}

/// The phase of a request in which a timeout expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Connecting, including TLS.
    Connect,
    /// Waiting for the first byte of the response.
    FirstByte,
    /// Waiting for more bytes of the body.
    Stall,
}

impl TransportError {
    /// Creates an error of `kind`; `message` has the details.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Adds the underlying error.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Returns true if a retry of the same request may succeed.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            TransportErrorKind::Connect
            | TransportErrorKind::Timeout(_)
            | TransportErrorKind::Interrupted
            | TransportErrorKind::Protocol => true,
            TransportErrorKind::Tls
            | TransportErrorKind::TooLarge { .. }
            | TransportErrorKind::OutOfTime { .. }
            | TransportErrorKind::InvalidRequest
            | TransportErrorKind::Closed => false,
        }
    }
}

impl TransportError {
    /// Returns true if the request certainly did not reach the server.
    pub fn is_before_sending(&self) -> bool {
        matches!(
            self.kind,
            TransportErrorKind::Connect
                | TransportErrorKind::Tls
                | TransportErrorKind::Timeout(Phase::Connect)
                | TransportErrorKind::InvalidRequest
        )
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TransportErrorKind::Connect => f.write_str("no connection")?,
            TransportErrorKind::Tls => f.write_str("no secure connection (TLS)")?,
            TransportErrorKind::Timeout(Phase::Connect) => f.write_str("timed out connecting")?,
            TransportErrorKind::Timeout(Phase::FirstByte) => {
                f.write_str("timed out waiting for an answer")?;
            }
            TransportErrorKind::Timeout(Phase::Stall) => {
                f.write_str("timed out in the middle of an answer")?;
            }
            TransportErrorKind::Interrupted => f.write_str("connection interrupted")?,
            TransportErrorKind::Protocol => f.write_str("the answer was not valid HTTP")?,
            TransportErrorKind::TooLarge { limit } => write!(f, "the answer was larger than {limit} bytes")?,
            TransportErrorKind::OutOfTime { allowed } => {
                write!(f, "the time limit of {} for all requests has expired", HumanDuration(allowed))?;
            }
            TransportErrorKind::InvalidRequest => f.write_str("the request could not be sent")?,
            TransportErrorKind::Closed => f.write_str("the transport is closed")?,
        }
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
