//! Slots for transfers from storage hosts, handed out as the window allows.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_lock::SemaphoreGuardArc;
use event_listener::Event;

use super::download_window::{DownloadWindow, TransferOutcome};
use super::lock;
use crate::transport::{Moment, Transport};

/// The slots of a client, shared by all its downloads.
pub(super) struct TransferSlots {
    window: Mutex<DownloadWindow>,
    /// Notified when a slot becomes free.
    freed: Event,
    clock: Arc<dyn Transport>,
}

impl TransferSlots {
    pub(super) fn new(max: usize, clock: Arc<dyn Transport>) -> Self {
        Self { window: Mutex::new(DownloadWindow::new(max)), freed: Event::new(), clock }
    }

    /// The maximum number of transfers in flight.
    pub(super) fn max(&self) -> usize {
        lock(&self.window).max()
    }

    /// Waits for a slot.
    pub(super) async fn acquire(self: &Arc<Self>) -> TransferSlot {
        loop {
            if lock(&self.window).start() {
                return self.slot();
            }
            // Listen before checking again, so that no free slot is missed in between.
            let freed = self.freed.listen();
            if lock(&self.window).start() {
                return self.slot();
            }
            freed.await;
        }
    }

    fn slot(self: &Arc<Self>) -> TransferSlot {
        TransferSlot {
            slots: Arc::clone(self),
            started: self.clock.now(),
            outcome: TransferOutcome::Unrelated,
        }
    }
}

impl fmt::Debug for TransferSlots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransferSlots").field("window", &self.window).finish_non_exhaustive()
    }
}

/// A transfer from a storage host. Dropping it frees the slot.
#[derive(Debug)]
pub(super) struct TransferSlot {
    slots: Arc<TransferSlots>,
    started: Moment,
    outcome: TransferOutcome,
}

impl Drop for TransferSlot {
    fn drop(&mut self) {
        let free = {
            let mut window = lock(&self.slots.window);
            window.finish(self.slots.clock.now(), self.started, self.outcome);
            window.free()
        };
        self.slots.freed.notify(free);
    }
}

/// The right to have a request for a file in flight, until its body has ended.
#[derive(Debug)]
pub(super) enum FileSlot {
    /// At the server's own host, as one of the requests to the API. Dropping it frees the permit.
    Api(SemaphoreGuardArc),
    /// At a storage host.
    Storage(TransferSlot),
}

impl FileSlot {
    /// Frees the slot and records how the transfer ended.
    pub(super) fn end(self, outcome: TransferOutcome) {
        match self {
            Self::Api(permit) => drop(permit),
            Self::Storage(mut slot) => slot.outcome = outcome,
        }
    }
}
