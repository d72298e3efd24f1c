//! Background syncing of a long file while it is still being written.

use std::io;

use blocking::{Task, unblock};
use wandb_core::blocking::block_on;

use crate::file_system::OpenFile;

/// Number of bytes to write before starting a background sync.
const SYNC_BYTES: usize = 32 << 20;

/// Syncs written data to disk in the background, so that the final sync is short.
#[derive(Debug, Default)]
pub(crate) struct BackgroundSync {
    unsynced: usize,
    in_flight: Option<Task<io::Result<()>>>,
}

impl BackgroundSync {
    /// Records that `bytes` more bytes were written, and starts a sync once enough have accumulated.
    ///
    /// `reopen` opens a new handle to the file. A cloned handle would consume sync errors that the original
    /// handle should report.
    ///
    /// # Errors
    /// Returns the error of an earlier background sync.
    pub(crate) fn written(
        &mut self,
        bytes: usize,
        reopen: impl FnOnce() -> io::Result<Box<dyn OpenFile>>,
    ) -> io::Result<()> {
        self.unsynced += bytes;
        if self.unsynced < SYNC_BYTES || self.in_flight.as_ref().is_some_and(|task| !task.is_finished()) {
            return Ok(());
        }
        self.end()?;
        self.unsynced = 0;
        // Without a second handle, the final sync covers this data.
        if let Ok(file) = reopen() {
            self.in_flight = Some(unblock(move || file.sync_data()));
        }
        Ok(())
    }

    /// Waits for the sync in flight.
    ///
    /// # Errors
    /// Returns the error of that sync. The operating system reports it only once, so it must not be dropped.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.in_flight.take().map_or(Ok(()), block_on)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn null() -> io::Result<Box<dyn OpenFile>> {
        Ok(Box::new(File::open("/dev/null")?))
    }

    #[test]
    fn small_write_starts_no_sync() {
        let mut syncing = BackgroundSync::default();
        syncing.written(SYNC_BYTES - 1, || panic!("must not reopen")).expect("no sync yet");
        assert!(syncing.in_flight.is_none());
    }

    #[test]
    fn failed_reopen_defers_to_final_sync() {
        let mut syncing = BackgroundSync::default();
        syncing.written(SYNC_BYTES, || Err(io::ErrorKind::NotFound.into())).expect("no error yet");
        syncing.end().expect("no sync in flight");
    }

    /// `/dev/null` cannot be synced.
    #[cfg(target_os = "linux")]
    #[test]
    fn sync_error_is_returned_by_next_write_or_end() {
        let mut syncing = BackgroundSync::default();
        syncing.written(SYNC_BYTES, null).expect("no error yet");
        syncing.end().expect_err("the sync failed");
        syncing.end().expect("the error is returned once");

        syncing.written(SYNC_BYTES, null).expect("no error yet");
        while !syncing.in_flight.as_ref().is_some_and(Task::is_finished) {
            std::thread::yield_now();
        }
        syncing.written(SYNC_BYTES, || panic!("must not reopen")).expect_err("the earlier sync failed");
    }
}
