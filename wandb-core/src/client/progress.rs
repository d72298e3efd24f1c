//! Minimum progress of a response body, and detection of its end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{Stream, StreamExt};
use http::header::{CONTENT_LENGTH, CONTENT_RANGE};
use http::{HeaderMap, StatusCode};

use super::waiting::Deadline;
use crate::transport::{
    Body, ContentRange, Moment, Phase, Response, Transport, TransportError, TransportErrorKind,
};

/// The minimum progress of answers and downloads. A slower one fails as a timeout.
///
/// Only the time spent waiting for the server counts, so a slow consumer causes no failure.
///
/// ```
/// use wandb_core::client::ProgressFloor;
///
/// let patient = ProgressFloor::default().with_bytes(1);
/// assert_eq!(patient.window, ProgressFloor::default().window);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProgressFloor {
    /// The minimum number of bytes of a body per [`window`](Self::window). 0 disables the check. Default 1 KiB: even
    /// a modem of 1990 carries eight times as much in 30 s.
    pub bytes: u64,
    /// The time in which these bytes must arrive. Default 30 s, the maximum pause of a body.
    pub window: Duration,
    /// A download connection that is interrupted before it has received this many bytes counts as a consecutive
    /// failure. Default 16 KiB, about what a server sends before the first byte is acknowledged.
    pub bytes_per_connection: u64,
}

impl Default for ProgressFloor {
    fn default() -> Self {
        Self { bytes: 1 << 10, window: Duration::from_secs(30), bytes_per_connection: 16 << 10 }
    }
}

impl ProgressFloor {
    /// Sets the minimum number of bytes of a body per window. 0 disables the check.
    #[must_use]
    pub fn with_bytes(self, bytes: u64) -> Self {
        Self { bytes, ..self }
    }

    /// Sets the time in which these bytes must arrive.
    #[must_use]
    pub fn with_window(self, window: Duration) -> Self {
        Self { window, ..self }
    }

    /// Sets the number of bytes that a download connection must receive before it counts as progress.
    #[must_use]
    pub fn with_bytes_per_connection(self, bytes_per_connection: u64) -> Self {
        Self { bytes_per_connection, ..self }
    }
}

/// A body that ends where its headers say, and fails below the progress floor or at the deadline.
struct GuardedBody {
    body: Body,
    clock: Arc<dyn Transport>,
    floor: ProgressFloor,
    end: Option<End>,
    pending_since: Option<Moment>,
    /// The time waited in this window. `arrived` counts the bytes that arrived in it.
    waited: Duration,
    arrived: u64,
    /// Ends a window in which no readable bytes arrive, such as during the header of a compressed body.
    window: Option<BoxFuture<'static, ()>>,
    deadline: Option<(Deadline, BoxFuture<'static, ()>)>,
    is_over: bool,
}

/// The end of a body.
#[derive(Debug, Clone, Copy)]
struct End {
    /// The number of bytes left.
    left: u64,
    /// Whether the transport detects this end itself.
    is_framed: bool,
}

impl End {
    /// Returns the end announced by a `Content-Length`, or by the `Content-Range` of a partial response.
    fn of(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        let text = |name| headers.get(name)?.to_str().ok();
        let length = text(&CONTENT_LENGTH).and_then(|length| length.trim().parse::<u64>().ok());
        let range = text(&CONTENT_RANGE).filter(|_| status == StatusCode::PARTIAL_CONTENT);
        let span = range.and_then(ContentRange::parse).map(ContentRange::span);
        let left = span.into_iter().chain(length).min()?;
        Some(Self { left, is_framed: length == Some(left) })
    }
}

/// Wraps the body of `response` in a [`GuardedBody`].
pub(super) fn guard_body(
    response: Response,
    clock: &Arc<dyn Transport>,
    floor: ProgressFloor,
    deadline: Option<Deadline>,
) -> Response {
    let end = End::of(response.status(), response.headers());
    response.map(|body| {
        if body.is_whole() && end.is_none() {
            return body;
        }
        let deadline = deadline.map(|deadline| {
            let (clock, left) = (Arc::clone(clock), deadline.left(clock.now()));
            (deadline, async move { clock.sleep(left).await }.boxed())
        });
        Body::from_stream(GuardedBody {
            body,
            clock: Arc::clone(clock),
            floor,
            end,
            pending_since: None,
            waited: Duration::ZERO,
            arrived: 0,
            window: None,
            deadline,
            is_over: false,
        })
    })
}

impl GuardedBody {
    /// Counts a chunk. Fails if the body is too slow.
    fn count(&mut self, bytes: usize) -> Result<(), TransportError> {
        self.arrived += bytes as u64;
        let Some(since) = self.pending_since.take() else { return Ok(()) };
        self.waited += self.clock.now() - since;
        if self.waited < self.floor.window { Ok(()) } else { self.end_window() }
    }

    /// Records that the body is pending. Fails if it has been pending for too long.
    fn wait(&mut self, context: &mut Context<'_>) -> Result<(), TransportError> {
        self.pending_since.get_or_insert(self.clock.now());
        if self.floor.bytes == 0 {
            return Ok(());
        }
        let (clock, duration) = (&self.clock, self.floor.window);
        let window = self.window.get_or_insert_with(|| {
            let clock = Arc::clone(clock);
            async move { clock.sleep(duration).await }.boxed()
        });
        if window.poll_unpin(context).is_pending() {
            return Ok(());
        }
        self.window = None;
        let outcome = self.count(0);
        self.pending_since = Some(self.clock.now());
        // Wake the task, so that it starts another window.
        context.waker().wake_by_ref();
        outcome
    }

    fn end_window(&mut self) -> Result<(), TransportError> {
        if self.arrived < self.floor.bytes {
            let (arrived, seconds) = (self.arrived, self.waited.as_secs());
            let message = format!(
                "only {arrived} bytes arrived in {seconds} s, fewer than the minimum of {}",
                self.floor.bytes
            );
            return Err(TransportError::new(TransportErrorKind::Timeout(Phase::Stall), message));
        }
        (self.waited, self.arrived) = (Duration::ZERO, 0);
        Ok(())
    }

    /// Truncates a chunk to the rest of the body. Returns `None` if nothing is left.
    fn cut(&mut self, mut chunk: Bytes) -> Option<Bytes> {
        if let Some(end) = &mut self.end {
            if end.left == 0 && !chunk.is_empty() {
                return None;
            }
            chunk.truncate(usize::try_from(end.left).unwrap_or(usize::MAX));
            end.left -= chunk.len() as u64;
        }
        Some(chunk)
    }

    fn finish<T>(&mut self, last: Option<T>) -> Poll<Option<T>> {
        self.is_over = true;
        self.body = Body::empty();
        Poll::Ready(last)
    }
}

impl Stream for GuardedBody {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.is_over {
            return Poll::Ready(None);
        }
        if let Some((deadline, over)) = &mut this.deadline
            && over.poll_unpin(context).is_ready()
        {
            let error = deadline.error();
            return this.finish(Some(Err(error)));
        }
        let is_at_end = this.end.is_some_and(|end| end.left == 0);
        match this.body.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(chunk))) => match this.count(chunk.len()) {
                Ok(()) => match this.cut(chunk) {
                    Some(chunk) => Poll::Ready(Some(Ok(chunk))),
                    None => this.finish(None),
                },
                Err(error) => this.finish(Some(Err(error))),
            },
            // An error after the end does no harm.
            Poll::Ready(Some(Err(_))) if is_at_end => this.finish(None),
            Poll::Ready(last) => this.finish(last),
            Poll::Pending if is_at_end && this.end.is_some_and(|end| !end.is_framed) => this.finish(None),
            Poll::Pending => match this.wait(context) {
                Ok(()) => Poll::Pending,
                Err(error) => this.finish(Some(Err(error))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;
    use crate::transport::NoServer;

    fn body(headers: &[(&'static str, &'static str)], status: u16, chunks: &[&'static str]) -> String {
        let chunks: Vec<_> = chunks.iter().map(|text| Ok(Bytes::from_static(text.as_bytes()))).collect();
        // After these chunks the server neither sends more nor closes the connection.
        let chunks = stream::iter(chunks).chain(stream::pending());
        let mut response = http::Response::new(Body::from_stream(chunks));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        for (name, value) in headers {
            response.headers_mut().insert(*name, value.parse().expect("a value"));
        }
        let clock: Arc<dyn Transport> = Arc::new(NoServer);
        let floor = ProgressFloor { bytes: 0, ..ProgressFloor::default() };
        let mut body = guard_body(response, &clock, floor, None).into_body();
        let mut text = String::new();
        while let Some(Some(chunk)) = body.next().now_or_never() {
            text.push_str(std::str::from_utf8(&chunk.expect("no failure")).expect("text"));
        }
        text
    }

    #[test]
    fn part_ends_at_its_content_range() {
        let range = [("content-range", "bytes 2-5/100")];
        assert_eq!(body(&range, 206, &["23", "456789", "more"]), "2345");
        assert_eq!(body(&range, 200, &["23", "456"]), "23456", "the range applies to status 206 only");
        let both = [("content-range", "bytes 2-5/100"), ("content-length", "9")];
        assert_eq!(body(&both, 206, &["234567890"]), "2345");
    }

    #[test]
    fn body_ends_at_its_content_length() {
        assert_eq!(body(&[("content-length", "3")], 200, &["ab", "cdef"]), "abc");
        assert_eq!(body(&[], 200, &["ab", "cdef"]), "abcdef");
    }
}
