//! Classifies GraphQL errors by what the caller can do about them.
//!
//! W&B documents no error codes. The table below comes from messages that its servers are known to send (reported in
//! the issues of wandb/wandb and handled in the SDK) and from the usual `extensions.code` values. The HTTP status
//! decides when neither the code nor the message is in the table.

use http::StatusCode;
use wandb_core::operation::AnswerError;

/// The class of an error, most severe first. The most severe error of an answer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ErrorClass {
    /// The API key lacks permission.
    Denied,
    /// The requested object does not exist.
    NotFound,
    /// A smaller request may succeed.
    TooLarge,
    /// The server rejects this request, and a retry does not help.
    Refused,
    /// A transient failure: a retry may succeed.
    Failed,
}

/// Phrases that servers use when a request runs into a time limit.
const TIME_LIMITS: [&str; 3] = ["deadline exceeded", "timeout", "timed out"];

/// Phrases that identify a class. The first matching row decides.
///
/// | class | phrases in the message or the code |
/// |---|---|
/// | rate limited (transient) | `rate limit`, `too many requests`; first, as `too many` below would match |
/// | transient | time limits (`context deadline exceeded`), database locks (`Error 1213: Deadlock found when trying to get lock; try restarting transaction`), lost connections (`driver: bad connection`), `An internal error occurred. Please contact support.`, overload |
/// | too much | sizes and counts beyond a limit |
/// | denied | permissions and sign-in |
/// | not found | `project not found`, `Could not find …`, `… does not exist` |
const TABLE: [(ErrorClass, &[&str]); 6] = [
    (ErrorClass::Failed, &["rate limit", "rate_limit", "ratelimit", "too many requests"]),
    (ErrorClass::Failed, &TIME_LIMITS),
    (
        ErrorClass::Failed,
        &[
            "deadlock",
            "lock wait",
            "restarting transaction",
            "context canceled",
            "internal error",
            "internal server error",
            "internal_server_error",
            "bad connection",
            "connection re",
            "connection closed",
            "broken pipe",
            "unexpected eof",
            "unavailable",
            "temporarily",
            "try again",
            "overloaded",
            "too many connections",
        ],
    ),
    (
        ErrorClass::TooLarge,
        &[
            "too large",
            "too big",
            "too many",
            "too much",
            "too complex",
            "complexity",
            "resource exhausted",
            "resource_exhausted",
            "resourceexhausted",
            "out of memory",
            "memory limit",
            "exceeds the max",
            "exceeds max",
            "exceeds the limit",
            "exceeded max",
            "exceeds limit",
            "larger than max",
            "greater than max",
        ],
    ),
    (
        ErrorClass::Denied,
        &[
            "permission",
            "not authorized",
            "unauthorized",
            "unauthenticated",
            "not authenticated",
            "forbidden",
            "access denied",
            "not allowed",
            "not logged in",
            "must be logged in",
            "invalid api key",
        ],
    ),
    (ErrorClass::NotFound, &["not found", "not_found", "does not exist", "could not find", "couldn't find"]),
];

/// Classifies an error by its `extensions.code`, else its message, else the HTTP status.
pub(crate) fn error_class(message: &str, code: Option<&str>, status: StatusCode) -> ErrorClass {
    let look_up = |text: &str| {
        let text = text.to_ascii_lowercase();
        TABLE
            .iter()
            .find(|(_, phrases)| phrases.iter().any(|phrase| text.contains(phrase)))
            .map(|(meaning, _)| *meaning)
    };
    code.and_then(look_up).or_else(|| look_up(message)).unwrap_or_else(|| classify_status(status))
}

/// Whether the server ran out of time, so that a smaller request may succeed.
pub(crate) fn is_time_limit(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    !message.contains("lock wait") && TIME_LIMITS.iter().any(|phrase| message.contains(phrase))
}

fn classify_status(status: StatusCode) -> ErrorClass {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorClass::Denied,
        StatusCode::NOT_FOUND | StatusCode::GONE => ErrorClass::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorClass::TooLarge,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            ErrorClass::Failed
        }
        _ if status.is_server_error() => ErrorClass::Failed,
        _ => ErrorClass::Refused,
    }
}

impl ErrorClass {
    /// Whether a retry may succeed.
    pub(crate) fn is_transient(self) -> bool {
        matches!(self, Self::Failed | Self::TooLarge)
    }

    /// The error for the caller. `what` names the requested object, `message` is the server's text.
    pub(crate) fn into_error(self, what: impl FnOnce() -> String, message: String) -> AnswerError {
        match self {
            Self::Denied => AnswerError::Denied { message },
            Self::NotFound => AnswerError::NotFound { what: what() },
            Self::TooLarge => AnswerError::TooLarge { message },
            Self::Refused => AnswerError::Refused { message },
            Self::Failed => AnswerError::Failed { message },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_classified_as_in_the_table() {
        use ErrorClass::{Denied, Failed, NotFound, Refused, TooLarge};
        for (expected, message) in [
            (Failed, "context deadline exceeded"),
            (Failed, "Error 1213: Deadlock found when trying to get lock; try restarting transaction"),
            (Failed, "Error 1205: Lock wait timeout exceeded; try restarting transaction"),
            (Failed, "driver: bad connection"),
            (Failed, "An internal error occurred. Please contact support."),
            (Failed, "Rate limit exceeded: too many requests"),
            (Failed, "rpc error: code = Unavailable desc = connection refused"),
            (TooLarge, "rpc error: code = ResourceExhausted desc = grpc: received message larger than max"),
            (TooLarge, "requested page is too large"),
            (TooLarge, "too many samples"),
            (TooLarge, "query has complexity 1200, which exceeds the limit of 1000"),
            (Denied, "permission denied"),
            (Denied, "PERMISSION_ERROR: user is not a member of the team"),
            (Denied, "user is not logged in"),
            (NotFound, "project not found"),
            (NotFound, "Could not find run <a/b/c>"),
            (Refused, "invalid filter: unknown operator $foo"),
            (Refused, "64 limit exceeded for JobType"),
            (Refused, r#"Unknown type "Int64"."#),
        ] {
            assert_eq!(error_class(message, None, StatusCode::OK), expected, "{message}");
        }
    }

    #[test]
    fn only_time_limits_are_recognized() {
        for message in ["context deadline exceeded", "i/o timeout", "the query Timed Out"] {
            assert!(is_time_limit(message), "{message}");
        }
        for message in ["Error 1205: Lock wait timeout exceeded", "internal error", "rate limit exceeded"] {
            assert!(!is_time_limit(message), "{message}");
        }
    }

    #[test]
    fn code_precedes_message_and_status_is_last() {
        assert_eq!(error_class("nope", Some("UNAUTHENTICATED"), StatusCode::OK), ErrorClass::Denied);
        assert_eq!(
            error_class("not found", Some("INTERNAL_SERVER_ERROR"), StatusCode::OK),
            ErrorClass::Failed
        );
        assert_eq!(error_class("not found", Some("BAD_USER_INPUT"), StatusCode::OK), ErrorClass::NotFound);
        for (status, expected) in [
            (200, ErrorClass::Refused),
            (400, ErrorClass::Refused),
            (403, ErrorClass::Denied),
            (404, ErrorClass::NotFound),
            (408, ErrorClass::Failed),
            (413, ErrorClass::TooLarge),
            (500, ErrorClass::Failed),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(error_class("?", None, status), expected, "{status}");
        }
    }
}
