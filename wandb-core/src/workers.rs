//! A thread pool for CPU-bound work, with one thread per processor.
//!
//! The pool of the `blocking` crate is for blocking work and grows with the requests in flight. Work that briefly
//! needs much memory should not be spread over all of its threads, because the allocator caches freed memory per
//! thread.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::thread::{Builder, available_parallelism};

use async_channel::{Receiver, Sender, bounded, unbounded};

type Job = Box<dyn FnOnce() + Send>;

/// The queue of the pool. The threads start on first use and run forever. `None` if no thread could be started.
static JOBS: LazyLock<Option<Sender<Job>>> = LazyLock::new(|| {
    let (sender, jobs) = unbounded();
    let spawn = |number| {
        let jobs = jobs.clone();
        Builder::new().name(format!("wandb-worker-{number}")).spawn(move || work(&jobs)).is_ok()
    };
    let spawned = (0..count()).filter(|number| spawn(*number)).count();
    (spawned > 0).then_some(sender)
});

fn work(jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv_blocking() {
        // A panic of the work itself is sent to the receiver, but dropping its captures may panic too.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

/// The number of threads, one per processor. Cached, because the system reads about a dozen files to determine it.
pub fn count() -> usize {
    static COUNT: LazyLock<usize> = LazyLock::new(|| available_parallelism().map_or(1, NonZero::get));
    *COUNT
}

/// Runs `work` on the pool, after the work queued before, and returns a receiver for its result or panic.
///
/// The work must not wait for other work on the pool.
pub fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Receiver<std::thread::Result<T>> {
    let (sender, outcome) = bounded(1);
    enqueue(move || {
        // The receiver may have been dropped.
        let _ = sender.try_send(catch_unwind(AssertUnwindSafe(work)));
    });
    outcome
}

fn enqueue(job: impl FnOnce() + Send + 'static) {
    let job: Job = match &*JOBS {
        Some(jobs) => match jobs.try_send(Box::new(job)) {
            Ok(()) => return,
            Err(error) => error.into_inner(),
        },
        None => Box::new(job),
    };
    blocking::unblock(job).detach();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panicking_job_does_not_stop_its_thread() {
        for _ in 0..100 {
            drop(run(|| panic!("on purpose")));
        }
        let (sender, done) = unbounded();
        (0..100).for_each(|number| {
            let sender = sender.clone();
            drop(run(move || sender.send_blocking(number).expect("a receiver")));
        });
        let mut all: Vec<i32> = (0..100).map(|_| done.recv_blocking().expect("a sender")).collect();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
    }
}
