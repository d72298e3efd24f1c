use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_util::stream::{BoxStream, Stream, StreamExt};

use super::{TransportError, TransportErrorKind};

/// The body of a response, in chunks as they arrive, already decompressed.
///
/// It is a [`Stream`] of chunks. [`bytes`](Body::bytes) collects them up to a limit. Dropping it abandons the rest.
///
/// ```
/// use wandb_core::transport::Body;
///
/// let body = Body::from("whole");
/// let bytes = pollster::block_on(body.bytes(1024))?;
/// assert_eq!(&bytes[..], b"whole");
/// # Ok::<(), wandb_core::transport::TransportError>(())
/// ```
pub struct Body(Inner);

enum Inner {
    Whole(Option<Bytes>),
    Chunks(BoxStream<'static, Result<Bytes, TransportError>>),
}

impl Body {
    /// An empty body.
    pub const fn empty() -> Self {
        Self(Inner::Whole(None))
    }

    /// Creates a body from a stream of chunks.
    pub fn from_stream(chunks: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static) -> Self {
        Self(Inner::Chunks(chunks.boxed()))
    }

    /// Returns true if the whole body is already in memory.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.0, Inner::Whole(_))
    }

    /// Returns the next chunk, or `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        self.next().await.transpose()
    }

    /// Collects the whole body, up to `limit` bytes.
    ///
    /// # Errors
    /// Fails with [`TransportErrorKind::TooLarge`] as soon as more than `limit` bytes have arrived, and with any
    /// error of the transport.
    pub async fn bytes(mut self, limit: u64) -> Result<Bytes, TransportError> {
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        check(first.len(), limit)?;
        let Some(second) = self.chunk().await? else { return Ok(first) };
        let mut whole = BytesMut::with_capacity((first.len() + second.len()) * 2);
        whole.extend_from_slice(&first);
        let mut next = Some(second);
        while let Some(chunk) = next {
            check(whole.len() + chunk.len(), limit)?;
            whole.extend_from_slice(&chunk);
            next = self.chunk().await?;
        }
        Ok(whole.freeze())
    }
}

fn check(length: usize, limit: u64) -> Result<(), TransportError> {
    if length as u64 > limit {
        return Err(TransportError::new(TransportErrorKind::TooLarge { limit }, ""));
    }
    Ok(())
}

impl Stream for Body {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.0 {
            Inner::Whole(bytes) => Poll::Ready(bytes.take().map(Ok)),
            Inner::Chunks(chunks) => chunks.as_mut().poll_next(context),
        }
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        let bytes = bytes.into();
        Self(Inner::Whole((!bytes.is_empty()).then_some(bytes)))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Whole(bytes) => write!(f, "Body({} bytes)", bytes.as_ref().map_or(0, Bytes::len)),
            Inner::Chunks(_) => f.write_str("Body(chunks)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn chunked(chunks: &[&'static str]) -> Body {
        let chunks: Vec<_> = chunks.iter().map(|text| Ok(Bytes::from_static(text.as_bytes()))).collect();
        Body::from_stream(stream::iter(chunks))
    }

    #[test]
    fn chunks_are_joined_in_order() {
        let whole = pollster::block_on(chunked(&["ab", "", "cd", "e"]).bytes(5)).expect("within the limit");
        assert_eq!(&whole[..], b"abcde");
        assert!(pollster::block_on(Body::empty().bytes(0)).expect("empty").is_empty());
    }

    #[test]
    fn exceeding_the_limit_fails_in_any_chunk() {
        for chunks in [&["abcdef"][..], &["abc", "def"], &["ab", "cd", "ef"]] {
            let error = pollster::block_on(chunked(chunks).bytes(5)).expect_err("over the limit");
            assert_eq!(error.kind(), TransportErrorKind::TooLarge { limit: 5 });
        }
    }
}
