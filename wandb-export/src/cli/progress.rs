//! A line on stderr that shows that something is going on.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use wandb_core::Row;
use wandb_core::page::Page;

use crate::api::{Api, DownloadProgress};
use crate::sink::{Sink, SinkError, SinkReport};

/// How often the line is drawn anew.
const INTERVAL: Duration = Duration::from_millis(100);

/// Something on stderr that is drawn anew by a thread until it is dropped.
#[derive(Debug)]
pub(super) struct Drawing {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drawing {
    /// Draws `bar` as `template` says, as long as `update` has brought it up to date; nothing without a terminal.
    pub(super) fn start(
        wanted: bool,
        bar: impl FnOnce() -> ProgressBar + Send + 'static,
        template: &'static str,
        update: impl Fn(&ProgressBar) + Send + 'static,
    ) -> Option<Self> {
        if !wanted || !std::io::stderr().is_terminal() {
            return None;
        }
        let (stop, stopped) = channel();
        let draw = move || {
            let bar = bar();
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                update(&bar);
                bar.tick();
            }
            bar.finish_and_clear();
        };
        // Without a thread to draw on the work goes on unseen.
        let thread = thread::Builder::new().name("wandb-export-progress".to_owned()).spawn(draw).ok();
        Some(Self { stop: Some(stop), thread })
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

/// How often something is said where no terminal is.
#[cfg(feature = "mirror")]
const SLOW_INTERVAL: Duration = Duration::from_secs(10);

/// Something that is said now and then by a thread until it is dropped.
#[cfg(feature = "mirror")]
#[derive(Debug)]
pub(super) struct Slow {
    _thread: Drawing,
}

#[cfg(feature = "mirror")]
impl Slow {
    pub(super) fn start(speak: impl Fn() + Send + 'static) -> Self {
        let (stop, stopped) = channel();
        let speak = move || {
            while stopped.recv_timeout(SLOW_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                speak();
            }
        };
        let thread = thread::Builder::new().name("wandb-export-progress".to_owned()).spawn(speak).ok();
        Self { _thread: Drawing { stop: Some(stop), thread } }
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
    if tally.retries > 0 {
        parts.push(format!("{} tried again", HumanCount(tally.retries)));
    }
    if tally.rate_limited > 0 {
        parts.push(format!("{} refused by the rate limit", HumanCount(tally.rate_limited)));
    }
    parts.join(", ")
}

struct Counted {
    sink: Box<dyn Sink>,
    rows: Arc<AtomicU64>,
}

impl Sink for Counted {
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
    fn begin_batches(&mut self, schema: &crate::table::Schema) -> Result<bool, SinkError> {
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
