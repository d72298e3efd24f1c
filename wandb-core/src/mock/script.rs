use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::redact;
use crate::blocking;
use crate::transport::{self, Body, Moment, Request, Response, TransportError, TransportErrorKind};

/// Scripted answers to the requests that a test expects, for both kinds of transport.
///
/// A request takes the first unused answer with its name: the GraphQL operation's `operationName`, or any part of the
/// URL. A request without an answer gets an error and makes [`finish`](Self::finish) fail the test, as do unused
/// answers. Sleeping takes no time. Clones share the script.
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    answers: Vec<Answer>,
    requests: Vec<Request>,
    unexpected: Vec<String>,
    now: Moment,
}

struct Answer {
    name: String,
    outcome: Result<http::Response<Bytes>, TransportErrorKind>,
}

impl Script {
    /// Creates a script without answers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the next request called `name` with status 200 and `body`, as JSON.
    #[must_use]
    pub fn on(self, name: &str, body: impl Into<Bytes>) -> Self {
        self.on_status(name, StatusCode::OK, body)
    }

    /// Answers the next request called `name` with `status` and `body`, as JSON.
    #[must_use]
    pub fn on_status(self, name: &str, status: StatusCode, body: impl Into<Bytes>) -> Self {
        let mut response = http::Response::new(body.into());
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        self.on_response(name, response)
    }

    /// Answers the next request called `name` with `response`.
    #[must_use]
    pub fn on_response(self, name: &str, response: http::Response<Bytes>) -> Self {
        self.push(name, Ok(response))
    }

    /// Fails the next request called `name` with a transport error.
    #[must_use]
    pub fn on_failure(self, name: &str, kind: TransportErrorKind) -> Self {
        self.push(name, Err(kind))
    }

    /// The requests so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    /// Checks that every answer was used and no other request was made.
    ///
    /// # Panics
    /// Panics otherwise, and lists the unexpected requests and unused answers.
    #[track_caller]
    pub fn finish(&self) {
        let (unexpected, left) = {
            let state = self.lock();
            let left: Vec<_> = state.answers.iter().map(|answer| answer.name.clone()).collect();
            (state.unexpected.clone(), left)
        };
        assert!(
            !(!unexpected.is_empty() || !left.is_empty()),
            "unexpected requests: {unexpected:?}; unused answers: {left:?}"
        );
    }

    fn push(self, name: &str, outcome: Result<http::Response<Bytes>, TransportErrorKind>) -> Self {
        self.lock().answers.push(Answer { name: name.to_owned(), outcome });
        self
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: Request) -> Result<http::Response<Bytes>, TransportError> {
        let mut state = self.lock();
        let operation = redact::operation_name(&request);
        let url = request.uri().to_string();
        let asked = |answer: &Answer| match &operation {
            Some(operation) => *operation == answer.name,
            None => url.contains(&answer.name),
        };
        let found = state.answers.iter().position(asked);
        let Some(index) = found else {
            let what = operation.unwrap_or(url);
            state.unexpected.push(what.clone());
            state.requests.push(request);
            let message = format!("the script has no answer left for {what}");
            return Err(TransportError::new(TransportErrorKind::InvalidRequest, message));
        };
        state.requests.push(request);
        state.answers.remove(index).outcome.map_err(|kind| TransportError::new(kind, "scripted failure"))
    }
}

#[async_trait]
impl transport::Transport for Script {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        Ok(self.answer(request)?.map(Body::from))
    }

    async fn sleep(&self, duration: Duration) {
        let mut state = self.lock();
        state.now = state.now + duration;
    }

    fn now(&self) -> Moment {
        self.lock().now
    }
}

impl blocking::Transport for Script {
    fn send(&self, request: Request) -> Result<blocking::Response, TransportError> {
        Ok(self.answer(request)?.map(|body| Box::new(std::iter::once(Ok(body))) as blocking::Body))
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Script")
            .field("answers_left", &state.answers.len())
            .field("requests", &state.requests.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocking::block_on;
    use crate::transport::Transport as _;

    fn request(url: &str, body: &'static str) -> Request {
        http::Request::post(url).body(Bytes::from_static(body.as_bytes())).expect("a request")
    }

    #[test]
    fn answers_match_by_name_in_order() {
        let script = Script::new().on("Run", "1").on("Viewer", "2").on("Run", "3").on("/files/", "4");
        let ask = |url: &str, body| {
            let response = block_on(script.send(request(url, body))).expect("in the script");
            block_on(response.into_body().bytes(10)).expect("a body")
        };
        assert_eq!(ask("https://h/graphql", r#"{"operationName":"Viewer"}"#), "2");
        assert_eq!(ask("https://h/graphql", r#"{"operationName":"Run"}"#), "1");
        assert_eq!(ask("https://h/graphql", r#"{"operationName":"Run"}"#), "3");
        assert_eq!(ask("https://h/files/a.txt", ""), "4");
        assert_eq!(script.requests().len(), 4);
        script.finish();
    }

    #[test]
    #[should_panic(expected = "unexpected requests: [\"https://h/other\"]; unused answers: [\"Run\"]")]
    fn unexpected_request_fails_the_test() {
        let script = Script::new().on("Run", "1");
        let error = block_on(script.send(request("https://h/other", ""))).expect_err("not in the script");
        assert!(!error.is_retryable());
        script.finish();
    }
}
