//! The memory of an answer while it arrives.

use async_lock::{Mutex, MutexGuard};
use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;

use super::Client;
use super::budget::{Rank, Reservation};
use crate::operation::AnswerError;
use crate::transport::{Body, TransportError, TransportErrorKind};

/// The bytes reserved for an answer across all attempts, and its maximum length.
pub(super) struct AnswerBudget {
    reservation: Mutex<Reservation>,
    rank: Rank,
    limit: u64,
}

/// The maximum length of an answer that can be requested in parts. It is eight times the target length of windows, so
/// that a window is requested in vain only if its rows are suddenly much larger.
pub(super) const MAX_PART_BYTES: u64 = 4 << 20;

/// The minimum of that limit, however small the memory budget is.
pub(super) const MIN_PART_BYTES: u64 = 64 << 10;

/// The maximum capacity allocated before the body has arrived.
const MAX_PREALLOCATED: usize = 16 << 20;

/// The step in which an answer that is longer than expected reserves more bytes.
const STEP: u64 = 64 << 10;

impl AnswerBudget {
    pub(super) fn new(reservation: Reservation, rank: Rank, limit: u64) -> Self {
        Self { reservation: Mutex::new(reservation), rank, limit }
    }

    /// Returns the reservation, once the answer has been read.
    pub(super) fn into_reservation(self) -> Reservation {
        self.reservation.into_inner()
    }

    /// Locks the reservation while one body arrives.
    pub(super) async fn reservation(&self) -> MutexGuard<'_, Reservation> {
        self.reservation.lock().await
    }

    /// Reserves `length` bytes in total.
    ///
    /// # Errors
    /// Fails with [`TransportErrorKind::TooLarge`] if the answer may not be that long.
    pub(super) async fn admit(
        &self,
        reservation: &mut Reservation,
        client: &Client,
        length: usize,
    ) -> Result<(), TransportError> {
        let length = length as u64;
        if length > self.limit {
            return Err(TransportError::new(TransportErrorKind::TooLarge { limit: self.limit }, ""));
        }
        if length > reservation.bytes() {
            let bytes = length.next_multiple_of(STEP);
            reservation.grow_to(bytes, self.rank, &*client.shared.transport).await;
        }
        Ok(())
    }
}

/// The result of reading a body.
pub(super) struct BodyRead {
    /// The body for the operation to parse, or the error of parsing its elements.
    pub(super) body: Result<Bytes, AnswerError>,
    /// The length of the body in bytes.
    pub(super) length: usize,
}

impl BodyRead {
    pub(super) fn whole(body: Bytes, length: usize) -> Self {
        Self { body: Ok(body), length }
    }

    pub(super) fn failed(error: AnswerError) -> Self {
        Self { body: Err(error), length: 0 }
    }
}

/// Reads response bodies.
pub(super) trait BodyReader: Sync {
    /// Reads a body whose length may be known.
    ///
    /// # Errors
    /// Fails with [`TransportErrorKind::TooLarge`] as soon as the body exceeds its limit, and with any error of the
    /// transport.
    fn read_body<'x>(
        &'x self,
        client: &'x Client,
        body: Body,
        expected: Option<usize>,
    ) -> BoxFuture<'x, Result<BodyRead, TransportError>>;
}

/// Reads the whole body into memory.
impl BodyReader for AnswerBudget {
    fn read_body<'x>(
        &'x self,
        client: &'x Client,
        mut body: Body,
        expected: Option<usize>,
    ) -> BoxFuture<'x, Result<BodyRead, TransportError>> {
        Box::pin(async move {
            let whole = |bytes: Bytes| Ok(BodyRead { length: bytes.len(), body: Ok(bytes) });
            let mut reservation = self.reservation().await;
            let Some(first) = body.chunk().await? else { return whole(Bytes::new()) };
            self.admit(&mut reservation, client, first.len()).await?;
            let Some(second) = body.chunk().await? else { return whole(first) };
            let received = first.len() + second.len();
            let capacity =
                expected.map_or(received * 2, |expected| expected.min(MAX_PREALLOCATED).max(received));
            let mut bytes = BytesMut::with_capacity(capacity);
            bytes.extend_from_slice(&first);
            drop(first);
            let mut next = Some(second);
            while let Some(chunk) = next {
                self.admit(&mut reservation, client, bytes.len() + chunk.len()).await?;
                bytes.extend_from_slice(&chunk);
                drop(chunk);
                next = body.chunk().await?;
            }
            whole(bytes.freeze())
        })
    }
}
