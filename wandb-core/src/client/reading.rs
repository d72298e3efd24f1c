//! Where large answers are read.

use std::panic::resume_unwind;

use crate::workers;

/// Where the client reads the answers that take a processor's time rather than the network's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Reading {
    /// Where the client is polled, which is the same at every run and needs no threads.
    #[default]
    InPlace,
    /// On threads of this crate, as many as there are processors, so that neither the caller's
    /// executor nor what else is in flight has to wait.
    OnThreads,
}

impl Reading {
    /// Does `work` that takes a processor's time and waits for nothing.
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

    /// Does `work` that may wait, for a disk or for other work, on a thread that has the time.
    pub(super) async fn wait<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        match self {
            Self::InPlace => work(),
            Self::OnThreads => blocking::unblock(work).await,
        }
    }
}
