use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::recording::{Exchange, Recording};
use super::redact;
use crate::transport::{Body, Moment, Request, Response, Transport, TransportError, TransportErrorKind};

/// Answers requests from a [`Recording`].
///
/// A request gets the first unused exchange with the same method, URL and body, so requests may arrive in another
/// order than recorded. A request that was not recorded is an error. Sleeping takes no time.
pub struct Replayer {
    state: Mutex<State>,
}

struct State {
    left: Vec<Exchange>,
    now: Moment,
}

impl Replayer {
    /// Answers from `recording`, using each exchange once.
    pub fn new(recording: Recording) -> Self {
        Self { state: Mutex::new(State { left: recording.exchanges, now: Moment::ORIGIN }) }
    }

    /// The number of unused exchanges.
    pub fn left(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).left.len()
    }

    fn take(&self, request: &Request) -> Option<Exchange> {
        let url = redact::url(&request.uri().to_string());
        let body = redact::body(&String::from_utf8_lossy(request.body()));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |exchange: &Exchange| {
            exchange.method == request.method().as_str() && exchange.url == url && exchange.request == body
        };
        let index = state.left.iter().position(same)?;
        Some(state.left.remove(index))
    }
}

#[async_trait]
impl Transport for Replayer {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let invalid = |message: String| TransportError::new(TransportErrorKind::InvalidRequest, message);
        let Some(exchange) = self.take(&request) else {
            let url = redact::url(&request.uri().to_string());
            return Err(invalid(format!(
                "{} {url} was not recorded, or was already replayed",
                request.method()
            )));
        };
        let mut response = http::Response::builder().status(exchange.status);
        for (name, value) in &exchange.headers {
            response = response.header(name, value);
        }
        response.body(Body::from(exchange.body.bytes())).map_err(|error| invalid(error.to_string()))
    }

    async fn sleep(&self, duration: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.now = state.now + duration;
    }

    fn now(&self) -> Moment {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).now
    }
}

impl fmt::Debug for Replayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replayer").field("left", &self.left()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::*;
    use crate::blocking::block_on;
    use crate::mock::{Recorder, Script};

    fn request(url: &str, body: &'static [u8]) -> Request {
        http::Request::post(url)
            .header("authorization", "Basic s3cret")
            .body(Bytes::from_static(body))
            .expect("a request")
    }

    fn body(transport: &dyn Transport, request: Request) -> Bytes {
        block_on(async { transport.send(request).await?.into_body().bytes(1000).await }).expect("an answer")
    }

    #[test]
    fn recording_replays_in_any_order_without_secrets() {
        let script = Script::new()
            .on("/text", r#"{"url":"https://store/f?sig=s3cret"}"#)
            .on("/binary", Bytes::from_static(&[0, 159, 146, 150]));
        let recorder = Recorder::new(Arc::new(script));
        body(&recorder, request("https://h/text?token=s3cret", b"a"));
        body(&recorder, request("https://h/binary", b"b"));

        let json = recorder.recording().to_json().expect("JSON");
        assert!(!json.contains("s3cret"), "{json}");
        let replayer = Replayer::new(Recording::from_json(&json).expect("JSON"));
        assert_eq!(&body(&replayer, request("https://h/binary", b"b"))[..], [0, 159, 146, 150]);
        let text = body(&replayer, request("https://h/text?token=other", b"a"));
        assert_eq!(text, r#"{"url":"https://store/f?sig=REDACTED"}"#);
        assert_eq!(replayer.left(), 0);
        let again = block_on(replayer.send(request("https://h/binary", b"b"))).expect_err("already replayed");
        assert!(!again.is_retryable());
    }
}
