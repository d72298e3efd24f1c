//! The room that an answer has in memory while it arrives.

use async_lock::{Mutex, MutexGuard};
use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;

use super::Client;
use super::budget::{Rank, Reservation};
use crate::operation::AnswerError;
use crate::transport::{Body, TransportError, TransportErrorKind};

/// The bytes reserved for an answer, whatever the number of tries it takes, and the most that it may have.
pub(super) struct Room {
    reservation: Mutex<Reservation>,
    rank: Rank,
    most: u64,
}

/// An answer that can be asked for in parts is given up beyond this length. It is eight times as long as the answers that
/// windows aim at, so that only a window whose rows are suddenly much larger is asked for in vain.
pub(super) const MOST_OF_A_PART: u64 = 4 << 20;

/// No answer is given up for its length before this, however little memory there may be.
pub(super) const LEAST_OF_A_PART: u64 = 64 << 10;

/// The longest body that memory is set aside for before it is there.
const MOST_BELIEVED: usize = 16 << 20;

/// An answer that is longer than expected reserves more bytes in steps of this size.
const STEP: u64 = 64 << 10;

impl Room {
    pub(super) fn new(reservation: Reservation, rank: Rank, most: u64) -> Self {
        Self { reservation: Mutex::new(reservation), rank, most }
    }

    /// The bytes, once the answer has been read.
    pub(super) fn into_reservation(self) -> Reservation {
        self.reservation.into_inner()
    }

    /// The reservation, for as long as one body arrives.
    pub(super) async fn reservation(&self) -> MutexGuard<'_, Reservation> {
        self.reservation.lock().await
    }

    /// Makes room for `length` bytes in all.
    ///
    /// # Errors
    /// [`TransportErrorKind::TooLarge`] if that is more than the answer may have.
    pub(super) async fn admit(
        &self,
        reservation: &mut Reservation,
        client: &Client,
        length: usize,
    ) -> Result<(), TransportError> {
        let length = length as u64;
        if length > self.most {
            return Err(TransportError::new(TransportErrorKind::TooLarge { limit: self.most }, ""));
        }
        if length > reservation.bytes() {
            let bytes = length.next_multiple_of(STEP);
            reservation.grow_to(bytes, self.rank, &*client.shared.transport).await;
        }
        Ok(())
    }
}

/// What has been read from a body.
pub(super) struct Gathered {
    /// The body for the operation to read, or why its parts could not be.
    pub(super) body: Result<Bytes, AnswerError>,
    /// How long the body was.
    pub(super) length: usize,
}

impl Gathered {
    pub(super) fn whole(body: Bytes, length: usize) -> Self {
        Self { body: Ok(body), length }
    }

    pub(super) fn refused(error: AnswerError) -> Self {
        Self { body: Err(error), length: 0 }
    }
}

/// Reads bodies.
pub(super) trait Gather: Sync {
    /// Reads a body that may say how long it is.
    ///
    /// # Errors
    /// [`TransportErrorKind::TooLarge`] as soon as it is longer than it may be, and whatever the transport meets.
    fn gather<'x>(
        &'x self,
        client: &'x Client,
        body: Body,
        expected: Option<usize>,
    ) -> BoxFuture<'x, Result<Gathered, TransportError>>;
}

/// Puts the whole of it together.
impl Gather for Room {
    fn gather<'x>(
        &'x self,
        client: &'x Client,
        mut body: Body,
        expected: Option<usize>,
    ) -> BoxFuture<'x, Result<Gathered, TransportError>> {
        Box::pin(async move {
            let whole = |bytes: Bytes| Ok(Gathered { length: bytes.len(), body: Ok(bytes) });
            let mut reservation = self.reservation().await;
            let Some(first) = body.chunk().await? else { return whole(Bytes::new()) };
            self.admit(&mut reservation, client, first.len()).await?;
            let Some(second) = body.chunk().await? else { return whole(first) };
            let begun = first.len() + second.len();
            let capacity = expected.map_or(begun * 2, |expected| expected.min(MOST_BELIEVED).max(begun));
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
