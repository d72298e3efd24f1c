//! Work beside the thread that writes, a bounded amount at once.

use std::num::NonZero;
use std::sync::LazyLock;
use std::thread::available_parallelism;

/// How many processors there are to work on. Asking the system takes it a dozen files, so that is done once.
pub(super) fn processors() -> usize {
    static PROCESSORS: LazyLock<usize> = LazyLock::new(|| available_parallelism().map_or(1, NonZero::get));
    *PROCESSORS
}

/// A result that is on its way.
pub(super) struct Task<T>(async_channel::Receiver<T>);

impl<T: Send + 'static> Task<T> {
    /// Has `work` done on another thread.
    pub(super) fn start(work: impl FnOnce() -> T + Send + 'static) -> Self {
        let (sender, result) = async_channel::bounded(1);
        let work = move || {
            // Whoever wanted the result may have met an error and gone.
            let _ = sender.send_blocking(work());
        };
        wandb_core::workers::start(work);
        Self(result)
    }

    /// Waits for the result; `None` if the work has panicked.
    pub(super) fn wait(self) -> Option<T> {
        self.0.recv_blocking().ok()
    }
}
