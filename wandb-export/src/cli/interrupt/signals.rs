//! Signals that ask the program to end. A signal that is ignored at startup stays ignored, as `nohup` expects.

use std::io;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Calls `handler` for each signal that asks the program to end.
pub(super) fn set_handler(mut handler: impl FnMut() + Send + 'static) -> io::Result<()> {
    let ignored = IgnoredSignals::inherited();
    let watched: Vec<i32> =
        [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !ignored.contains(*signal)).collect();
    let mut signals = Signals::new(watched)?;
    let run = move || {
        for _ in signals.forever() {
            handler();
        }
    };
    thread::Builder::new().name("wandb-export-signals".to_owned()).spawn(run).map(drop)
}

/// A set of ignored signals.
struct IgnoredSignals {
    /// One bit per signal, beginning with signal 1; `None` if the system does not report it.
    bits: Option<u64>,
}

impl IgnoredSignals {
    /// Signals that were ignored when the program started.
    fn inherited() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").ok();
        Self { bits: status.as_deref().and_then(parse_ignored) }
    }

    /// If the system does not report ignored signals, SIGHUP counts as ignored and gets no handler. It then ends the
    /// program, unless `nohup` made the process ignore it.
    fn contains(&self, signal: i32) -> bool {
        match self.bits {
            Some(bits) => bits >> (signal - 1) & 1 == 1,
            None => signal == SIGHUP,
        }
    }
}

fn parse_ignored(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_parsed_from_bits() {
        let ignored = |status: &str| IgnoredSignals { bits: parse_ignored(status) };
        let status = ignored("Name:\tx\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n");
        assert!(status.contains(SIGHUP) && !status.contains(SIGINT) && !status.contains(SIGTERM));
        let unknown = ignored("Name:\tx\n");
        assert!(unknown.contains(SIGHUP) && !unknown.contains(SIGINT));
    }
}
