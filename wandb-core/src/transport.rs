//! The interface between the client and HTTP libraries.
//!
//! A [`Transport`] sends a request, sleeps, and reads the clock. It knows nothing about Weights & Biases, and the
//! client knows nothing about sockets. Requests and responses are types of the [`http`] crate, so any HTTP library
//! can implement it.
//!
//! A transport returns every response, whatever its status. It never follows a redirect, never retries and never adds
//! credentials. Only a request without a response is a [`TransportError`].

mod body;
mod content_range;
mod error;
mod moment;
mod no_server;
mod settings;
pub mod wire;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

pub use body::Body;
pub(crate) use content_range::ContentRange;
pub use error::{Phase, TransportError, TransportErrorKind};
pub use moment::Moment;
pub use no_server::NoServer;
pub use settings::{Proxies, ProxyRules, ProxyUrl, Settings, SettingsError};

/// A request with its whole body in memory.
pub type Request = http::Request<Bytes>;

/// A response whose body arrives in chunks.
pub type Response = http::Response<Body>;

/// Sends requests, sleeps, and reads the clock.
///
/// The methods may be called from any executor and from many tasks at once. Dropping the future of [`send`] cancels
/// the request; dropping a [`Body`] abandons the rest of the response.
///
/// [`send`]: Transport::send
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request` and returns status and headers; the body is still unread.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;

    /// Sleeps for `duration`.
    async fn sleep(&self, duration: Duration);

    /// The current time, real or virtual, on a clock that need not be the wall clock.
    fn now(&self) -> Moment;
}
