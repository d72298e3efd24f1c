use std::time::Duration;

use async_trait::async_trait;

use super::{Moment, Request, Response, Transport, TransportError, TransportErrorKind};

/// Carries nothing: for a client that is there only because its user may also read from elsewhere than a server. Every
/// request fails at once and is not tried again.
///
/// ```
/// use std::sync::Arc;
/// use wandb_core::client::Client;
/// use wandb_core::transport::NoServer;
///
/// let client = Client::builder(Arc::new(NoServer), Default::default()).build();
/// assert_eq!(client.tally().requests, 0);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct NoServer;

#[async_trait]
impl Transport for NoServer {
    async fn send(&self, _: Request) -> Result<Response, TransportError> {
        Err(TransportError::new(
            TransportErrorKind::Closed,
            "there is no server to ask, only what is on disk",
        ))
    }

    /// Returns at once, as there is nothing to wait for.
    async fn sleep(&self, _: Duration) {}

    fn now(&self) -> Moment {
        Moment::ORIGIN
    }
}
