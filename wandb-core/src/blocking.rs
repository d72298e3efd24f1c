//! The same client for programs without an async runtime.
//!
//! A [`blocking::Transport`](Transport) is a plain function from request to response. [`BlockingAdapter`] adapts it to the
//! async [`transport::Transport`](crate::transport::Transport) that the client uses, by running each request on a
//! thread. [`block_on`] drives the client from synchronous code, so nothing is implemented twice.

mod adapter;

use bytes::Bytes;

pub use adapter::BlockingAdapter;

use crate::transport::{Request, TransportError};

/// A response whose body is an iterator.
pub type Response = http::Response<Body>;

/// Chunks of a body, already decompressed. Reading one blocks; dropping the iterator abandons the rest.
pub type Body = Box<dyn Iterator<Item = Result<Bytes, TransportError>> + Send>;

/// Sends one request at a time per calling thread.
///
/// The contract is that of [`transport::Transport`](crate::transport::Transport): return every response whatever its
/// status, follow no redirects, retry nothing.
pub trait Transport: Send + Sync {
    /// Sends `request` and returns status and headers; the body is still unread.
    fn send(&self, request: Request) -> Result<Response, TransportError>;
}

/// Runs `future` to completion on this thread.
///
/// Needs no runtime. It may be called inside one, but then blocks that thread.
///
/// ```
/// assert_eq!(wandb_core::blocking::block_on(async { 6 * 7 }), 42);
/// ```
pub fn block_on<F: Future>(future: F) -> F::Output {
    pollster::block_on(future)
}
