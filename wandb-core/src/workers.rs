//! Threads for what takes a processor's time, as many as there are processors.
//!
//! The threads of the `blocking` crate are for waiting, and as many as requests are in flight. Work that needs much memory
//! for a moment should not wander over all of those: the allocator keeps for each thread what it once had.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::thread::{Builder, available_parallelism};

use async_channel::{Receiver, Sender, bounded, unbounded};

type Job = Box<dyn FnOnce() + Send>;

/// Made when there is something to do for the first time, and kept; `None` where the system gives no threads.
static JOBS: LazyLock<Option<Sender<Job>>> = LazyLock::new(|| {
    let (sender, jobs) = unbounded();
    let begin = |number| {
        let jobs = jobs.clone();
        Builder::new().name(format!("wandb-worker-{number}")).spawn(move || work(&jobs)).is_ok()
    };
    let begun = (0..count()).filter(|number| begin(*number)).count();
    (begun > 0).then_some(sender)
});

fn work(jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv_blocking() {
        // What it does is told to whoever waits for it; what it drops may panic, too.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

/// How many threads there are to be: one a processor. (Asking the system takes it a dozen files, so that is done once.)
pub fn count() -> usize {
    static COUNT: LazyLock<usize> = LazyLock::new(|| available_parallelism().map_or(1, NonZero::get));
    *COUNT
}

/// Has `work` done there, after what was given before; what comes of it, or its panic, is received. It is not to wait for
/// another one.
pub fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Receiver<std::thread::Result<T>> {
    let (sender, outcome) = bounded(1);
    start(move || {
        // Whoever wanted it may have gone.
        let _ = sender.try_send(catch_unwind(AssertUnwindSafe(work)));
    });
    outcome
}

fn start(job: impl FnOnce() + Send + 'static) {
    let job: Job = match &*JOBS {
        Some(jobs) => match jobs.try_send(Box::new(job)) {
            Ok(()) => return,
            Err(refused) => refused.into_inner(),
        },
        None => Box::new(job),
    };
    blocking::unblock(job).detach();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_panics_takes_no_thread_with_it() {
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
