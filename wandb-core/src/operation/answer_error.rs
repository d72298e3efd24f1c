use super::UnsupportedFields;
use crate::text::shortened;

/// The response is not the requested answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The server's schema lacks fields or arguments of the request. The client retries without those that are
    /// optional.
    #[error("the server does not have {0}")]
    UnsupportedFields(UnsupportedFields),

    /// The subject of the request does not exist, or is not visible with the key.
    #[error("{what} does not exist, or the API key may not see it")]
    NotFound {
        /// The missing object, in the user's terms: `run team/project/abc`.
        what: String,
    },

    /// The key lacks permission.
    #[error("permission denied by the server: {message}")]
    Denied {
        /// The server's message.
        message: String,
    },

    /// The server rejects the size of the request; a smaller window may succeed.
    #[error("the server rejected the request as too large: {message}")]
    TooLarge {
        /// The server's message.
        message: String,
    },

    /// The server failed, perhaps temporarily: no data, and an error that does not blame the request.
    #[error("the server failed: {message}")]
    Failed {
        /// The server's message.
        message: String,
    },

    /// The server understood the request and rejects it permanently.
    #[error("the server refused the request: {message}")]
    Refused {
        /// The server's message.
        message: String,
    },

    /// A file changed since the start of its download.
    #[error("the file changed while it was downloaded")]
    Changed,

    /// A file exceeds [`ClientBuilder::file_limit`](crate::client::ClientBuilder::file_limit), or the limit derived
    /// from its listed size if the storage does not send its length.
    #[error("the file exceeds the limit of {limit} bytes")]
    FileTooLarge {
        /// The limit in bytes, at which the download ends.
        limit: u64,
    },

    /// The response does not conform to the protocol. It may be truncated or corrupted, so the client retries once.
    #[error("the server's answer could not be read: {message}; it begins {excerpt:?}")]
    Malformed {
        /// The syntax error.
        message: String,
        /// The start of the response.
        excerpt: String,
    },

    /// The pages of a list do not reach its end: a cursor is missing or repeated, or page after page is empty.
    #[error("its pages do not lead to the end of the list: {message}")]
    Pages {
        /// The problem.
        message: &'static str,
    },

    /// The operation is not possible on this server.
    #[error("the request cannot be built: {message}")]
    InvalidRequest {
        /// The reason.
        message: String,
    },
}

/// The maximum length of an excerpt of an unreadable answer, in characters.
const EXCERPT_LENGTH: usize = 120;

/// The maximum length of a message, in characters.
const MAX_MESSAGE_LENGTH: usize = 1_000;

impl AnswerError {
    /// Creates a [`Malformed`](Self::Malformed) error with the start of `body`.
    pub fn malformed(message: impl Into<String>, body: &[u8]) -> Self {
        let start = &body[..body.len().min(EXCERPT_LENGTH * 4)];
        let excerpt = String::from_utf8_lossy(start).chars().take(EXCERPT_LENGTH).collect();
        // Parsers quote the unexpected value in full.
        let message = shortened(&message.into(), MAX_MESSAGE_LENGTH).into_owned();
        Self::Malformed { message, excerpt }
    }

    /// Applies `change` to the texts sent by the server.
    pub(crate) fn with_texts(self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::NotFound { what } => Self::NotFound { what: change(&what) },
            Self::Denied { message } => Self::Denied { message: change(&message) },
            Self::TooLarge { message } => Self::TooLarge { message: change(&message) },
            Self::Failed { message } => Self::Failed { message: change(&message) },
            Self::Refused { message } => Self::Refused { message: change(&message) },
            Self::Malformed { message, excerpt } => {
                Self::Malformed { message: change(&message), excerpt: change(&excerpt) }
            }
            Self::InvalidRequest { message } => Self::InvalidRequest { message: change(&message) },
            error @ (Self::UnsupportedFields(_)
            | Self::Changed
            | Self::FileTooLarge { .. }
            | Self::Pages { .. }) => error,
        }
    }

    /// Returns true if a retry of the same request may succeed.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Failed { .. } | Self::Malformed { .. } => true,
            Self::UnsupportedFields(_)
            | Self::NotFound { .. }
            | Self::Denied { .. }
            | Self::TooLarge { .. }
            | Self::Refused { .. }
            | Self::Changed
            | Self::FileTooLarge { .. }
            | Self::Pages { .. }
            | Self::InvalidRequest { .. } => false,
        }
    }
}

impl AnswerError {
    /// Returns true if the server rejected the request or never received it, as opposed to failing or answering
    /// unclearly.
    pub fn is_refusal(&self) -> bool {
        !self.is_retryable()
    }
}
