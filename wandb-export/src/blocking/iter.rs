//! An iterator over a stream.

use futures_util::stream::{BoxStream, StreamExt};
use wandb_core::blocking::block_on;

use crate::error::Error;

/// An iterator that blocks until the next item arrives. Dropping it cancels the requests in flight.
pub struct Iter<T>(BoxStream<'static, Result<T, Error>>);

impl<T> Iter<T> {
    pub(super) fn new(stream: BoxStream<'static, Result<T, Error>>) -> Self {
        Self(stream)
    }
}

impl<T> Iterator for Iter<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        block_on(self.0.next())
    }
}

impl<T> std::fmt::Debug for Iter<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}
