//! Progress on stderr.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use wandb_core::Row;
use wandb_core::client::ClientStats;
use wandb_tables::{Batch, ColumnType, Schema, Sink, SinkError, SinkReport};

use super::output::say;
use crate::DownloadProgress;
use crate::api::Api;

/// Interval at which a bar is redrawn.
const INTERVAL: Duration = Duration::from_millis(100);

/// The bar on the terminal. Messages have to be printed above it.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Prints a message, above the bar if there is one.
pub(super) fn announce(text: &str) {
    let bar = BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bar {
        Some(bar) => bar.suspend(|| say(text)),
        None => say(text),
    }
}

fn set_current_bar(bar: Option<&ProgressBar>) {
    *BAR.lock().unwrap_or_else(PoisonError::into_inner) = bar.cloned();
}

/// A thread that updates progress on stderr until this value is dropped.
#[derive(Debug)]
pub(super) struct ProgressThread {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ProgressThread {
    /// Starts a bar if it is `wanted` and stderr is a terminal.
    fn start(
        wanted: bool,
        bar: impl FnOnce() -> ProgressBar + Send + 'static,
        template: &'static str,
        update: impl Fn(&ProgressBar) + Send + 'static,
    ) -> Option<Self> {
        (wanted && std::io::stderr().is_terminal()).then(|| Self::start_bar(bar, template, update))
    }

    /// Starts a bar with the style `template`, and calls `update` before each redraw.
    pub(super) fn start_bar(
        bar: impl FnOnce() -> ProgressBar + Send + 'static,
        template: &'static str,
        update: impl Fn(&ProgressBar) + Send + 'static,
    ) -> Self {
        let begin = move || {
            let bar = bar();
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            set_current_bar(Some(&bar));
            bar
        };
        let draw = move |bar: &ProgressBar| {
            update(bar);
            bar.tick();
        };
        let end = |bar: ProgressBar| {
            set_current_bar(None);
            bar.finish_and_clear();
        };
        Self::run_every(INTERVAL, begin, draw, end)
    }

    /// Calls `tick` at each interval with the value that `begin` returned. When dropped, passes the value to `end`.
    pub(super) fn run_every<T: 'static>(
        interval: Duration,
        begin: impl FnOnce() -> T + Send + 'static,
        tick: impl Fn(&T) + Send + 'static,
        end: impl FnOnce(T) + Send + 'static,
    ) -> Self {
        let (stop, stopped) = channel();
        let run = move || {
            let state = begin();
            while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                tick(&state);
            }
            end(state);
        };
        // If the thread cannot be started, the command runs without progress.
        let thread = thread::Builder::new().name("wandb-export-progress".to_owned()).spawn(run).ok();
        Self { stop: Some(stop), thread }
    }
}

impl Drop for ProgressThread {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // The thread only draws, so its panic must not fail the command.
            let _ = thread.join();
        }
    }
}

/// Progress of rows: the number of rows written, requests and bytes.
#[derive(Debug)]
pub(super) struct Progress {
    rows: Arc<AtomicU64>,
    _thread: Option<ProgressThread>,
}

impl Progress {
    pub(super) fn start(api: &Api, wanted: bool) -> Self {
        let rows = Arc::new(AtomicU64::new(0));
        let (api, counted) = (api.clone(), Arc::clone(&rows));
        let update =
            move |bar: &ProgressBar| bar.set_message(format_status(&api, counted.load(Ordering::Relaxed)));
        let thread =
            ProgressThread::start(wanted, ProgressBar::new_spinner, "{spinner} {elapsed} {msg}", update);
        Self { rows, _thread: thread }
    }

    /// Wraps `sink` so that its rows are counted.
    pub(super) fn count_rows(&self, sink: Box<dyn Sink>) -> Box<dyn Sink> {
        Box::new(CountingSink { sink, rows: Arc::clone(&self.rows) })
    }
}

/// Progress of downloads: bytes, rate and files.
#[derive(Debug)]
pub(super) struct DownloadBar {
    _thread: Option<ProgressThread>,
}

impl DownloadBar {
    pub(super) fn start(progress: &DownloadProgress, wanted: bool) -> Self {
        let progress = progress.clone();
        let update = move |bar: &ProgressBar| {
            bar.set_length(progress.bytes());
            bar.set_position(progress.bytes_done());
            bar.set_message(format!("{} of {} files", progress.files_done(), progress.files()));
        };
        let template = "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left, {msg}";
        Self { _thread: ProgressThread::start(wanted, || ProgressBar::new(0), template, update) }
    }
}

fn format_status(api: &Api, rows: u64) -> String {
    let tally = api.stats();
    let mut parts = vec![
        format!("{} rows", HumanCount(rows)),
        format!("{} requests", HumanCount(tally.requests)),
        HumanBytes(tally.bytes).to_string(),
    ];
    parts.extend(retry_counts(&tally));
    parts.join(", ")
}

/// Describes the retries and rate-limited requests, if any.
pub(super) fn retry_counts(tally: &ClientStats) -> impl Iterator<Item = String> {
    let retries = (tally.retries > 0).then(|| format!("{} retries", HumanCount(tally.retries)));
    let limited = tally.rate_limited;
    let limited = (limited > 0).then(|| format!("{} rate limited", HumanCount(limited)));
    retries.into_iter().chain(limited)
}

struct CountingSink {
    sink: Box<dyn Sink>,
    rows: Arc<AtomicU64>,
}

impl Sink for CountingSink {
    fn divides_objects(&self) -> bool {
        self.sink.divides_objects()
    }

    fn write(&mut self, rows: &[Row]) -> Result<(), SinkError> {
        self.sink.write(rows)?;
        self.rows.fetch_add(rows.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn expect_columns(&mut self, columns: &[(String, Option<ColumnType>)]) -> Result<(), SinkError> {
        self.sink.expect_columns(columns)
    }

    fn begin_columns(&mut self, schema: &Schema) -> Result<bool, SinkError> {
        self.sink.begin_columns(schema)
    }

    fn write_batch(&mut self, batch: &Batch) -> Result<(), SinkError> {
        self.sink.write_batch(batch)?;
        self.rows.fetch_add(batch.row_count() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<SinkReport, SinkError> {
        self.sink.finish()
    }
}
