//! Where large answers are read.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread::available_parallelism;

use async_lock::Semaphore;

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
    pub(super) fn readers(self) -> Readers {
        let threads = || available_parallelism().map_or(1, usize::from);
        Readers((self == Self::OnThreads).then(|| Arc::new(Semaphore::new(threads()))))
    }
}

/// Who reads; nobody else if there is no semaphore.
#[derive(Debug)]
pub(super) struct Readers(Option<Arc<Semaphore>>);

impl Readers {
    /// Does `work` there.
    pub(super) async fn read<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        match &self.0 {
            None => work(),
            Some(threads) => {
                let permit = threads.acquire_arc().await;
                let (sender, result) = async_channel::bounded(1);
                workers::start(move || {
                    let read = catch_unwind(AssertUnwindSafe(work));
                    drop(permit);
                    // Whoever wanted it may have gone.
                    let _ = sender.try_send(read);
                });
                match result.recv().await {
                    Ok(Ok(read)) => read,
                    Ok(Err(panic)) => resume_unwind(panic),
                    // A job is never dropped before it is done.
                    Err(error) => resume_unwind(Box::new(error)),
                }
            }
        }
    }
}
