//! Where large answers are parsed.

use std::panic::resume_unwind;

use crate::workers;

/// Where the client parses answers that cost CPU time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ParseMode {
    /// In the task that polls the client. Deterministic, and needs no threads.
    #[default]
    InPlace,
    /// On threads of this crate, as many as there are processors, so that neither the caller's executor nor the
    /// requests in flight are blocked.
    OnThreads,
}

impl ParseMode {
    /// Runs CPU-bound work that never blocks.
    pub(super) async fn read<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        if self == Self::InPlace {
            return work();
        }
        match workers::run(work).recv().await {
            Ok(Ok(read)) => read,
            Ok(Err(panic)) => resume_unwind(panic),
            // A job is never dropped before it is done.
            Err(error) => resume_unwind(Box::new(error)),
        }
    }

    /// Runs work that may block, on disk I/O or on other work, on a thread for blocking work.
    pub(super) async fn wait<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        match self {
            Self::InPlace => work(),
            Self::OnThreads => blocking::unblock(work).await,
        }
    }
}
