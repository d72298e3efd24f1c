//! Errors of requests.

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use url::Url;

use crate::duration::HumanDuration;
use crate::operation::{AnswerError, UnsupportedFields};
use crate::transport::{TransportError, TransportErrorKind};

/// Identifies the request of an error: the operation and its subject.
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
    /// Creates a label for `operation` on `subject`.
    pub fn new(operation: &'static str, subject: impl Into<String>) -> Self {
        Self { operation, subject: subject.into() }
    }

    /// The operation's name.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// The subject of the request, in the user's terms.
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

/// A request that failed permanently, after all retries.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The transport failed before the response was complete.
    #[error("{request} failed at {url} after {attempts} {}{}", tries(*.attempts), transport_hint(.source.kind()))]
    Transport {
        /// The failed request.
        request: RequestLabel,
        /// The URL without its query.
        url: String,
        /// The number of attempts.
        attempts: u32,
        /// The error of the last attempt.
        source: TransportError,
    },

    /// The server answered with an error status.
    #[error("{request}: the server answered {status} after {attempts} {}: {message}{}", tries(*.attempts), status_hint(*.status))]
    Status {
        /// The failed request.
        request: RequestLabel,
        /// The status.
        status: StatusCode,
        /// The server's message, truncated.
        message: String,
        /// The number of attempts.
        attempts: u32,
    },

    /// The server asks for a longer wait than the client allows.
    #[error(
        "{request}: the server asks to retry after {}, but the longest wait is {}",
        HumanDuration(*.wait),
        HumanDuration(*.max_wait)
    )]
    Deferred {
        /// The failed request.
        request: RequestLabel,
        /// The wait that the server asks for.
        wait: Duration,
        /// The maximum wait: [`RetryPolicy::max_retry_after`](crate::client::RetryPolicy::max_retry_after).
        max_wait: Duration,
    },

    /// The time limit of the client has expired; see
    /// [`ClientBuilder::time_allowed`](crate::client::ClientBuilder::time_allowed).
    #[error("{request}: the time limit of {} for all requests has expired", HumanDuration(*.allowed))]
    OutOfTime {
        /// The failed request.
        request: RequestLabel,
        /// The time limit.
        allowed: Duration,
    },

    /// The server rejects the API key, or requires one and got none (status 401).
    #[error("{request}: {server} {}", if *.key_given { "does not accept the API key (check that the key belongs to this server)" } else { "requires an API key (set WANDB_API_KEY, or log in so that the netrc file has one)" })]
    Unauthorized {
        /// The failed request.
        request: RequestLabel,
        /// The server's base URL.
        server: String,
        /// Whether a key was sent.
        key_given: bool,
    },

    /// The server at the base URL does not speak the W&B protocol.
    #[error(
        "{request}: {url} does not respond like a W&B server (status {status}, body {excerpt:?}); check the base URL"
    )]
    NotWandb {
        /// The failed request.
        request: RequestLabel,
        /// The URL of the request.
        url: String,
        /// The status of the response.
        status: StatusCode,
        /// The start of its body.
        excerpt: String,
    },

    /// The server redirects to an address to which the client does not send the request or the key.
    #[error("{request}: the server redirects to {to} (set the base URL to the new address if you trust it)")]
    Redirected {
        /// The failed request.
        request: RequestLabel,
        /// The target of the redirect.
        to: String,
    },

    /// The server answered, but not with the requested data.
    #[error("{request} failed")]
    Answer {
        /// The failed request.
        request: RequestLabel,
        /// The number of attempts.
        attempts: u32,
        /// The error in the answer.
        source: AnswerError,
    },
}

/// Returns the message of an error followed by those of its causes, separated by colons.
///
/// No error of this project repeats its cause in its message. Where another library does, the cause is left out.
///
/// ```
/// use wandb_core::error::with_causes;
///
/// let error = "no address".parse::<wandb_core::BaseUrl>().expect_err("no scheme");
/// assert!(with_causes(&error).ends_with("): relative URL without a base"));
/// ```
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    text
}

impl Error {
    /// Returns the message followed by its causes.
    pub fn with_causes(&self) -> String {
        with_causes(self)
    }

    /// The failed request.
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

    /// Returns true if the subject does not exist, or is not visible with the key.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Answer { source: AnswerError::NotFound { .. }, .. })
    }

    /// Returns true if the server's schema lacks a field or argument that the operation requires.
    pub fn is_unsupported(&self) -> bool {
        self.unsupported().is_some()
    }

    /// The required fields and arguments that the server's schema lacks, if that is the reason of the failure.
    pub fn unsupported(&self) -> Option<&UnsupportedFields> {
        match self {
            Self::Answer { source: AnswerError::UnsupportedFields(unsupported), .. } => Some(unsupported),
            _ => None,
        }
    }

    /// Returns true if a failed write may still have taken effect: its answer was lost, truncated, or a server error.
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Transport { source, .. } => !source.is_before_sending(),
            Self::Status { status, .. } => !is_refusal(*status),
            Self::NotWandb { .. } | Self::OutOfTime { .. } => true,
            Self::Answer { source, .. } => !source.is_refusal(),
            Self::Deferred { .. } | Self::Unauthorized { .. } | Self::Redirected { .. } => false,
        }
    }

    /// Returns true if requesting a new URL may help: an expired signed URL is rejected.
    pub fn may_be_expired(&self) -> bool {
        match self {
            Self::Status { status, .. } => {
                matches!(*status, StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN | StatusCode::GONE)
            }
            Self::Unauthorized { .. } => true,
            _ => false,
        }
    }

    /// Returns true if the server was overloaded: it timed out, failed, or rejected the request as too large.
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
                matches!(source, AnswerError::TooLarge { .. } | AnswerError::Failed { .. })
            }
            Self::Deferred { .. }
            | Self::OutOfTime { .. }
            | Self::Unauthorized { .. }
            | Self::NotWandb { .. }
            | Self::Redirected { .. } => false,
        }
    }

    /// Returns true if no other request can succeed now: the server asks for a longer wait than the client allows, or
    /// the time limit has expired.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Deferred { .. } | Self::OutOfTime { .. })
    }

    /// Returns true if a file changed while it was downloaded.
    pub fn is_changed(&self) -> bool {
        matches!(self, Self::Answer { source: AnswerError::Changed, .. })
    }

    /// Returns true if a file or an answer exceeds the client's limit.
    pub fn is_too_large(&self) -> bool {
        use crate::transport::TransportErrorKind as Kind;
        match self {
            Self::Answer { source, .. } => matches!(source, AnswerError::FileTooLarge { .. }),
            Self::Transport { source, .. } => matches!(source.kind(), Kind::TooLarge { .. }),
            _ => false,
        }
    }

    /// Returns true if a file has none of the requested bytes, because it is too short.
    pub fn is_unsatisfiable(&self) -> bool {
        matches!(self, Self::Status { status: StatusCode::RANGE_NOT_SATISFIABLE, .. })
    }

    /// Returns true if the key is missing, wrong, or lacks permission.
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

/// Formats a URL for messages, without its query: signed URLs carry their signature there.
pub(crate) fn printable_url(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for URLs that cannot hold a user name.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

fn tries(attempts: u32) -> &'static str {
    if attempts == 1 { "try" } else { "tries" }
}

fn transport_hint(kind: TransportErrorKind) -> &'static str {
    use TransportErrorKind as Kind;
    match kind {
        Kind::Connect => " (check the base URL, the network and the proxy settings)",
        Kind::Tls => {
            " (check that the server speaks TLS at this address; for a private certificate \
             authority, pass its certificate with --ca-file FILE or SSL_CERT_FILE)"
        }
        Kind::Timeout(_) | Kind::Interrupted => " (the server may be overloaded: try again later)",
        Kind::Protocol => " (check that the base URL is the server's)",
        Kind::TooLarge { .. } => " (ask for less at once with a smaller page size)",
        Kind::OutOfTime { .. } | Kind::InvalidRequest | Kind::Closed => "",
    }
}

fn status_hint(status: StatusCode) -> &'static str {
    match status {
        StatusCode::FORBIDDEN => " (the API key may not do this)",
        StatusCode::TOO_MANY_REQUESTS => {
            " (the rate limit stayed exhausted: try again later or lower the concurrency)"
        }
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => " (the proxy requires credentials)",
        status if status.is_server_error() => " (the server is failing: try again later)",
        _ => "",
    }
}

/// Returns true if a status means that the server did not act on the request.
pub(crate) fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT
}
