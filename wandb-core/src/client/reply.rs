//! Classifies a response, as a pure function of status, headers and body that is the same for every operation.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use url::Url;

use super::quota::asked_wait;
use super::retry::RetryChance;
use crate::error::{Error, RequestLabel, printable_url};
use crate::operation::AnswerError;
use crate::transport::{TransportError, TransportErrorKind};

/// The reason why a request has no answer yet.
#[derive(Debug)]
pub(super) enum Failure {
    Transport {
        url: String,
        error: TransportError,
    },
    Status {
        status: StatusCode,
        message: String,
        asked: Option<Duration>,
    },
    /// The server asked for a wait with this much left, so no request was sent.
    Closed {
        left: Duration,
    },
    Unauthorized,
    NotWandb {
        url: String,
        status: StatusCode,
        excerpt: String,
    },
    Redirected {
        to: String,
    },
    Answer(AnswerError),
}

/// The maximum length of an excerpt of a body in a message, in characters.
const MESSAGE_LENGTH: usize = 200;

/// Returns the responses that the operation itself must parse.
pub(super) fn classify(url: &Url, response: Response<Bytes>) -> Result<Response<Bytes>, Failure> {
    let status = response.status();
    let html = is_html(&response);
    if status == StatusCode::UNAUTHORIZED {
        return Err(Failure::Unauthorized);
    }
    let failing = status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        );
    if failing || (!html && !is_json(response.body()) && !status.is_success()) {
        let asked = asked_wait(status, response.headers());
        return Err(Failure::Status { status, message: message(&response, html), asked });
    }
    if html {
        let excerpt = excerpt(response.body());
        return Err(Failure::NotWandb { url: printable_url(url), status, excerpt });
    }
    Ok(response)
}

impl Failure {
    /// The chance that a retry succeeds. Decided only here and in the error types.
    pub(super) fn retry_chance(&self) -> RetryChance {
        match self {
            Self::Transport { error, .. } => match (error.is_retryable(), error.kind()) {
                (false, _) => RetryChance::None,
                (true, TransportErrorKind::Connect) => RetryChance::Doubtful,
                (true, TransportErrorKind::Protocol) => RetryChance::Once,
                (true, _) => RetryChance::Good,
            },
            Self::Status { status, .. } => match *status {
                StatusCode::NOT_IMPLEMENTED => RetryChance::None,
                StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                    RetryChance::Good
                }
                status if status.is_server_error() => RetryChance::Good,
                _ => RetryChance::None,
            },
            Self::NotWandb { .. } => RetryChance::Doubtful,
            Self::Answer(AnswerError::Malformed { .. }) => RetryChance::Once,
            Self::Answer(error) if error.is_retryable() => RetryChance::Good,
            Self::Answer(_) | Self::Closed { .. } | Self::Unauthorized | Self::Redirected { .. } => {
                RetryChance::None
            }
        }
    }

    /// Returns true if the server certainly did nothing: it was not reached, or rejected the request.
    pub(super) fn had_no_effect(&self) -> bool {
        match self {
            Self::Transport { error, .. } => error.is_before_sending(),
            Self::Status { status, .. } => crate::error::is_refusal(*status),
            Self::NotWandb { .. } => false,
            Self::Closed { .. } | Self::Unauthorized | Self::Redirected { .. } => true,
            Self::Answer(error) => error.is_refusal(),
        }
    }

    /// The wait that the server asked for.
    pub(super) fn asked(&self) -> Option<Duration> {
        match self {
            Self::Status { asked, .. } => *asked,
            _ => None,
        }
    }

    /// Returns true if a smaller request may help, after `attempts` consecutive failures.
    ///
    /// An overloaded server often just fails, but so does one that restarts. Therefore only the second failure
    /// counts. A timeout or an explicit rejection counts at once.
    pub(super) fn suggests_smaller_request(&self, attempts: u32) -> bool {
        match self {
            Self::Transport { error, .. } => {
                matches!(error.kind(), TransportErrorKind::Timeout(_) | TransportErrorKind::TooLarge { .. })
            }
            Self::Status { status, .. } => match *status {
                StatusCode::PAYLOAD_TOO_LARGE | StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => {
                    true
                }
                StatusCode::INTERNAL_SERVER_ERROR | StatusCode::BAD_GATEWAY => attempts > 1,
                _ => false,
            },
            Self::Answer(AnswerError::TooLarge { .. }) => true,
            Self::Answer(AnswerError::Failed { .. }) => attempts > 1,
            Self::Answer(_)
            | Self::Closed { .. }
            | Self::Unauthorized
            | Self::NotWandb { .. }
            | Self::Redirected { .. } => false,
        }
    }

    /// Returns true if the server, or the client's limit, explicitly rejects the size.
    pub(super) fn demands_smaller_request(&self) -> bool {
        match self {
            Self::Transport { error, .. } => matches!(error.kind(), TransportErrorKind::TooLarge { .. }),
            Self::Status { status, .. } => *status == StatusCode::PAYLOAD_TOO_LARGE,
            Self::Answer(error) => matches!(error, AnswerError::TooLarge { .. }),
            Self::Closed { .. } | Self::Unauthorized | Self::NotWandb { .. } | Self::Redirected { .. } => {
                false
            }
        }
    }

    /// A short description of the failure.
    pub(super) fn brief(&self) -> String {
        match self {
            Self::Transport { error, .. } => error.to_string(),
            Self::Status { status, .. } => format!("the server answered {status}"),
            Self::Closed { .. } => "the server asks for a longer wait".to_owned(),
            Self::Unauthorized => "the server does not accept the API key".to_owned(),
            Self::NotWandb { .. } => "the response is not from a W&B server".to_owned(),
            Self::Redirected { to } => format!("the server redirects to {to}"),
            Self::Answer(error) => error.to_string(),
        }
    }

    /// Returns true if the answer was aborted at a limit of `bytes`.
    pub(super) fn is_longer_than(&self, bytes: u64) -> bool {
        matches!(self, Self::Transport { error, .. } if error.kind() == (TransportErrorKind::TooLarge { limit: bytes }))
    }

    /// Applies `change` to the texts sent by the server.
    pub(super) fn with_texts(self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Status { status, message, asked } => {
                Self::Status { status, message: change(&message), asked }
            }
            Self::NotWandb { url, status, excerpt } => {
                Self::NotWandb { url: change(&url), status, excerpt: change(&excerpt) }
            }
            Self::Redirected { to } => Self::Redirected { to: change(&to) },
            Self::Answer(error) => Self::Answer(error.with_texts(change)),
            Self::Transport { url, error } => Self::Transport { url: change(&url), error },
            Self::Unauthorized => Self::Unauthorized,
            Self::Closed { left } => Self::Closed { left },
        }
    }

    pub(super) fn into_error(
        self,
        request: RequestLabel,
        attempts: u32,
        server: &str,
        key_given: bool,
        max_wait: Duration,
    ) -> Error {
        match self {
            Self::Status { asked: Some(wait), .. } if wait > max_wait => {
                Error::Deferred { request, wait, max_wait }
            }
            Self::Closed { left: wait } => Error::Deferred { request, wait, max_wait },
            Self::Transport { url, error } => match error.kind() {
                TransportErrorKind::OutOfTime { allowed } => Error::OutOfTime { request, allowed },
                _ => Error::Transport { request, url, attempts, source: error },
            },
            Self::Status { status, message, .. } => Error::Status { request, status, message, attempts },
            Self::Unauthorized => Error::Unauthorized { request, server: server.to_owned(), key_given },
            Self::NotWandb { url, status, excerpt } => Error::NotWandb { request, url, status, excerpt },
            Self::Redirected { to } => Error::Redirected { request, to },
            Self::Answer(source) => Error::Answer { request, attempts, source },
        }
    }
}

fn is_html(response: &Response<Bytes>) -> bool {
    let declared = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let declared = declared.is_some_and(|text| text.trim_start().starts_with("text/html"));
    declared || response.body().trim_ascii_start().starts_with(b"<")
}

fn is_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
}

fn message(response: &Response<Bytes>, html: bool) -> String {
    if response.body().is_empty() {
        "the response was empty".to_owned()
    } else if html {
        "the response was a web page".to_owned()
    } else {
        excerpt(response.body())
    }
}

fn excerpt(body: &[u8]) -> String {
    let start = String::from_utf8_lossy(&body[..body.len().min(MESSAGE_LENGTH * 4)]).into_owned();
    let words = start.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(MESSAGE_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classified(status: u16, content_type: &str, body: &str) -> Result<(), Failure> {
        let response = Response::builder()
            .status(status)
            .header(CONTENT_TYPE, content_type)
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .expect("a response");
        classify(&Url::parse("https://host/graphql?secret=1").expect("a URL"), response).map(drop)
    }

    #[test]
    fn json_is_passed_on_even_with_a_bad_status() {
        assert!(classified(200, "application/json", "{}").is_ok());
        assert!(classified(400, "application/json", r#"{"errors":[]}"#).is_ok());
        assert!(classified(200, "", "").is_ok(), "the operation reports an empty body");
    }

    #[test]
    fn web_page_is_not_wandb_unless_status_is_5xx() {
        for (status, body) in [(200, "<html>"), (404, "  <!doctype html>")] {
            let failure = classified(status, "text/html; charset=utf-8", body).expect_err("HTML");
            assert!(
                matches!(&failure, Failure::NotWandb { url, .. } if url == "https://host/graphql"),
                "{failure:?}"
            );
        }
        let failure = classified(502, "text/html", "<html>").expect_err("HTML");
        assert!(matches!(failure, Failure::Status { status: StatusCode::BAD_GATEWAY, .. }));
    }

    #[test]
    fn only_temporary_statuses_are_retried() {
        for status in [408, 425, 429, 500, 502, 503, 504, 524] {
            assert_eq!(
                classified(status, "", "busy").expect_err("a failure").retry_chance(),
                RetryChance::Good,
                "{status}"
            );
        }
        for status in [400, 401, 403, 404, 409, 410, 413, 422, 501] {
            assert_eq!(
                classified(status, "", "no").expect_err("a failure").retry_chance(),
                RetryChance::None,
                "{status}"
            );
        }
    }

    #[test]
    fn overload_and_timeouts_suggest_smaller_requests() {
        for (status, first, second) in [
            (413, true, true),
            (504, true, true),
            (500, false, true),
            (502, false, true),
            (429, false, false),
        ] {
            let failure = classified(status, "", "no").expect_err("a failure");
            assert_eq!(
                (failure.suggests_smaller_request(1), failure.suggests_smaller_request(2)),
                (first, second),
                "{status}"
            );
        }
    }

    #[test]
    fn only_rejected_requests_had_no_effect() {
        for (status, none) in
            [(400, true), (403, true), (408, false), (429, true), (500, false), (503, false)]
        {
            let failure = classified(status, "", "no").expect_err("a failure");
            assert_eq!(failure.had_no_effect(), none, "{status}");
            let error = failure.into_error(RequestLabel::new("Write", ""), 1, "", true, Duration::MAX);
            assert_eq!(error.may_have_taken_effect(), !none, "{status}");
        }
        let login = classified(200, "text/html", "<html>").expect_err("HTML");
        assert!(!login.had_no_effect());
    }

    #[test]
    fn messages_are_short_and_on_one_line() {
        let Failure::Status { message, .. } =
            classified(500, "", &"many\n\tlines ".repeat(1000)).expect_err("a failure")
        else {
            panic!("not a status")
        };
        assert!(message.starts_with("many lines many") && message.len() <= MESSAGE_LENGTH, "{message}");
    }
}
