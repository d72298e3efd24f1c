//! Handles Ctrl-C by dropping the command's future, which discards its unfinished output.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{Either, select};

#[cfg(unix)]
mod signals;
#[cfg(not(unix))]
use ctrlc as signals;

/// A signal from the user or the system asked the program to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interrupted;

/// Runs `command` until it ends or a signal arrives. A second signal ends the process at once.
pub(super) async fn run_until_interrupted<F: Future>(command: F) -> Result<F::Output, Interrupted> {
    let (sender, interrupts) = async_channel::bounded(1);
    let was_interrupted = AtomicBool::new(false);
    let handler = move || {
        if was_interrupted.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        // The receiver is dropped once the command has ended.
        let _ = sender.try_send(());
    };
    if signals::set_handler(handler).is_err() {
        // Without a handler, the signal kills the process. That leaves no half-written file either.
        return Ok(command.await);
    }
    match select(std::pin::pin!(command), std::pin::pin!(interrupts.recv())).await {
        Either::Left((output, _)) => Ok(output),
        Either::Right(_) => Err(Interrupted),
    }
}
