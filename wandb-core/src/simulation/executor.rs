//! Drives one future through virtual time.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

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

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

pub(super) fn run<F: Future>(seed: u64, shared: &Shared, future: F) -> Result<F::Output, Stuck> {
    let flag = Arc::new(Flag(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&flag));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    for _ in 0..MOST_EVENTS {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Ok(output);
        }
        while !flag.0.swap(false, Ordering::Acquire) {
            if !shared.jump() {
                return Err(Stuck::Deadlock { seed });
            }
        }
    }
    Err(Stuck::Endless { seed })
}
