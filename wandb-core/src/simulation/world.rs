//! The state shared by a simulation's futures: virtual clock, timers and random numbers.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use fastrand::Rng;

pub(super) struct World {
    pub(super) rng: Rng,
    /// The true virtual time.
    pub(super) now: Duration,
    /// The offset of the transport's clock from the true time, plus [`CLOCK_START`].
    pub(super) shown_ahead: Duration,
    timers: BTreeMap<(Duration, u64), Waker>,
    timers_created: u64,
    pub(super) requests: u64,
    pub(super) faulty: u64,
    pub(super) in_flight: u64,
    pub(super) most_in_flight: u64,
}

/// The initial time of the transport's clock, greater than zero so that it can be set back.
pub(super) const CLOCK_START: Duration = Duration::from_secs(1_000_000);

#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<World>>);

impl Shared {
    pub(super) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(World {
            rng: Rng::with_seed(seed),
            now: Duration::ZERO,
            shown_ahead: CLOCK_START,
            timers: BTreeMap::new(),
            timers_created: 0,
            requests: 0,
            faulty: 0,
            in_flight: 0,
            most_in_flight: 0,
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a future that completes after `duration`.
    pub(super) fn sleep(&self, duration: Duration) -> Sleep {
        let mut world = self.lock();
        world.timers_created += 1;
        let key = (world.now.saturating_add(duration), world.timers_created);
        Sleep { shared: self.clone(), key }
    }

    /// Jumps to the next timer and wakes its task. Returns false if there is no timer.
    pub(super) fn jump(&self) -> bool {
        let waker = {
            let mut world = self.lock();
            let Some(((at, _), waker)) = world.timers.pop_first() else { return false };
            world.now = world.now.max(at);
            waker
        };
        waker.wake();
        true
    }
}

pub(super) struct Sleep {
    shared: Shared,
    key: (Duration, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut world = self.shared.lock();
        if world.now >= self.key.0 {
            return Poll::Ready(());
        }
        world.timers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.shared.lock().timers.remove(&self.key);
    }
}
