//! Drives a future through virtual time.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use super::world::Shared;

/// A simulation that did not finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// The future is pending, but no timer is left to wake it.
    #[error("the simulation with seed {seed} is deadlocked")]
    Deadlock {
        /// The seed that reproduces it.
        seed: u64,
    },
    /// The run exceeded the maximum number of events or the time limit.
    #[error("the simulation with seed {seed} does not end")]
    Endless {
        /// The seed that reproduces it.
        seed: u64,
    },
}

/// The maximum number of events of a run.
const MAX_EVENTS: u64 = 10_000_000;

/// The real time given to other threads per turn.
const TURN_DURATION: Duration = Duration::from_millis(1);

/// The number of turns before virtual time advances.
const TURNS: u32 = 3;

/// The number of turns once no timer is left.
const LAST_TURNS: u32 = 60_000;

/// Whether the simulation includes work on other threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Threads {
    Ignored,
    /// Includes it, and fails once the virtual time exceeds this limit.
    Awaited(Duration),
}

struct WakeFlag {
    is_set: AtomicBool,
    owner: Thread,
}

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.is_set.store(true, Ordering::Release);
        self.owner.unpark();
    }
}

impl WakeFlag {
    fn take(&self) -> bool {
        self.is_set.swap(false, Ordering::Acquire)
    }

    /// Like `take`, but gives other threads this many turns to set the flag.
    fn take_within(&self, turns: u32) -> bool {
        for _ in 0..turns {
            if self.take() {
                return true;
            }
            thread::park_timeout(TURN_DURATION);
        }
        self.take()
    }
}

pub(super) fn run<F: Future>(
    seed: u64,
    shared: &Shared,
    threads: Threads,
    future: F,
) -> Result<F::Output, SimulationError> {
    let flag = Arc::new(WakeFlag { is_set: AtomicBool::new(false), owner: thread::current() });
    let waker = Waker::from(Arc::clone(&flag));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    for _ in 0..MAX_EVENTS {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Ok(output);
        }
        let awaited = match threads {
            Threads::Awaited(longest) if shared.lock().now > longest => {
                return Err(SimulationError::Endless { seed });
            }
            Threads::Awaited(_) => true,
            Threads::Ignored => false,
        };
        let turns = if awaited { TURNS } else { 0 };
        while !flag.take_within(turns) {
            if !shared.jump() {
                if awaited && flag.take_within(LAST_TURNS) {
                    break;
                }
                return Err(SimulationError::Deadlock { seed });
            }
        }
    }
    Err(SimulationError::Endless { seed })
}
