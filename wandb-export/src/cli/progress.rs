//! A line on stderr that shows that something is going on.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use wandb_core::Row;

use crate::api::Api;
use crate::sink::{Sink, SinkError, SinkReport};

/// How often the line is drawn anew.
const INTERVAL: Duration = Duration::from_millis(100);

/// Progress that is drawn until it is dropped, if stderr is a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    rows: Arc<AtomicU64>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    pub(super) fn start(api: &Api, wanted: bool) -> Self {
        let rows = Arc::new(AtomicU64::new(0));
        if !wanted || !std::io::stderr().is_terminal() {
            return Self { rows, stop: None, thread: None };
        }
        let (stop, stopped) = channel();
        let (api, counted) = (api.clone(), Arc::clone(&rows));
        let draw = move || {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
                bar.set_style(style);
            }
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                bar.set_message(line(&api, counted.load(Ordering::Relaxed)));
                bar.tick();
            }
            bar.finish_and_clear();
        };
        // Without a thread to draw on the work goes on unseen.
        let thread = thread::Builder::new().name("wandb-export-progress".to_owned()).spawn(draw).ok();
        Self { rows, stop: Some(stop), thread }
    }

    /// The same sink, whose rows are counted.
    pub(super) fn counted(&self, sink: Box<dyn Sink>) -> Box<dyn Sink> {
        Box::new(Counted { sink, rows: Arc::clone(&self.rows) })
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It draws and nothing else; a panic on it is no reason to fail.
            let _ = thread.join();
        }
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

    fn finish(self: Box<Self>) -> Result<SinkReport, SinkError> {
        self.sink.finish()
    }
}
