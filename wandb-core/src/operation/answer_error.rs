use super::Lacks;
use crate::text::shortened;

/// Why a response is not the answer that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The server's schema lacks fields or arguments that the request named. The client asks again without those that
    /// are optional.
    #[error("the server does not have {0}")]
    Lacks(Lacks),

    /// What was asked about does not exist, or the key may not see it.
    #[error("{what} does not exist, or the API key may not see it")]
    NotFound {
        /// What was not found, in the user's terms: `run team/project/abc`.
        what: String,
    },

    /// The key may not do this.
    #[error("the server denied it: {message}")]
    Denied {
        /// The server's words.
        message: String,
    },

    /// The server refuses to answer that much at once; a smaller window may succeed.
    #[error("the server refused to answer that much at once: {message}")]
    TooMuch {
        /// The server's words.
        message: String,
    },

    /// The server failed in a way that may pass: no data, and an error that blames nothing in the request.
    #[error("the server failed: {message}")]
    Failed {
        /// The server's words.
        message: String,
    },

    /// The server understood the request and refuses it for good.
    #[error("the server refused the request: {message}")]
    Refused {
        /// The server's words.
        message: String,
    },

    /// A file is not the same any more as when its download began.
    #[error("the file changed while it was downloaded")]
    Changed,

    /// A file is larger than the client takes: than
    /// [`ClientBuilder::file_limit`](crate::client::ClientBuilder::file_limit), or than the list lets expect of a file whose
    /// length the storage does not say.
    #[error("the file has more than {limit} bytes, the most that are taken")]
    FileTooLarge {
        /// The most bytes, after which the download ends.
        limit: u64,
    },

    /// The response is not one the protocol knows. It may be a cut or garbled one, so it is asked for once more.
    #[error("the server's answer could not be read: {message}; it begins {excerpt:?}")]
    Malformed {
        /// What is wrong with it.
        message: String,
        /// Its first characters.
        excerpt: String,
    },

    /// The pages of a list do not lead to its end: a cursor is missing or comes again, or page after page is empty.
    #[error("its pages do not lead to the end of the list: {message}")]
    Pages {
        /// What is wrong with them.
        message: &'static str,
    },

    /// The operation cannot be put to this server.
    #[error("it cannot be asked: {message}")]
    Unaskable {
        /// Why not.
        message: String,
    },
}

/// How much of an unreadable answer a message shows, in characters.
const EXCERPT_LENGTH: usize = 120;

/// How long a message may be, in characters.
const MOST_MESSAGE: usize = 1_000;

impl AnswerError {
    /// A [`Malformed`](Self::Malformed) error that shows the first characters of `body`.
    pub fn malformed(message: impl Into<String>, body: &[u8]) -> Self {
        let start = &body[..body.len().min(EXCERPT_LENGTH * 4)];
        let excerpt = String::from_utf8_lossy(start).chars().take(EXCERPT_LENGTH).collect();
        // Parsers quote the value that they did not expect, however long it is.
        let message = shortened(&message.into(), MOST_MESSAGE).into_owned();
        Self::Malformed { message, excerpt }
    }

    /// The same with what `change` makes of the server's texts.
    pub(crate) fn with_texts(self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::NotFound { what } => Self::NotFound { what: change(&what) },
            Self::Denied { message } => Self::Denied { message: change(&message) },
            Self::TooMuch { message } => Self::TooMuch { message: change(&message) },
            Self::Failed { message } => Self::Failed { message: change(&message) },
            Self::Refused { message } => Self::Refused { message: change(&message) },
            Self::Malformed { message, excerpt } => {
                Self::Malformed { message: change(&message), excerpt: change(&excerpt) }
            }
            Self::Unaskable { message } => Self::Unaskable { message: change(&message) },
            error @ (Self::Lacks(_) | Self::Changed | Self::FileTooLarge { .. } | Self::Pages { .. }) => {
                error
            }
        }
    }

    /// Whether the same request may succeed when it is sent again.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Failed { .. } | Self::Malformed { .. } => true,
            Self::Lacks(_)
            | Self::NotFound { .. }
            | Self::Denied { .. }
            | Self::TooMuch { .. }
            | Self::Refused { .. }
            | Self::Changed
            | Self::FileTooLarge { .. }
            | Self::Pages { .. }
            | Self::Unaskable { .. } => false,
        }
    }
}

impl AnswerError {
    /// Whether the server has turned the request away, or never got it, rather than failed at it or answered unclearly.
    pub fn is_refusal(&self) -> bool {
        !self.is_retryable()
    }
}
