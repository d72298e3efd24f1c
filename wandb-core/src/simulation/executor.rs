//! Drives one future through virtual time.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use super::world::Shared;

/// A simulation that did not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stuck {
    /// The future waits for something that no timer will bring.
    #[error("the simulation with seed {seed} waits for nothing")]
    Deadlock {
        /// The seed that shows it again.
        seed: u64,
    },
    /// More events than any sound run has.
    #[error("the simulation with seed {seed} goes on for ever")]
    Endless {
        /// The seed that shows it again.
        seed: u64,
    },
}

/// So many events are more than any sound run has.
const MOST_EVENTS: u64 = 10_000_000;

/// Real time of a turn that other threads have.
const TURN: Duration = Duration::from_millis(1);

/// Their turns before virtual time moves.
const TURNS: u32 = 3;

/// Their turns where no timer is left.
const LAST_TURNS: u32 = 60_000;

/// Whether work on other threads belongs to the simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Threads {
    Ignored,
    /// It does, and the virtual time must stay below this.
    Awaited(Duration),
}

struct Flag {
    is_set: AtomicBool,
    owner: Thread,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.is_set.store(true, Ordering::Release);
        self.owner.unpark();
    }
}

impl Flag {
    fn take(&self) -> bool {
        self.is_set.swap(false, Ordering::Acquire)
    }

    /// The same, once another thread had its turns to set it.
    fn take_after(&self, turns: u32) -> bool {
        for _ in 0..turns {
            if self.take() {
                return true;
            }
            thread::park_timeout(TURN);
        }
        self.take()
    }
}

pub(super) fn run<F: Future>(
    seed: u64,
    shared: &Shared,
    threads: Threads,
    future: F,
) -> Result<F::Output, Stuck> {
    let flag = Arc::new(Flag { is_set: AtomicBool::new(false), owner: thread::current() });
    let waker = Waker::from(Arc::clone(&flag));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    for _ in 0..MOST_EVENTS {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Ok(output);
        }
        let awaited = match threads {
            Threads::Awaited(longest) if shared.lock().now > longest => return Err(Stuck::Endless { seed }),
            Threads::Awaited(_) => true,
            Threads::Ignored => false,
        };
        let turns = if awaited { TURNS } else { 0 };
        while !flag.take_after(turns) {
            if !shared.jump() {
                if awaited && flag.take_after(LAST_TURNS) {
                    break;
                }
                return Err(Stuck::Deadlock { seed });
            }
        }
    }
    Err(Stuck::Endless { seed })
}
