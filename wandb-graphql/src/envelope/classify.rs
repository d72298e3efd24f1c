//! What a GraphQL error means for the caller.
//!
//! W&B documents no error codes. The table below is read off messages that its servers are known to send (reported in
//! the issues of wandb/wandb and handled in the SDK) and off the usual `extensions.code` values; what it does not
//! know is told by the HTTP status.

use http::StatusCode;
use wandb_core::operation::AnswerError;

/// What an error means, the gravest first: of several errors in an answer, the first of these counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meaning {
    /// The key may not do this.
    Denied,
    /// What was asked about is not there.
    NotFound,
    /// Asking for less may help.
    TooMuch,
    /// The request will be refused whenever it is sent.
    Refused,
    /// Asking again may help.
    Failed,
}

/// What servers say when a request took them too long.
const TIME_LIMITS: [&str; 3] = ["deadline exceeded", "timeout", "timed out"];

/// | meaning | said in the message or the code |
/// |---|---|
/// | rate limited (transient) | `rate limit`, `too many requests`: before the next rows, which `too many` would match |
/// | transient | time limits (`context deadline exceeded`), database locks (`Error 1213: Deadlock found when trying to get lock; try restarting transaction`), lost connections (`driver: bad connection`), `An internal error occurred. Please contact support.`, overload |
/// | too much | sizes and counts beyond a limit |
/// | denied | permissions and sign-in |
/// | not found | `project not found`, `Could not find …`, `… does not exist` |
const TABLE: [(Meaning, &[&str]); 6] = [
    (Meaning::Failed, &["rate limit", "rate_limit", "ratelimit", "too many requests"]),
    (Meaning::Failed, &TIME_LIMITS),
    (
        Meaning::Failed,
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
        Meaning::TooMuch,
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
        Meaning::Denied,
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
    (Meaning::NotFound, &["not found", "not_found", "does not exist", "could not find", "couldn't find"]),
];

/// What an error means, given its message, its `extensions.code` and the status it came with.
pub(crate) fn meaning(message: &str, code: Option<&str>, status: StatusCode) -> Meaning {
    let said = |text: &str| {
        let text = text.to_ascii_lowercase();
        TABLE
            .iter()
            .find(|(_, phrases)| phrases.iter().any(|phrase| text.contains(phrase)))
            .map(|(meaning, _)| *meaning)
    };
    code.and_then(said).or_else(|| said(message)).unwrap_or_else(|| told_by(status))
}

/// Whether a failure may be due to how much was asked for: the server ran out of time.
pub(crate) fn asks_for_less(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    !message.contains("lock wait") && TIME_LIMITS.iter().any(|phrase| message.contains(phrase))
}

fn told_by(status: StatusCode) -> Meaning {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Meaning::Denied,
        StatusCode::NOT_FOUND | StatusCode::GONE => Meaning::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => Meaning::TooMuch,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Meaning::Failed
        }
        _ if status.is_server_error() => Meaning::Failed,
        _ => Meaning::Refused,
    }
}

impl Meaning {
    /// Whether the server may answer otherwise when it is asked again.
    pub(crate) fn may_pass(self) -> bool {
        matches!(self, Self::Failed | Self::TooMuch)
    }

    /// The error to hand on: `what` was asked about, `message` is what the server said.
    pub(crate) fn into_error(self, what: impl FnOnce() -> String, message: String) -> AnswerError {
        match self {
            Self::Denied => AnswerError::Denied { message },
            Self::NotFound => AnswerError::NotFound { what: what() },
            Self::TooMuch => AnswerError::TooMuch { message },
            Self::Refused => AnswerError::Refused { message },
            Self::Failed => AnswerError::Failed { message },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_mean_what_the_table_says() {
        use Meaning::{Denied, Failed, NotFound, Refused, TooMuch};
        for (expected, message) in [
            (Failed, "context deadline exceeded"),
            (Failed, "Error 1213: Deadlock found when trying to get lock; try restarting transaction"),
            (Failed, "Error 1205: Lock wait timeout exceeded; try restarting transaction"),
            (Failed, "driver: bad connection"),
            (Failed, "An internal error occurred. Please contact support."),
            (Failed, "Rate limit exceeded: too many requests"),
            (Failed, "rpc error: code = Unavailable desc = connection refused"),
            (TooMuch, "rpc error: code = ResourceExhausted desc = grpc: received message larger than max"),
            (TooMuch, "requested page is too large"),
            (TooMuch, "too many samples"),
            (TooMuch, "query has complexity 1200, which exceeds the limit of 1000"),
            (Denied, "permission denied"),
            (Denied, "PERMISSION_ERROR: user is not a member of the team"),
            (Denied, "user is not logged in"),
            (NotFound, "project not found"),
            (NotFound, "Could not find run <a/b/c>"),
            (Refused, "invalid filter: unknown operator $foo"),
            (Refused, "64 limit exceeded for JobType"),
            (Refused, r#"Unknown type "Int64"."#),
        ] {
            assert_eq!(meaning(message, None, StatusCode::OK), expected, "{message}");
        }
    }

    #[test]
    fn only_running_out_of_time_asks_for_less() {
        for message in ["context deadline exceeded", "i/o timeout", "the query Timed Out"] {
            assert!(asks_for_less(message), "{message}");
        }
        for message in ["Error 1205: Lock wait timeout exceeded", "internal error", "rate limit exceeded"] {
            assert!(!asks_for_less(message), "{message}");
        }
    }

    #[test]
    fn a_code_goes_before_the_message_and_the_status_comes_last() {
        assert_eq!(meaning("nope", Some("UNAUTHENTICATED"), StatusCode::OK), Meaning::Denied);
        assert_eq!(meaning("not found", Some("INTERNAL_SERVER_ERROR"), StatusCode::OK), Meaning::Failed);
        assert_eq!(meaning("not found", Some("BAD_USER_INPUT"), StatusCode::OK), Meaning::NotFound);
        for (status, expected) in [
            (200, Meaning::Refused),
            (400, Meaning::Refused),
            (403, Meaning::Denied),
            (404, Meaning::NotFound),
            (408, Meaning::Failed),
            (413, Meaning::TooMuch),
            (500, Meaning::Failed),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(meaning("?", None, status), expected, "{status}");
        }
    }
}
