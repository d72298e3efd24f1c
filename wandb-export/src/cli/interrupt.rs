//! Ctrl-C: the command's future is dropped, and with it what it had begun.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{Either, select};

#[cfg(unix)]
mod signals;
#[cfg(not(unix))]
use ctrlc as signals;

/// The user, or the system, has asked the program to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interrupted;

/// Runs `command` until it ends or the program is asked to. Asked a second time, the program ends at once.
pub(super) async fn unless_interrupted<F: Future>(command: F) -> Result<F::Output, Interrupted> {
    let (sender, asked) = async_channel::bounded(1);
    let before = AtomicBool::new(false);
    let handler = move || {
        if before.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        // The command may have ended by itself.
        let _ = sender.try_send(());
    };
    if signals::set_handler(handler).is_err() {
        // Without a handler the system ends the program, which leaves no half-written file either.
        return Ok(command.await);
    }
    match select(std::pin::pin!(command), std::pin::pin!(asked.recv())).await {
        Either::Left((output, _)) => Ok(output),
        Either::Right(_) => Err(Interrupted),
    }
}
