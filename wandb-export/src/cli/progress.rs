//! A line on stderr that shows that something is going on.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use wandb_core::Row;
use wandb_core::client::Tally;
use wandb_core::page::Page;
use wandb_tables::{Sink, SinkError, SinkReport};

use super::output::say;
use crate::api::{Api, DownloadProgress};

/// How often the line is drawn anew.
const INTERVAL: Duration = Duration::from_millis(100);

/// The bar that is on the terminal, which what is said has to go above.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Says something at any time, above a bar if there is one.
pub(super) fn announce(text: &str) {
    let bar = BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bar {
        Some(bar) => bar.suspend(|| say(text)),
        None => say(text),
    }
}

fn shown(bar: Option<&ProgressBar>) {
    *BAR.lock().unwrap_or_else(PoisonError::into_inner) = bar.cloned();
}

/// Something on stderr that is drawn anew by a thread until it is dropped.
#[derive(Debug)]
pub(super) struct Drawing {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drawing {
    /// Draws a bar if it is `wanted` and there is a terminal to draw it on.
    fn start(
        wanted: bool,
        bar: impl FnOnce() -> ProgressBar + Send + 'static,
        template: &'static str,
        update: impl Fn(&ProgressBar) + Send + 'static,
    ) -> Option<Self> {
        (wanted && std::io::stderr().is_terminal()).then(|| Self::bar(bar, template, update))
    }

    /// Draws `bar` as `template` says, as long as `update` has brought it up to date.
    pub(super) fn bar(
        bar: impl FnOnce() -> ProgressBar + Send + 'static,
        template: &'static str,
        update: impl Fn(&ProgressBar) + Send + 'static,
    ) -> Self {
        let begin = move || {
            let bar = bar();
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            shown(Some(&bar));
            bar
        };
        let draw = move |bar: &ProgressBar| {
            update(bar);
            bar.tick();
        };
        let end = |bar: ProgressBar| {
            shown(None);
            bar.finish_and_clear();
        };
        Self::every(INTERVAL, begin, draw, end)
    }

    /// Has `tick` called again and again, with what `begin` has made, until this is dropped.
    pub(super) fn every<T: 'static>(
        interval: Duration,
        begin: impl FnOnce() -> T + Send + 'static,
        tick: impl Fn(&T) + Send + 'static,
        end: impl FnOnce(T) + Send + 'static,
    ) -> Self {
        let (stop, stopped) = channel();
        let run = move || {
            let made = begin();
            while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                tick(&made);
            }
            end(made);
        };
        // Without a thread the work goes on unseen.
        let thread = thread::Builder::new().name("wandb-export-progress".to_owned()).spawn(run).ok();
        Self { stop: Some(stop), thread }
    }
}

impl Drop for Drawing {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It draws and nothing else; a panic on it is no reason to fail.
            let _ = thread.join();
        }
    }
}

/// How many rows have been written and what that took.
#[derive(Debug)]
pub(super) struct Progress {
    rows: Arc<AtomicU64>,
    _drawing: Option<Drawing>,
}

impl Progress {
    pub(super) fn start(api: &Api, wanted: bool) -> Self {
        let rows = Arc::new(AtomicU64::new(0));
        let (api, counted) = (api.clone(), Arc::clone(&rows));
        let update = move |bar: &ProgressBar| bar.set_message(line(&api, counted.load(Ordering::Relaxed)));
        let drawing = Drawing::start(wanted, ProgressBar::new_spinner, "{spinner} {elapsed} {msg}", update);
        Self { rows, _drawing: drawing }
    }

    /// The same sink, whose rows are counted.
    pub(super) fn counted(&self, sink: Box<dyn Sink>) -> Box<dyn Sink> {
        Box::new(Counted { sink, rows: Arc::clone(&self.rows) })
    }
}

/// Bytes and rate of downloads.
#[derive(Debug)]
pub(super) struct DownloadBar {
    _drawing: Option<Drawing>,
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
        Self { _drawing: Drawing::start(wanted, || ProgressBar::new(0), template, update) }
    }
}

fn line(api: &Api, rows: u64) -> String {
    let tally = api.tally();
    let mut parts = vec![
        format!("{} rows", HumanCount(rows)),
        format!("{} requests", HumanCount(tally.requests)),
        HumanBytes(tally.bytes).to_string(),
    ];
    parts.extend(troubles(&tally));
    parts.join(", ")
}

/// What did not go well so far.
pub(super) fn troubles(tally: &Tally) -> impl Iterator<Item = String> {
    let retries = (tally.retries > 0).then(|| format!("{} tried again", HumanCount(tally.retries)));
    let refused = tally.rate_limited;
    let refused = (refused > 0).then(|| format!("{} refused by the rate limit", HumanCount(refused)));
    retries.into_iter().chain(refused)
}

struct Counted {
    sink: Box<dyn Sink>,
    rows: Arc<AtomicU64>,
}

impl Sink for Counted {
    fn divides_objects(&self) -> bool {
        self.sink.divides_objects()
    }

    fn write(&mut self, rows: &[Row]) -> Result<(), SinkError> {
        self.sink.write(rows)?;
        self.rows.fetch_add(rows.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn write_page(&mut self, page: &Page) -> Result<(), SinkError> {
        self.sink.write_page(page)?;
        self.rows.fetch_add(page.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    #[cfg(feature = "parquet")]
    fn begin_batches(&mut self, schema: &wandb_tables::Schema) -> Result<bool, SinkError> {
        self.sink.begin_batches(schema)
    }

    #[cfg(feature = "parquet")]
    fn write_batch(&mut self, batch: &arrow_array::RecordBatch) -> Result<(), SinkError> {
        self.sink.write_batch(batch)?;
        self.rows.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<SinkReport, SinkError> {
        self.sink.finish()
    }
}
