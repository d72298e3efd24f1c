//! Limits on files that are fetched at once, shared by all downloads of a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_lock::{Semaphore, SemaphoreGuardArc};

/// Files that are checked or written while others are transferred. The disk is idle in a transfer, and the network while
/// a file is written, so more files are in work than transfers.
const FILES_ON_DISK: usize = 16;

/// Blocks that downloads share, beyond the first one of each: 8 MiB, as many as one download by eight of the largest.
const SPARE_BLOCKS: usize = 32;

/// The files that may be fetched at once, and the memory for their blocks.
#[derive(Debug)]
pub(crate) struct FetchLimits {
    /// One permit per file, from the first look at the disk until it is in place. Each may hold a file descriptor.
    files: Arc<Semaphore>,
    spare_blocks: AtomicUsize,
}

impl FetchLimits {
    /// Creates limits for a client that has at most `downloads` transfers in flight.
    pub(crate) fn new(downloads: usize) -> Arc<Self> {
        let files = Arc::new(Semaphore::new(downloads.saturating_add(FILES_ON_DISK)));
        Arc::new(Self { files, spare_blocks: AtomicUsize::new(SPARE_BLOCKS) })
    }

    /// Waits until another file may be fetched. Dropping the permit lets the next one begin.
    pub(super) async fn begin_file(self: Arc<Self>) -> SemaphoreGuardArc {
        self.files.acquire_arc().await
    }
}

/// The spare blocks that one download has taken. Dropping it returns them.
#[derive(Debug)]
pub(super) struct SpareBlocks {
    limits: Arc<FetchLimits>,
    taken: usize,
}

impl SpareBlocks {
    pub(super) fn none(limits: Arc<FetchLimits>) -> Self {
        Self { limits, taken: 0 }
    }

    /// The number of blocks taken.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Takes one more block. Returns false if none is left.
    pub(super) fn take(&mut self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        let is_taken =
            self.limits.spare_blocks.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok();
        self.taken += usize::from(is_taken);
        is_taken
    }
}

impl Drop for SpareBlocks {
    fn drop(&mut self) {
        self.limits.spare_blocks.fetch_add(self.taken, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use wandb_core::blocking::block_on;

    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn files_wait_until_others_are_in_place() {
        let limits = FetchLimits::new(2);
        let begun: Vec<_> =
            (0..2 + FILES_ON_DISK).map(|_| block_on(Arc::clone(&limits).begin_file())).collect();
        let mut next = Arc::clone(&limits).begin_file().boxed();
        assert!((&mut next).now_or_never().is_none());
        drop(begun);
        assert!(next.now_or_never().is_some());
    }

    #[test]
    fn spare_blocks_are_shared_and_returned() {
        let limits = FetchLimits::new(2);
        let mut one = SpareBlocks::none(Arc::clone(&limits));
        let mut other = SpareBlocks::none(Arc::clone(&limits));
        (0..SPARE_BLOCKS).for_each(|_| assert!(one.take()));
        assert!(!other.take() && !one.take());
        assert_eq!((one.taken(), other.taken()), (SPARE_BLOCKS, 0));
        drop(one);
        assert!(other.take());
    }
}
