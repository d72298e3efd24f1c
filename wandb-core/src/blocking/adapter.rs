use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use blocking::{Unblock, unblock};

use super::Transport;
use crate::transport::{self, Body, Moment, Request, Response, TransportError};

/// Chunks of a body read ahead of the consumer. Bounds the memory that a slow consumer holds.
const CHUNKS_READ_AHEAD: usize = 4;

/// Adapts a blocking transport to the async trait.
///
/// Each request runs on a thread of a pool, which grows with the requests in flight and releases idle threads. The
/// client limits the number in flight.
///
/// ```
/// use bytes::Bytes;
/// use wandb_core::blocking::{self, BlockingAdapter, block_on};
/// use wandb_core::transport::{Request, Transport as _, TransportError};
///
/// struct Echo;
///
/// impl blocking::Transport for Echo {
///     fn send(&self, request: Request) -> Result<blocking::Response, TransportError> {
///         let body: blocking::Body = Box::new(std::iter::once(Ok(request.into_body())));
///         Ok(http::Response::new(body))
///     }
/// }
///
/// let lifted = BlockingAdapter::new(Echo);
/// let answer = block_on(async {
///     let response = lifted.send(http::Request::new(Bytes::from("hello"))).await?;
///     response.into_body().bytes(100).await
/// })?;
/// assert_eq!(&answer[..], b"hello");
/// # Ok::<(), TransportError>(())
/// ```
#[derive(Debug)]
pub struct BlockingAdapter<T> {
    transport: Arc<T>,
    origin: Instant,
}

impl<T: Transport + 'static> BlockingAdapter<T> {
    /// Adapts `transport`.
    #[expect(clippy::disallowed_methods, reason = "the edge between real and virtual time")]
    pub fn new(transport: T) -> Self {
        Self { transport: Arc::new(transport), origin: Instant::now() }
    }
}

#[async_trait]
impl<T: Transport + 'static> transport::Transport for BlockingAdapter<T> {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let transport = Arc::clone(&self.transport);
        let response = unblock(move || transport.send(request)).await?;
        Ok(response.map(|chunks| Body::from_stream(Unblock::with_capacity(CHUNKS_READ_AHEAD, chunks))))
    }

    async fn sleep(&self, duration: Duration) {
        futures_timer::Delay::new(duration).await;
    }

    fn now(&self) -> Moment {
        Moment::new(self.origin.elapsed())
    }
}
