//! Disks that fail for good.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// How much can still be done with a disk: each byte written counts, and each file made, synced, renamed or removed.
#[derive(Debug, Clone)]
pub(in super::super) struct Budget(Arc<AtomicI64>);

impl Budget {
    pub(in super::super) fn new(left: i64) -> Self {
        Self(Arc::new(AtomicI64::new(left)))
    }

    /// What is left of it.
    pub(in super::super) fn left(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    /// How much of `wanted` can be done.
    pub(in super::super) fn spend(&self, wanted: usize) -> io::Result<usize> {
        let cost = i64::try_from(wanted).unwrap_or(i64::MAX);
        let before = self.0.fetch_sub(cost, Ordering::SeqCst);
        match usize::try_from(before.clamp(0, cost)) {
            Ok(0) if wanted > 0 => {
                Err(io::Error::new(io::ErrorKind::StorageFull, "the disk is full in this test"))
            }
            Ok(allowed) => Ok(allowed),
            Err(_) => Ok(wanted),
        }
    }
}
