//! The same client for programs without an async runtime.
//!
//! A [`blocking::Transport`](Transport) is a plain function from request to response. [`Lifted`] turns it into the
//! async [`transport::Transport`](crate::transport::Transport) that the client speaks, by running each request on a
//! thread, and [`block_on`] drives the client from ordinary code. So everything is written once.

mod lifted;

use bytes::Bytes;

pub use lifted::Lifted;

use crate::transport::{Request, TransportError};

/// An answer whose body is read by iterating.
pub type Response = http::Response<Body>;

/// The chunks of a body, already decompressed; reading one blocks. Dropping it gives the rest up.
pub type Body = Box<dyn Iterator<Item = Result<Bytes, TransportError>> + Send>;

/// Carries one request at a time per calling thread.
///
/// The rules of [`transport::Transport`](crate::transport::Transport) hold: every answer is returned whatever its
/// status, no redirect is followed, nothing is retried.
pub trait Transport: Send + Sync {
    /// Sends `request` and returns the answer's status and headers, with the body still to be read.
    fn send(&self, request: Request) -> Result<Response, TransportError>;
}

/// Runs `future` to its end on this thread.
///
/// It needs no runtime, and may be called inside one (it then holds that thread).
///
/// ```
/// assert_eq!(wandb_core::blocking::block_on(async { 6 * 7 }), 42);
/// ```
pub fn block_on<F: Future>(future: F) -> F::Output {
    pollster::block_on(future)
}
