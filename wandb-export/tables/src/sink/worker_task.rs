//! Tasks on worker threads, bounded in number.

use wandb_core::workers;

/// A result that is ready or in flight.
pub(super) enum WorkerTask<T> {
    Done(T),
    Coming(async_channel::Receiver<std::thread::Result<T>>),
}

impl<T: Send + 'static> WorkerTask<T> {
    /// Runs `work` on a worker thread. If `is_little`, runs it here, because passing it on would cost more
    /// than the work itself.
    pub(super) fn start(is_little: bool, work: impl FnOnce() -> T + Send + 'static) -> Self {
        if is_little { Self::Done(work()) } else { Self::Coming(workers::run(work)) }
    }

    /// Waits for the result. Returns `None` if the work panicked.
    pub(super) fn wait(self) -> Option<T> {
        match self {
            Self::Done(done) => Some(done),
            Self::Coming(coming) => coming.recv_blocking().ok()?.ok(),
        }
    }
}
