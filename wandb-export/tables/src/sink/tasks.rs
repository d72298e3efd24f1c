//! Work beside the thread that writes, a bounded amount at once.

use wandb_core::workers;

/// A result that is on its way, or there.
pub(super) enum Task<T> {
    Done(T),
    Coming(async_channel::Receiver<std::thread::Result<T>>),
}

impl<T: Send + 'static> Task<T> {
    /// Has `work` done on another thread, unless it is little: then handing it over would take longer than doing it.
    pub(super) fn start(is_little: bool, work: impl FnOnce() -> T + Send + 'static) -> Self {
        if is_little { Self::Done(work()) } else { Self::Coming(workers::run(work)) }
    }

    /// Waits for the result; `None` if the work has panicked.
    pub(super) fn wait(self) -> Option<T> {
        match self {
            Self::Done(done) => Some(done),
            Self::Coming(coming) => coming.recv_blocking().ok()?.ok(),
        }
    }
}
