//! How bytes reach a server and come back.
//!
//! A [`Transport`] sends one request, waits, and tells the time. It knows nothing of Weights & Biases; the client
//! knows nothing of sockets. The currency is the [`http`] crate's types, so any HTTP library can carry them.
//!
//! A transport returns every answer it gets, whatever its status: it never follows a redirect, never retries and
//! never adds credentials. Only what did not become a response is a [`TransportError`].

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

/// A request whole in memory.
pub type Request = http::Request<Bytes>;

/// An answer whose body arrives in chunks.
pub type Response = http::Response<Body>;

/// Carries requests, waits, and tells the time.
///
/// The methods may be called from any executor and from many tasks at once. Dropping the future of [`send`] gives
/// the request up; dropping a [`Body`] gives the rest of the answer up.
///
/// [`send`]: Transport::send
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request` and returns the answer's status and headers, with the body still to be read.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;

    /// Returns after `duration`.
    async fn sleep(&self, duration: Duration);

    /// The time now, real or virtual, on a clock that need not be the wall's.
    fn now(&self) -> Moment;
}
