//! Bringing a long file to the disk while it is being written.

use std::fs::File;
use std::io;

use blocking::{Task, unblock};
use wandb_core::blocking::block_on;

/// So much is written before the system is told to bring it to the disk.
const AT_ONCE: usize = 32 << 20;

/// Has the system bring to the disk what is written, beside the writing, so that the end has not to wait for all of it.
#[derive(Debug, Default)]
pub(crate) struct Settling {
    unsettled: usize,
    under_way: Option<Task<io::Result<()>>>,
}

impl Settling {
    /// So many bytes more have been written to the file that `reopen` opens once more. (A clone would be told of
    /// failures that the file then knows nothing of.)
    ///
    /// # Errors
    /// If what was written before could not be kept.
    pub(crate) fn written(
        &mut self,
        bytes: usize,
        reopen: impl FnOnce() -> io::Result<File>,
    ) -> io::Result<()> {
        self.unsettled += bytes;
        if self.unsettled < AT_ONCE || self.under_way.as_ref().is_some_and(|task| !task.is_finished()) {
            return Ok(());
        }
        self.end()?;
        self.unsettled = 0;
        // Without another handle the sync is left to the end.
        if let Ok(file) = reopen() {
            self.under_way = Some(unblock(move || file.sync_data()));
        }
        Ok(())
    }

    /// Waits for what is under way.
    ///
    /// # Errors
    /// What went wrong is told only here, as a system tells it once.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.under_way.take().map_or(Ok(()), block_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_left_to_the_end() {
        let mut settling = Settling::default();
        settling.written(AT_ONCE - 1, || panic!("nothing is to be opened")).expect("nothing to fail");
        assert!(settling.under_way.is_none());
    }

    #[test]
    fn a_handle_that_cannot_be_had_is_no_failure() {
        let mut settling = Settling::default();
        settling.written(AT_ONCE, || Err(io::ErrorKind::NotFound.into())).expect("left to the end");
        settling.end().expect("nothing is under way");
    }

    /// Such devices cannot be synced.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_sync_that_fails_is_told_at_the_next_or_at_the_end() {
        let mut settling = Settling::default();
        settling.written(AT_ONCE, || File::open("/dev/null")).expect("it is told later");
        settling.end().expect_err("it failed");
        settling.end().expect("it is told once");

        settling.written(AT_ONCE, || File::open("/dev/null")).expect("it is told later");
        while !settling.under_way.as_ref().is_some_and(Task::is_finished) {
            std::thread::yield_now();
        }
        settling.written(AT_ONCE, || panic!("nothing is to be opened")).expect_err("the one before failed");
    }
}
