//! Reads the system metrics of a run.

use std::io::{self, Read};

use wandb_core::{Row, Value};

use crate::proto::{self, Stats, Time};
use crate::records::{Losses, Records};
use crate::time::seconds;

/// Maximum number of rows in a batch.
const ROWS_AT_ONCE: usize = 256;

/// Reads the system metrics of a run, with one batch in memory.
///
/// Rows are the same as on a server: `_wandb`, `_timestamp` in seconds since 1970, `_runtime` in seconds since the
/// start of the run, and the metrics with the prefix `system.`.
#[derive(Debug)]
pub struct SystemReader<R> {
    records: Records<R>,
    start: Option<Time>,
}

impl<R: Read> SystemReader<R> {
    /// Makes a reader of a log file.
    pub fn new(source: R) -> Self {
        Self { records: Records::new(source), start: None }
    }

    /// Returns the next rows; `None` at the end.
    ///
    /// # Errors
    /// Only errors of the source. For damage, see [`losses`](Self::losses).
    pub fn next_rows(&mut self) -> io::Result<Option<Vec<Row>>> {
        let mut rows = Vec::new();
        while rows.len() < ROWS_AT_ONCE
            && let Some(record) = self.records.next_record()?
        {
            if let Some(run) = record.run {
                let run = self.records.read::<proto::Run>(run);
                self.start = self.start.or(run.and_then(|run| run.start_time));
            } else if let Some(stats) = record.stats
                && let Some(stats) = self.records.read::<Stats>(stats)
            {
                rows.push(self.row(&stats));
            }
        }
        Ok((!rows.is_empty()).then_some(rows))
    }

    /// The losses so far.
    pub fn losses(&self) -> &Losses {
        self.records.losses()
    }

    fn row(&mut self, stats: &Stats) -> Row {
        let mut cells = vec![("_wandb".to_owned(), Value::Bool(true))];
        if let Some(at) = stats.timestamp {
            cells.push(("_timestamp".to_owned(), Value::Float(seconds(at))));
            if let Some(start) = self.start {
                cells.push(("_runtime".to_owned(), Value::Float(seconds_between(start, at))));
            }
        }
        let mut is_whole = true;
        for item in &stats.item {
            match (item.single_key(), item.value()) {
                (Some(key), Some(value)) => cells.push((format!("system.{key}"), value)),
                _ => is_whole = false,
            }
        }
        if !is_whole {
            self.records.mark_malformed();
        }
        cells.into_iter().collect()
    }
}

/// The seconds between two times. Rounds whole seconds and the fraction separately, as the SDK does.
fn seconds_between(start: Time, end: Time) -> f64 {
    let nanos = |time: Time| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
    let nanos = nanos(end) - nanos(start);
    #[expect(clippy::cast_precision_loss, reason = "no run lasts 2^53 seconds")]
    let (whole, rest) = ((nanos / 1_000_000_000) as f64, (nanos % 1_000_000_000) as f64);
    whole + rest / 1e9
}
