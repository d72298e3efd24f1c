//! What can go wrong between asking and having the answer.

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use url::Url;

use crate::duration::Shown;
use crate::operation::{AnswerError, Lacks};
use crate::transport::TransportError;

/// Which request an error is about: the operation and what it asked of.
///
/// ```
/// use wandb_core::error::RequestLabel;
///
/// let label = RequestLabel::new("RunHistoryPage", "team/project/abc, steps 0 to 999");
/// assert_eq!(label.to_string(), "RunHistoryPage of team/project/abc, steps 0 to 999");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLabel {
    operation: &'static str,
    subject: String,
}

impl RequestLabel {
    /// A label for `operation` asking about `subject`.
    pub fn new(operation: &'static str, subject: impl Into<String>) -> Self {
        Self { operation, subject: subject.into() }
    }

    /// The operation's name.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// What was asked about, in the user's terms.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

impl fmt::Display for RequestLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation)?;
        if self.subject.is_empty() { Ok(()) } else { write!(f, " of {}", self.subject) }
    }
}

/// A request that did not lead to an answer, after all the tries it was worth.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request never became a whole response.
    #[error("{request} failed at {url} after {attempts} {}{}", tries(*.attempts), transport_hint(.source))]
    Transport {
        /// Which request.
        request: RequestLabel,
        /// Where it was sent, without the query.
        url: String,
        /// How often it was tried.
        attempts: u32,
        /// What happened the last time.
        source: TransportError,
    },

    /// The server answered with a status that is not an answer.
    #[error("{request}: the server answered {status} after {attempts} {}: {message}{}", tries(*.attempts), status_hint(*.status))]
    Status {
        /// Which request.
        request: RequestLabel,
        /// The status.
        status: StatusCode,
        /// The server's words, shortened.
        message: String,
        /// How often it was tried.
        attempts: u32,
    },

    /// The server asks to come again only after a time that is longer than the client waits.
    #[error(
        "{request}: the server asks to come again in {}, and {} is the longest wait; asking earlier only earns more refusals",
        Shown(*.wait),
        Shown(*.longest_wait)
    )]
    Deferred {
        /// Which request.
        request: RequestLabel,
        /// In how long the server may be asked again.
        wait: Duration,
        /// The longest wait allowed: [`RetryPolicy::longest_asked_wait`](crate::client::RetryPolicy::longest_asked_wait).
        longest_wait: Duration,
    },

    /// The time that the client was allowed in all is over; see
    /// [`ClientBuilder::time_allowed`](crate::client::ClientBuilder::time_allowed).
    #[error("{request}: the {} that were allowed in all are over", Shown(*.allowed))]
    OutOfTime {
        /// Which request.
        request: RequestLabel,
        /// The time allowed.
        allowed: Duration,
    },

    /// The server does not accept the API key, or wants one and got none (status 401).
    #[error("{request}: {server} {}", if *.key_given { "does not accept the API key (check that the key belongs to this server)" } else { "wants an API key (set WANDB_API_KEY, or log in so that the netrc file has one)" })]
    Unauthorized {
        /// Which request.
        request: RequestLabel,
        /// The server's base URL.
        server: String,
        /// Whether a key was sent.
        key_given: bool,
    },

    /// What answers at the base URL does not speak the W&B protocol.
    #[error(
        "{request}: {url} does not answer like a W&B server (status {status}, it sent {excerpt:?}); check the base URL"
    )]
    NotWandb {
        /// Which request.
        request: RequestLabel,
        /// What was asked.
        url: String,
        /// The status of the answer.
        status: StatusCode,
        /// Its first characters.
        excerpt: String,
    },

    /// The server sends the request elsewhere, where the client does not take it or the key.
    #[error("{request}: the server redirects to {to} (set the base URL to the new address if you trust it)")]
    Redirected {
        /// Which request.
        request: RequestLabel,
        /// Where to.
        to: String,
    },

    /// The server answered, and the answer is not what was asked for.
    #[error("{request}: {source}")]
    Answer {
        /// Which request.
        request: RequestLabel,
        /// How often it was tried.
        attempts: u32,
        /// What the answer was.
        source: AnswerError,
    },
}

impl Error {
    /// Which request failed.
    pub fn request(&self) -> &RequestLabel {
        match self {
            Self::Transport { request, .. }
            | Self::Status { request, .. }
            | Self::Deferred { request, .. }
            | Self::OutOfTime { request, .. }
            | Self::Unauthorized { request, .. }
            | Self::NotWandb { request, .. }
            | Self::Redirected { request, .. }
            | Self::Answer { request, .. } => request,
        }
    }

    /// Whether what was asked about does not exist, or is not visible to the key.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Answer { source: AnswerError::NotFound { .. }, .. })
    }

    /// Whether the server's schema lacks something that the operation cannot do without.
    pub fn is_unsupported(&self) -> bool {
        self.lacks().is_some()
    }

    /// What the server's schema lacks that the operation cannot do without, if that is why it failed.
    pub fn lacks(&self) -> Option<&Lacks> {
        match self {
            Self::Answer { source: AnswerError::Lacks(lacks), .. } => Some(lacks),
            _ => None,
        }
    }

    /// Whether an operation that writes may have changed something all the same: its answer was lost, cut, or says that
    /// the server failed.
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Transport { source, .. } => !source.is_before_sending(),
            Self::Status { status, .. } => !is_refusal(*status),
            Self::NotWandb { .. } | Self::OutOfTime { .. } => true,
            Self::Answer { source, .. } => !source.is_refusal(),
            Self::Deferred { .. } | Self::Unauthorized { .. } | Self::Redirected { .. } => false,
        }
    }

    /// Whether it may help to ask for a new URL: one that was signed for a while is refused when its time is over.
    pub fn may_be_expired(&self) -> bool {
        match self {
            Self::Status { status, .. } => {
                matches!(*status, StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN | StatusCode::GONE)
            }
            Self::Unauthorized { .. } => true,
            _ => false,
        }
    }

    /// Whether the server was overtaxed: it ran out of time, failed, or said that it was asked for too much.
    pub fn is_overload(&self) -> bool {
        use crate::transport::TransportErrorKind as Kind;
        match self {
            Self::Transport { source, .. } => {
                matches!(source.kind(), Kind::Timeout(_) | Kind::TooLarge { .. })
            }
            Self::Status { status, .. } => {
                status.is_server_error()
                    || matches!(*status, StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE)
            }
            Self::Answer { source, .. } => {
                matches!(source, AnswerError::TooMuch { .. } | AnswerError::Failed { .. })
            }
            Self::Deferred { .. }
            | Self::OutOfTime { .. }
            | Self::Unauthorized { .. }
            | Self::NotWandb { .. }
            | Self::Redirected { .. } => false,
        }
    }

    /// Whether no other request can succeed now, either: the server wants to be left alone for longer than the client
    /// waits, or the time allowed in all is over.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Deferred { .. } | Self::OutOfTime { .. })
    }

    /// Whether a file has changed while it was downloaded.
    pub fn is_changed(&self) -> bool {
        matches!(self, Self::Answer { source: AnswerError::Changed, .. })
    }

    /// Whether a file, or an answer, is larger than the client takes.
    pub fn is_too_large(&self) -> bool {
        use crate::transport::TransportErrorKind as Kind;
        match self {
            Self::Answer { source, .. } => matches!(source, AnswerError::FileTooLarge { .. }),
            Self::Transport { source, .. } => matches!(source.kind(), Kind::TooLarge { .. }),
            _ => false,
        }
    }

    /// Whether a file has none of the bytes that were asked for: it is shorter than that.
    pub fn is_unsatisfiable(&self) -> bool {
        matches!(self, Self::Status { status: StatusCode::RANGE_NOT_SATISFIABLE, .. })
    }

    /// Whether the key is missing, wrong, or may not do this.
    pub fn is_unauthorized(&self) -> bool {
        match self {
            Self::Unauthorized { .. } | Self::Answer { source: AnswerError::Denied { .. }, .. } => true,
            Self::Status { status, .. } => *status == StatusCode::FORBIDDEN,
            Self::Transport { .. }
            | Self::Deferred { .. }
            | Self::OutOfTime { .. }
            | Self::NotWandb { .. }
            | Self::Redirected { .. }
            | Self::Answer { .. } => false,
        }
    }
}

/// `url` as messages show it: signed URLs carry their signature in the query, which is nobody's to read.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for addresses that cannot hold a name.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

fn tries(attempts: u32) -> &'static str {
    if attempts == 1 { "try" } else { "tries" }
}

fn transport_hint(error: &TransportError) -> String {
    use crate::transport::TransportErrorKind as Kind;
    let hint = match error.kind() {
        Kind::Connect => " (check the base URL, the network and the proxy settings)",
        Kind::Tls => {
            " (check that the server speaks TLS at this address; the certificate of a server of one's own, or of its \
             authority, has to be named with --ca-file FILE or SSL_CERT_FILE)"
        }
        Kind::Timeout(_) | Kind::Interrupted => " (the server may be overloaded: try again later)",
        Kind::Protocol => " (check that the base URL is the server's)",
        Kind::TooLarge { .. } => " (ask for less at once with a smaller page size)",
        Kind::OutOfTime { .. } | Kind::InvalidRequest | Kind::Closed => "",
    };
    format!(": {error}{hint}")
}

fn status_hint(status: StatusCode) -> &'static str {
    match status {
        StatusCode::FORBIDDEN => " (the API key may not do this)",
        StatusCode::TOO_MANY_REQUESTS => {
            " (the rate limit stayed exhausted: try again later or lower the concurrency)"
        }
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => " (the proxy wants credentials)",
        status if status.is_server_error() => " (the server is failing: try again later)",
        _ => "",
    }
}

/// Whether a status says that the server has done nothing of what was asked.
pub(crate) fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT
}
