//! The least progress that a server has to make, and where a body ends.

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

/// The least progress that answers and downloads have to make. A slower one fails as one that timed out.
///
/// Only the time spent waiting for the server counts, so a slow reader fails nothing.
///
/// ```
/// use wandb_core::client::ProgressFloor;
///
/// let patient = ProgressFloor { bytes: 1, ..ProgressFloor::default() };
/// assert_eq!(patient.window, ProgressFloor::default().window);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgressFloor {
    /// The least bytes of a body in each [`window`](Self::window). 0 turns this off. Default 1 KiB: in 30 s even a modem
    /// of 1990 carries eight times as much.
    pub bytes: u64,
    /// The time in which these bytes have to arrive. Default 30 s, as long as a body may pause.
    pub window: Duration,
    /// A connection of a download that breaks before it brought this many bytes counts as a failure in a row with the
    /// one before. Default 16 KiB, about what a server sends before it hears of the first byte's arrival.
    pub bytes_per_connection: u64,
}

impl Default for ProgressFloor {
    fn default() -> Self {
        Self { bytes: 1 << 10, window: Duration::from_secs(30), bytes_per_connection: 16 << 10 }
    }
}

/// A body that ends where its headers say, fails below the floor, and fails when the time is up.
struct GuardedBody {
    body: Body,
    clock: Arc<dyn Transport>,
    floor: ProgressFloor,
    end: Option<End>,
    pending_since: Option<Moment>,
    /// The time waited in this window, and the bytes that arrived in it.
    waited: Duration,
    arrived: u64,
    /// Ends a window in which nothing arrives that can be read, such as the head of a compressed body.
    window: Option<BoxFuture<'static, ()>>,
    deadline: Option<(Deadline, BoxFuture<'static, ()>)>,
    is_over: bool,
}

/// Where a body ends.
#[derive(Debug, Clone, Copy)]
struct End {
    /// How many bytes are left.
    left: u64,
    /// Whether the transport sees this end by itself.
    is_framed: bool,
}

impl End {
    /// The end that a `Content-Length` or the `Content-Range` of a part announces.
    fn of(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        let text = |name| headers.get(name)?.to_str().ok();
        let length = text(&CONTENT_LENGTH).and_then(|length| length.trim().parse::<u64>().ok());
        let range = text(&CONTENT_RANGE).filter(|_| status == StatusCode::PARTIAL_CONTENT);
        let span = range.and_then(ContentRange::parse).map(ContentRange::span);
        let left = span.into_iter().chain(length).min()?;
        Some(Self { left, is_framed: length == Some(left) })
    }
}

/// Puts the guards around the body of `response`.
pub(super) fn guarded(
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
    /// Counts a chunk; an error if the body is too slow.
    fn count(&mut self, bytes: usize) -> Result<(), TransportError> {
        self.arrived += bytes as u64;
        let Some(since) = self.pending_since.take() else { return Ok(()) };
        self.waited += self.clock.now() - since;
        if self.waited < self.floor.window { Ok(()) } else { self.end_window() }
    }

    /// Notes that the body is waited for; an error if that has taken too long.
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
        // Whoever waits is woken to begin another window.
        context.waker().wake_by_ref();
        outcome
    }

    fn end_window(&mut self) -> Result<(), TransportError> {
        if self.arrived < self.floor.bytes {
            let (arrived, seconds) = (self.arrived, self.waited.as_secs());
            let message = format!(
                "only {arrived} bytes came in {seconds} s, fewer than the {} that have to",
                self.floor.bytes
            );
            return Err(TransportError::new(TransportErrorKind::Timeout(Phase::Stall), message));
        }
        (self.waited, self.arrived) = (Duration::ZERO, 0);
        Ok(())
    }

    /// Cuts a chunk to what is left of the body; `None` where nothing is.
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
            // What goes wrong behind the end is no loss.
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
        // Behind these chunks the server sends nothing and does not close, either.
        let chunks = stream::iter(chunks).chain(stream::pending());
        let mut response = http::Response::new(Body::from_stream(chunks));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        for (name, value) in headers {
            response.headers_mut().insert(*name, value.parse().expect("a value"));
        }
        let clock: Arc<dyn Transport> = Arc::new(NoServer);
        let floor = ProgressFloor { bytes: 0, ..ProgressFloor::default() };
        let mut body = guarded(response, &clock, floor, None).into_body();
        let mut text = String::new();
        while let Some(Some(chunk)) = body.next().now_or_never() {
            text.push_str(std::str::from_utf8(&chunk.expect("no failure")).expect("text"));
        }
        text
    }

    #[test]
    fn part_ends_where_its_content_range_says() {
        let range = [("content-range", "bytes 2-5/100")];
        assert_eq!(body(&range, 206, &["23", "456789", "more"]), "2345");
        assert_eq!(body(&range, 200, &["23", "456"]), "23456", "only a part has a range");
        let both = [("content-range", "bytes 2-5/100"), ("content-length", "9")];
        assert_eq!(body(&both, 206, &["234567890"]), "2345");
    }

    #[test]
    fn body_ends_at_its_content_length() {
        assert_eq!(body(&[("content-length", "3")], 200, &["ab", "cdef"]), "abc");
        assert_eq!(body(&[], 200, &["ab", "cdef"]), "abcdef");
    }
}
