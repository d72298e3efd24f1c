//! How far a mirror is.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar};
use wandb_core::text::printable;

use super::output::say;
use super::progress::{Drawing, troubles};
use crate::api::Api;
use crate::mirror::MirrorEvent;

/// How often something is said where no terminal is.
const SPOKEN_INTERVAL: Duration = Duration::from_secs(10);

/// A line on stderr that shows how far a mirror is: drawn anew on a terminal, written now and then elsewhere.
#[derive(Debug)]
pub(super) struct MirrorBar {
    seen: Arc<Seen>,
    _drawing: Option<Drawing>,
}

#[derive(Debug, Default)]
struct Seen {
    runs: AtomicU64,
    runs_done: AtomicU64,
    rows_done: AtomicU64,
    file_bytes: AtomicU64,
    failed: AtomicU64,
    /// The run that something has come of last, and what.
    latest: Mutex<String>,
}

impl MirrorBar {
    pub(super) fn start(api: &Api, wanted: bool) -> Self {
        let seen = Arc::new(Seen::default());
        let drawing = wanted.then(|| Self::draw(api.clone(), Arc::clone(&seen)));
        Self { seen, _drawing: drawing }
    }

    fn draw(api: Api, seen: Arc<Seen>) -> Drawing {
        if !std::io::stderr().is_terminal() {
            let speak = move |&(): &()| {
                let (done, runs) =
                    (seen.runs_done.load(Ordering::Relaxed), seen.runs.load(Ordering::Relaxed));
                say(&format!("{} of {} runs, {}", HumanCount(done), HumanCount(runs), seen.line(&api)));
            };
            return Drawing::every(SPOKEN_INTERVAL, || (), speak, drop);
        }
        let update = move |bar: &ProgressBar| {
            bar.set_length(seen.runs.load(Ordering::Relaxed));
            bar.set_position(seen.runs_done.load(Ordering::Relaxed));
            bar.set_message(seen.line(&api));
        };
        Drawing::bar(|| ProgressBar::new(0), "{bar:20} {pos} of {len} runs, {eta} left, {msg}", update)
    }

    /// What events are to be told to.
    pub(super) fn listener(&self) -> impl Fn(&MirrorEvent) + Send + Sync + 'static {
        let seen = Arc::clone(&self.seen);
        move |event| seen.note(event)
    }
}

impl Seen {
    fn note(&self, event: &MirrorEvent) {
        match event {
            MirrorEvent::Listed { to_fetch, .. } => {
                self.runs.fetch_add(*to_fetch, Ordering::Relaxed);
            }
            MirrorEvent::Rows { run, rows } => {
                let done = self.rows_done.fetch_add(*rows, Ordering::Relaxed) + rows;
                self.at(format!("{} rows so far, now {}", HumanCount(done), run.run()));
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

    fn at(&self, what: String) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    fn line(&self, api: &Api) -> String {
        let tally = api.tally();
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut parts = vec![printable(&latest).into_owned()];
        parts.retain(|part| !part.is_empty());
        parts.push(format!("{} of files", HumanBytes(self.file_bytes.load(Ordering::Relaxed))));
        parts.push(format!("{} requests", HumanCount(tally.requests)));
        parts.extend(troubles(&tally));
        if tally.waited.as_secs() > 0 {
            parts.push(format!("{} s waited in all", tally.waited.as_secs()));
        }
        let failed = self.failed.load(Ordering::Relaxed);
        if failed > 0 {
            parts.push(format!("{} with something missing", HumanCount(failed)));
        }
        parts.join(", ")
    }
}
