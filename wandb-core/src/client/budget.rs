//! How many bytes of answers may be in memory at once.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_listener::Event;
use futures_util::future::{self, Either};

use super::lock;
use crate::transport::Transport;

/// A number of bytes that all answers of a client share, while they arrive and until they have been used.
///
/// A request reserves the bytes that its answer is expected to take. What is asked for ahead waits for room, and so does
/// an answer that turns out larger than expected. Nobody waits for ever, whoever holds bytes without using them: the
/// answer that is wanted first goes beyond the budget after a moment, one at a time, and any other one after
/// [`PATIENCE`].
#[derive(Clone)]
pub(super) struct MemoryBudget(Arc<Shared>);

struct Shared {
    total: u64,
    state: Mutex<State>,
    /// Bytes have been released.
    released: Event,
}

#[derive(Debug, Default)]
struct State {
    used: u64,
    most_used: u64,
    next_number: u64,
    /// Whether an answer has been let beyond the budget.
    is_exceeded: bool,
    /// The answers that are waiting for bytes, the oldest request first: rank, and a number of its own.
    waiting: BTreeSet<(Rank, u64)>,
}

/// The place of a request in the order in which answers are wanted. Smaller ones are wanted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Rank(u64);

/// How long an answer waits for others to release bytes before it exceeds the budget. Whoever holds them may be waiting
/// for this answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the answer that is wanted first waits, and how often the others look whether they are the first by now.
const NAP: Duration = Duration::from_millis(100);

impl MemoryBudget {
    pub(super) fn new(total: u64) -> Self {
        Self(Arc::new(Shared { total, state: Mutex::default(), released: Event::new() }))
    }

    /// The size of the budget in bytes.
    pub(super) fn total(&self) -> u64 {
        self.0.total
    }

    /// The most bytes that were in use at once.
    pub(super) fn most_used(&self) -> u64 {
        lock(&self.0.state).most_used
    }

    /// A place behind all requests so far.
    pub(super) fn rank(&self) -> Rank {
        let mut state = lock(&self.0.state);
        state.next_number += 1;
        Rank(state.next_number)
    }

    /// Reserves bytes for an answer that is wanted now, whether there is room or not.
    pub(super) fn reserve(&self, bytes: u64) -> Reservation {
        let mut reservation = Reservation { budget: self.clone(), bytes: 0, exceeds: false };
        reservation.resize(bytes);
        reservation
    }

    /// Reserves bytes for an answer that is only wanted later. `None` if that would leave less than half of the budget to
    /// what is wanted now.
    pub(super) fn reserve_ahead(&self, bytes: u64) -> Option<Reservation> {
        let mut state = lock(&self.0.state);
        if state.used.saturating_add(bytes) > self.0.total / 2 {
            return None;
        }
        state.add(bytes);
        drop(state);
        Some(Reservation { budget: self.clone(), bytes, exceeds: false })
    }

    fn release(&self, bytes: u64) {
        if bytes > 0 {
            let mut state = lock(&self.0.state);
            state.used = state.used.saturating_sub(bytes);
            drop(state);
            self.0.released.notify(usize::MAX);
        }
    }
}

impl State {
    fn add(&mut self, bytes: u64) {
        self.used = self.used.saturating_add(bytes);
        self.most_used = self.most_used.max(self.used);
    }
}

impl fmt::Debug for MemoryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBudget")
            .field("total", &self.0.total)
            .field("state", &self.0.state)
            .finish_non_exhaustive()
    }
}

/// Bytes of a [`MemoryBudget`], released when it is dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: MemoryBudget,
    bytes: u64,
    /// Whether it is the one that may go beyond the budget.
    exceeds: bool,
}

impl Reservation {
    /// How many bytes are reserved.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Corrects the number of bytes to those that are in memory, whether there is room or not.
    pub(super) fn resize(&mut self, bytes: u64) {
        if bytes < self.bytes {
            self.budget.release(self.bytes - bytes);
        } else if bytes > self.bytes {
            lock(&self.budget.0.state).add(bytes - self.bytes);
        }
        self.bytes = bytes;
    }

    /// Waits until there is room for `bytes` in all, or nobody is likely to make any.
    pub(super) async fn grow_to(&mut self, bytes: u64, rank: Rank, transport: &dyn Transport) {
        let Some(more) = bytes.checked_sub(self.bytes).filter(|more| *more > 0) else { return };
        if !self.budget.0.take(more, self.exceeds) {
            self.wait_for(more, rank, transport).await;
        }
        self.bytes = bytes;
    }

    async fn wait_for(&mut self, more: u64, rank: Rank, transport: &dyn Transport) {
        let waiting = Waiting::new(&self.budget, rank);
        let mut patience = PATIENCE;
        loop {
            // Listening begins before the look, so that no release is missed in between.
            let released = self.budget.0.released.listen();
            if self.budget.0.take(more, false) {
                return;
            }
            match future::select(released, transport.sleep(NAP)).await {
                Either::Left(_) => patience = PATIENCE,
                Either::Right(_) => patience = patience.saturating_sub(NAP),
            }
            if patience < PATIENCE && waiting.may_exceed() {
                self.exceeds = true;
            }
            if self.exceeds || patience.is_zero() {
                self.budget.0.take(more, true);
                return;
            }
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.exceeds {
            lock(&self.budget.0.state).is_exceeded = false;
        }
        self.budget.release(self.bytes);
    }
}

impl Shared {
    /// Takes bytes if there is room, or if `anyway`; whether it did.
    fn take(&self, bytes: u64, anyway: bool) -> bool {
        let mut state = lock(&self.state);
        let fits = state.used.saturating_add(bytes) <= self.total;
        if fits || anyway {
            state.add(bytes);
        }
        fits || anyway
    }
}

/// An answer among those that wait for bytes.
struct Waiting<'a> {
    budget: &'a MemoryBudget,
    place: (Rank, u64),
}

impl<'a> Waiting<'a> {
    fn new(budget: &'a MemoryBudget, rank: Rank) -> Self {
        let mut state = lock(&budget.0.state);
        state.next_number += 1;
        let place = (rank, state.next_number);
        state.waiting.insert(place);
        drop(state);
        Self { budget, place }
    }

    /// Whether this is the answer that may go beyond the budget now: the first that waits, while no other one does.
    fn may_exceed(&self) -> bool {
        let mut state = lock(&self.budget.0.state);
        let may = !state.is_exceeded && state.waiting.first() == Some(&self.place);
        state.is_exceeded |= may;
        may
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(&self.budget.0.state).waiting.remove(&self.place);
    }
}

/// Bytes of a client's memory budget that an answer takes, released when the last clone is dropped.
///
/// Whatever of an answer stays in memory holds one: see
/// [`Windowed::hold`](crate::operation::Windowed::hold).
#[derive(Clone)]
pub struct HeldBytes {
    /// Never empty; nothing but dropping it is done with it.
    held: Arc<Reservation>,
}

impl HeldBytes {
    pub(super) fn new(mut reservation: Reservation) -> Self {
        // It has arrived; whether it may exceed the budget concerns the next one.
        if std::mem::take(&mut reservation.exceeds) {
            lock(&reservation.budget.0.state).is_exceeded = false;
        }
        Self { held: Arc::new(reservation) }
    }
}

impl fmt::Debug for HeldBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeldBytes({})", self.held.bytes)
    }
}

#[cfg(all(test, feature = "mock"))]
mod tests;
