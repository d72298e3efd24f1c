use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::duration::Shown;

/// A request that never became a whole response.
///
/// A bad status is not an error here: it is a response.
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

/// What kept a request from becoming a response; it decides whether the request is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: name not found, refused, unreachable, or a proxy that would not pass it on. Retried.
    Connect,
    /// TLS could not be agreed on, or the certificate is not trusted. Not retried: it would fail again.
    Tls,
    /// Nothing came in the time allowed. Retried.
    Timeout(Phase),
    /// The connection ended before the answer did. Retried.
    Interrupted,
    /// The answer was not HTTP, or its body could not be decoded. Retried once: proxies do this when they are busy.
    Protocol,
    /// The body was larger than the limit the reader set, in bytes. Not retried.
    TooLarge {
        /// The limit that was passed, in bytes.
        limit: u64,
    },
    /// The time that the client was allowed in all is over. Not retried.
    OutOfTime {
        /// The time allowed.
        allowed: Duration,
    },
    /// The request could not be sent as it stands. Not retried.
    InvalidRequest,
    /// The transport has been shut down or failed inside. Not retried.
    Closed,
}

/// What a transport was waiting for when the time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The connection, TLS included.
    Connect,
    /// The first byte of the answer.
    FirstByte,
    /// The next bytes of a body that had begun.
    Stall,
}

impl TransportError {
    /// An error of `kind`; `message` says what happened in words.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The same with the error that caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the same request may succeed when it is sent again.
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
    /// Whether the request certainly did not reach the server.
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
                write!(f, "the {} that were allowed in all are over", Shown(allowed))?;
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
