//! The signals that ask a program to end. One that whoever started it has had ignored stays so, as `nohup` wants it.

use std::io;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Has `handler` called at each signal that asks the program to end.
pub(super) fn set_handler(mut handler: impl FnMut() + Send + 'static) -> io::Result<()> {
    let ignored = Ignored::inherited();
    let awaited: Vec<i32> =
        [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !ignored.has(*signal)).collect();
    let mut signals = Signals::new(awaited)?;
    let run = move || {
        for _ in signals.forever() {
            handler();
        }
    };
    thread::Builder::new().name("wandb-export-signals".to_owned()).spawn(run).map(drop)
}

/// The signals that are ignored.
struct Ignored {
    /// A bit a signal, the first one for signal 1; `None` where the system does not say.
    bits: Option<u64>,
}

impl Ignored {
    /// What was ignored when the program began.
    fn inherited() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").ok();
        Self { bits: status.as_deref().and_then(ignored_in) }
    }

    /// Where the system does not say, SIGHUP is left to its default: it ends the program, unless `nohup` has had it ignored.
    fn has(&self, signal: i32) -> bool {
        match self.bits {
            Some(bits) => bits >> (signal - 1) & 1 == 1,
            None => signal == SIGHUP,
        }
    }
}

fn ignored_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_as_bits() {
        let ignored = |status: &str| Ignored { bits: ignored_in(status) };
        let status = ignored("Name:\tx\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n");
        assert!(status.has(SIGHUP) && !status.has(SIGINT) && !status.has(SIGTERM));
        let unknown = ignored("Name:\tx\n");
        assert!(unknown.has(SIGHUP) && !unknown.has(SIGINT));
    }
}
