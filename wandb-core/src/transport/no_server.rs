use std::time::Duration;

use async_trait::async_trait;

use super::{Moment, Request, Response, Transport, TransportError, TransportErrorKind};

/// A transport without a server, for a client whose user reads from other sources. Every request fails at once and is
/// not retried.
///
/// ```
/// use std::sync::Arc;
/// use wandb_core::client::Client;
/// use wandb_core::transport::NoServer;
///
/// let client = Client::builder(Arc::new(NoServer), Default::default()).build();
/// assert_eq!(client.stats().requests, 0);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct NoServer;

#[async_trait]
impl Transport for NoServer {
    async fn send(&self, _: Request) -> Result<Response, TransportError> {
        Err(TransportError::new(
            TransportErrorKind::Closed,
            "no server is configured, only local data is available",
        ))
    }

    /// Returns at once.
    async fn sleep(&self, _: Duration) {}

    fn now(&self) -> Moment {
        Moment::ORIGIN
    }
}
