//! A budget for the bytes of answers in memory.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_listener::Event;
use futures_util::future::{self, Either};

use super::lock;
use crate::transport::Transport;

/// A byte budget shared by all answers of a client, from their arrival until they have been used.
///
/// A request reserves the bytes that its answer is expected to take. Requests made ahead of time wait for room, and
/// so does an answer that turns out larger than expected. No answer waits forever, even if reserved bytes lie unused:
/// the answer with the lowest rank exceeds the budget after [`POLL_INTERVAL`], one at a time, and any other after
/// [`PATIENCE`].
#[derive(Clone)]
pub(super) struct MemoryBudget(Arc<Shared>);

struct Shared {
    total: u64,
    state: Mutex<State>,
    /// Notified when bytes are released.
    released: Event,
}

#[derive(Debug, Default)]
struct State {
    used: u64,
    peak_used: u64,
    next_number: u64,
    /// Whether an answer is currently allowed to exceed the budget.
    is_exceeded: bool,
    /// Answers waiting for bytes, oldest request first: the rank and a unique number.
    waiting: BTreeSet<(Rank, u64)>,
}

/// The position of a request in the order in which answers are needed. Lower ranks are needed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Rank(u64);

/// How long an answer waits for others to release bytes before it exceeds the budget. Their owner may be waiting for
/// this very answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the first waiting answer waits, and how often the others check whether they have become the first.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

impl MemoryBudget {
    pub(super) fn new(total: u64) -> Self {
        Self(Arc::new(Shared { total, state: Mutex::default(), released: Event::new() }))
    }

    /// The size of the budget in bytes.
    pub(super) fn total(&self) -> u64 {
        self.0.total
    }

    /// The peak number of bytes in use.
    pub(super) fn peak_used(&self) -> u64 {
        lock(&self.0.state).peak_used
    }

    /// Returns a rank behind all requests so far.
    pub(super) fn rank(&self) -> Rank {
        let mut state = lock(&self.0.state);
        state.next_number += 1;
        Rank(state.next_number)
    }

    /// Reserves bytes for an answer that is needed now, even beyond the budget.
    pub(super) fn reserve(&self, bytes: u64) -> Reservation {
        let mut reservation = Reservation { budget: self.clone(), bytes: 0, exceeds: false };
        reservation.resize(bytes);
        reservation
    }

    /// Reserves bytes for an answer that is needed later. Returns `None` if less than half of the budget would remain
    /// for answers that are needed now.
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
        self.peak_used = self.peak_used.max(self.used);
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

/// Bytes of a [`MemoryBudget`], released on drop.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: MemoryBudget,
    bytes: u64,
    /// Whether this reservation may exceed the budget.
    exceeds: bool,
}

impl Reservation {
    /// The number of reserved bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Sets the number of bytes to those actually in memory, even beyond the budget.
    pub(super) fn resize(&mut self, bytes: u64) {
        if bytes < self.bytes {
            self.budget.release(self.bytes - bytes);
        } else if bytes > self.bytes {
            lock(&self.budget.0.state).add(bytes - self.bytes);
        }
        self.bytes = bytes;
    }

    /// Waits until `bytes` in total fit the budget, or until nobody is likely to release any.
    pub(super) async fn grow_to(&mut self, bytes: u64, rank: Rank, transport: &dyn Transport) {
        let Some(more) = bytes.checked_sub(self.bytes).filter(|more| *more > 0) else { return };
        if !self.budget.0.take(more, self.exceeds) {
            self.wait_for(more, rank, transport).await;
        }
        self.bytes = bytes;
    }

    async fn wait_for(&mut self, more: u64, rank: Rank, transport: &dyn Transport) {
        let waiting = QueuedAnswer::new(&self.budget, rank);
        let mut patience = PATIENCE;
        loop {
            // Listen before checking, so that no release is missed in between.
            let released = self.budget.0.released.listen();
            if self.budget.0.take(more, false) {
                return;
            }
            match future::select(released, transport.sleep(POLL_INTERVAL)).await {
                Either::Left(_) => patience = PATIENCE,
                Either::Right(_) => patience = patience.saturating_sub(POLL_INTERVAL),
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
    /// Takes bytes if they fit, or if `force` is set. Returns whether it took them.
    fn take(&self, bytes: u64, force: bool) -> bool {
        let mut state = lock(&self.state);
        let fits = state.used.saturating_add(bytes) <= self.total;
        if fits || force {
            state.add(bytes);
        }
        fits || force
    }
}

/// An answer that is waiting for bytes.
struct QueuedAnswer<'a> {
    budget: &'a MemoryBudget,
    place: (Rank, u64),
}

impl<'a> QueuedAnswer<'a> {
    fn new(budget: &'a MemoryBudget, rank: Rank) -> Self {
        let mut state = lock(&budget.0.state);
        state.next_number += 1;
        let place = (rank, state.next_number);
        state.waiting.insert(place);
        drop(state);
        Self { budget, place }
    }

    /// Returns true if this answer may exceed the budget now: it is the first in the queue and no other answer
    /// exceeds it.
    fn may_exceed(&self) -> bool {
        let mut state = lock(&self.budget.0.state);
        let may = !state.is_exceeded && state.waiting.first() == Some(&self.place);
        state.is_exceeded |= may;
        may
    }
}

impl Drop for QueuedAnswer<'_> {
    fn drop(&mut self) {
        lock(&self.budget.0.state).waiting.remove(&self.place);
    }
}

/// Bytes of a client's memory budget held by an answer, released when the last clone is dropped.
///
/// Every part of an answer that stays in memory holds one: see [`Windowed::hold`](crate::operation::Windowed::hold).
#[derive(Clone)]
pub struct HeldBytes {
    /// Held only to be dropped.
    held: Arc<Reservation>,
}

impl HeldBytes {
    pub(super) fn new(mut reservation: Reservation) -> Self {
        // The answer has arrived, so the next one may exceed the budget.
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
