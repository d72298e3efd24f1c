//! What the machine measured while a run went on.

use std::io::{self, Read};

use wandb_core::{Row, Value};

use crate::proto::{self, Stats, Time};
use crate::records::{Losses, Records};
use crate::time::seconds;

/// So many rows are handed out at once, at the most.
const ROWS_AT_ONCE: usize = 256;

/// Reads the system metrics of a run, in memory for a batch.
///
/// Rows are as a server has them: `_wandb`, `_timestamp` in seconds since 1970, `_runtime` in seconds since the run began,
/// and the metrics behind `system.`
#[derive(Debug)]
pub struct SystemReader<R> {
    records: Records<R>,
    start: Option<Time>,
}

impl<R: Read> SystemReader<R> {
    /// Reads a file.
    pub fn new(source: R) -> Self {
        Self { records: Records::new(source), start: None }
    }

    /// The next rows, `None` at the end.
    ///
    /// # Errors
    /// Those of the source alone; see [`losses`](Self::losses).
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

    /// What could not be read so far.
    pub fn losses(&self) -> &Losses {
        self.records.losses()
    }

    fn row(&mut self, stats: &Stats) -> Row {
        let mut cells = vec![("_wandb".to_owned(), Value::Bool(true))];
        if let Some(at) = stats.timestamp {
            cells.push(("_timestamp".to_owned(), Value::Float(seconds(at))));
            if let Some(start) = self.start {
                cells.push(("_runtime".to_owned(), Value::Float(between(start, at))));
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
            self.records.lose();
        }
        cells.into_iter().collect()
    }
}

/// The seconds from one moment to another, rounded as the SDK rounds them: whole seconds and the rest by themselves.
fn between(start: Time, end: Time) -> f64 {
    let nanos = |time: Time| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
    let nanos = nanos(end) - nanos(start);
    #[expect(clippy::cast_precision_loss, reason = "runs are shorter than that")]
    let (whole, rest) = ((nanos / 1_000_000_000) as f64, (nanos % 1_000_000_000) as f64);
    whole + rest / 1e9
}
