use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use serde::{Deserialize, Serialize};

use super::redact;
use crate::transport::{Body, Moment, Request, Response, Transport, TransportError};

/// Recorded exchanges without secrets: no credentials, no cookies, no URL signatures.
///
/// Plain data: store it as JSON with [`to_json`](Self::to_json) and [`from_json`](Self::from_json).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Recording {
    /// The exchanges, in the order of the requests.
    pub exchanges: Vec<Exchange>,
}

/// A request and its response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Exchange {
    /// The request's method.
    pub method: String,
    /// The request's URL, with its query values redacted.
    pub url: String,
    /// The request's body.
    pub request: String,
    /// The response's status.
    pub status: u16,
    /// The response's headers.
    pub headers: Vec<(String, String)>,
    /// The response's body.
    pub body: RecordedBody,
}

/// A recorded body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecordedBody {
    /// UTF-8 text, with the query values of its URLs redacted.
    Text(String),
    /// Any other body, in base64.
    Base64(String),
}

impl Recording {
    /// Serializes the recording as JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// Parses the output of [`to_json`](Self::to_json).
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

impl RecordedBody {
    fn new(bytes: &Bytes) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(redact::body(text)),
            Err(_) => Self::Base64(STANDARD.encode(bytes)),
        }
    }

    /// Returns the body, or nothing if its base64 is invalid.
    pub fn bytes(&self) -> Bytes {
        match self {
            Self::Text(text) => text.clone().into(),
            Self::Base64(text) => STANDARD.decode(text).unwrap_or_default().into(),
        }
    }
}

/// Forwards requests to a transport and records the exchanges.
///
/// It reads each response into memory before returning it, so it is for tests, not for large files.
///
/// ```
/// use std::sync::Arc;
/// use wandb_core::blocking::block_on;
/// use wandb_core::mock::{Recorder, Replayer, Script};
/// use wandb_core::transport::Transport;
///
/// let get = || http::Request::get("https://wandb.test/hello").body(bytes::Bytes::new());
/// let recorder = Recorder::new(Arc::new(Script::new().on("/hello", "{}")));
/// block_on(recorder.send(get()?))?;
///
/// let replayer = Replayer::new(recorder.recording());
/// assert_eq!(block_on(replayer.send(get()?))?.status(), 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Recorder {
    transport: Arc<dyn Transport>,
    exchanges: Mutex<Vec<Exchange>>,
}

impl Recorder {
    /// Records the exchanges of `transport`.
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self { transport, exchanges: Mutex::default() }
    }

    /// Returns the exchanges recorded so far.
    pub fn recording(&self) -> Recording {
        Recording { exchanges: self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).clone() }
    }
}

#[async_trait]
impl Transport for Recorder {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let (method, url) = (request.method().to_string(), redact::url(&request.uri().to_string()));
        let sent = redact::body(&String::from_utf8_lossy(request.body()));
        let (head, body) = self.transport.send(request).await?.into_parts();
        let bytes = body.bytes(u64::MAX).await?;
        let mut kept = head.headers.clone();
        // These describe the body on the wire, which differs from the recorded one.
        for name in [CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING] {
            kept.remove(name);
        }
        let exchange = Exchange {
            method,
            url,
            request: sent,
            status: head.status.as_u16(),
            headers: redact::headers(&kept),
            body: RecordedBody::new(&bytes),
        };
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
        Ok(http::Response::from_parts(head, Body::from(bytes)))
    }

    async fn sleep(&self, duration: Duration) {
        self.transport.sleep(duration).await;
    }

    fn now(&self) -> Moment {
        self.transport.now()
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}
