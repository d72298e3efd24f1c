//! Progress of a mirror.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar};
use wandb_core::text::printable;

use super::output::say;
use super::progress::{ProgressThread, retry_counts};
use crate::api::Api;
use crate::mirror::MirrorEvent;

/// Interval between progress lines if stderr is not a terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// Shows the progress of a mirror on stderr: as a bar on a terminal, else as a line every now and then.
#[derive(Debug)]
pub(super) struct MirrorBar {
    counters: Arc<Counters>,
    _thread: Option<ProgressThread>,
}

#[derive(Debug, Default)]
struct Counters {
    runs: AtomicU64,
    runs_done: AtomicU64,
    rows_done: AtomicU64,
    file_bytes: AtomicU64,
    failed: AtomicU64,
    /// Describes the rows received last.
    latest: Mutex<String>,
}

impl MirrorBar {
    pub(super) fn start(api: &Api, wanted: bool) -> Self {
        let counters = Arc::new(Counters::default());
        let thread = wanted.then(|| Self::start_thread(api.clone(), Arc::clone(&counters)));
        Self { counters, _thread: thread }
    }

    fn start_thread(api: Api, counters: Arc<Counters>) -> ProgressThread {
        if !std::io::stderr().is_terminal() {
            let print = move |&(): &()| {
                let (done, runs) =
                    (counters.runs_done.load(Ordering::Relaxed), counters.runs.load(Ordering::Relaxed));
                say(&format!(
                    "{} of {} runs, {}",
                    HumanCount(done),
                    HumanCount(runs),
                    counters.format_status(&api)
                ));
            };
            return ProgressThread::run_every(LINE_INTERVAL, || (), print, drop);
        }
        let update = move |bar: &ProgressBar| {
            bar.set_length(counters.runs.load(Ordering::Relaxed));
            bar.set_position(counters.runs_done.load(Ordering::Relaxed));
            bar.set_message(counters.format_status(&api));
        };
        ProgressThread::start_bar(
            || ProgressBar::new(0),
            "{bar:20} {pos} of {len} runs, {eta} left, {msg}",
            update,
        )
    }

    /// Returns a listener that counts the events of a mirror.
    pub(super) fn listener(&self) -> impl Fn(&MirrorEvent) + Send + Sync + 'static {
        let counters = Arc::clone(&self.counters);
        move |event| counters.record(event)
    }
}

impl Counters {
    fn record(&self, event: &MirrorEvent) {
        match event {
            MirrorEvent::Listed { to_fetch, .. } => {
                self.runs.fetch_add(*to_fetch, Ordering::Relaxed);
            }
            MirrorEvent::Rows { run, rows } => {
                let done = self.rows_done.fetch_add(*rows, Ordering::Relaxed) + rows;
                self.set_latest(format!("{} rows, reading {}", HumanCount(done), run.run()));
            }
            MirrorEvent::File { bytes, .. } => {
                self.file_bytes.fetch_add(*bytes, Ordering::Relaxed);
            }
            MirrorEvent::Run { missing, .. } => {
                self.runs_done.fetch_add(1, Ordering::Relaxed);
                self.failed.fetch_add(u64::from(!missing.is_empty()), Ordering::Relaxed);
            }
            MirrorEvent::Project { .. } => {}
        }
    }

    fn set_latest(&self, text: String) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    fn format_status(&self, api: &Api) -> String {
        let tally = api.stats();
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut parts = vec![printable(&latest).into_owned()];
        parts.retain(|part| !part.is_empty());
        parts.push(format!("{} of files", HumanBytes(self.file_bytes.load(Ordering::Relaxed))));
        parts.push(format!("{} requests", HumanCount(tally.requests)));
        parts.extend(retry_counts(&tally));
        if tally.waited.as_secs() > 0 {
            parts.push(format!("waited {} s", tally.waited.as_secs()));
        }
        let failed = self.failed.load(Ordering::Relaxed);
        if failed > 0 {
            parts.push(format!("{} runs incomplete", HumanCount(failed)));
        }
        parts.join(", ")
    }
}
