//! Work beside the thread that writes, a bounded amount at once.

use wandb_core::workers;

/// A result that is on its way.
pub(super) struct Task<T>(async_channel::Receiver<std::thread::Result<T>>);

impl<T: Send + 'static> Task<T> {
    /// Has `work` done on another thread.
    pub(super) fn start(work: impl FnOnce() -> T + Send + 'static) -> Self {
        Self(workers::run(work))
    }

    /// Waits for the result; `None` if the work has panicked.
    pub(super) fn wait(self) -> Option<T> {
        self.0.recv_blocking().ok()?.ok()
    }
}
