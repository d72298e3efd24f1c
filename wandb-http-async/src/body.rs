use std::io;
use std::time::Duration;

use async_compression::futures::bufread::GzipDecoder;
use bytes::Bytes;
use futures_util::io::{AsyncBufReadExt as _, AsyncReadExt as _};
use futures_util::stream::{self, Stream, TryStreamExt as _};
use reqwest::Response;
use wandb_core::transport::{Body, Phase, TransportError, TransportErrorKind};

use crate::error;

/// The maximum size of a decompressed chunk.
const CHUNK: usize = 64 * 1024;

/// Streams a body as it arrives, decompressing it if it is `compressed`.
///
/// The stall timeout applies to the network: a few compressed bytes may not yield output yet.
pub(crate) fn read(response: Response, compressed: bool, stall_timeout: Duration) -> Body {
    let raw = chunks(response, stall_timeout);
    if compressed { Body::from_stream(gunzip(raw)) } else { Body::from_stream(raw) }
}

fn chunks(
    response: Response,
    stall_timeout: Duration,
) -> impl Stream<Item = Result<Bytes, TransportError>> + Send {
    stream::try_unfold(response, move |mut response| async move {
        match tokio::time::timeout(stall_timeout, response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk.map(|chunk| (chunk, response))),
            Ok(Err(error)) => Err(error::translate(error)),
            Err(_) => Err(TransportError::new(TransportErrorKind::Timeout(Phase::Stall), "")),
        }
    })
}

/// Decompresses a body. An empty body is valid.
fn gunzip(
    raw: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static,
) -> impl Stream<Item = Result<Bytes, TransportError>> + Send {
    stream::once(async move {
        let mut compressed = Box::pin(raw).map_err(io::Error::other).into_async_read();
        let empty = compressed.fill_buf().await.map_err(error::translate_read)?.is_empty();
        let mut plain = GzipDecoder::new(compressed);
        plain.multiple_members(true);
        let buffer = vec![0; CHUNK].into_boxed_slice();
        Ok(stream::try_unfold((plain, buffer), move |(mut plain, mut buffer)| async move {
            let length =
                if empty { 0 } else { plain.read(&mut buffer).await.map_err(error::translate_read)? };
            Ok((length > 0).then(|| (Bytes::copy_from_slice(&buffer[..length]), (plain, buffer))))
        }))
    })
    .try_flatten()
}
