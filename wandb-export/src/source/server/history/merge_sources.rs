//! Merges the rows of several sources into one history.

use std::collections::VecDeque;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use wandb_core::Row;
use wandb_core::client::Client;
use wandb_graphql::plan::join;
use wandb_tables::Batch;

use super::canonical_text::canonical_text;
use crate::error::Error;
use crate::source::history::{Batches, batch_to_rows};
use crate::source::memory_size::{BATCH_BYTES, estimate_row_bytes};

/// Maximum number of rows in a batch, unless a single step has more.
const BATCH_ROWS: usize = 4_096;

/// Merges two sources in step order. A row that both have appears as often as in the source that has it more often;
/// see [`join`].
pub(super) fn merge_sources(client: &Client, first: Batches, second: Batches) -> Batches {
    let source =
        |batches| MergeSource { client: client.clone(), batches, rows: VecDeque::new(), step: i64::MIN };
    let sources = (source(first), source(second));
    let next = |(mut first, mut second): (MergeSource, MergeSource)| async move {
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while rows.len() < BATCH_ROWS && bytes < BATCH_BYTES {
            let step = match (first.next_step().await?, second.next_step().await?) {
                (Some(one), Some(other)) => one.min(other),
                (Some(step), None) | (None, Some(step)) => step,
                (None, None) => break,
            };
            let joined = join(first.take(step).await?, second.take(step).await?, canonical_text);
            bytes += joined.iter().map(estimate_row_bytes).sum::<usize>();
            rows.extend(joined);
        }
        let batch = (!rows.is_empty()).then_some(Batch::Rows(rows));
        Ok::<_, Error>(batch.map(|batch| (batch, (first, second))))
    };
    stream::try_unfold(sources, next).boxed()
}

/// One of the two sources.
struct MergeSource {
    client: Client,
    batches: Batches,
    rows: VecDeque<(i64, Row)>,
    /// The step of the last row with a step.
    step: i64,
}

impl MergeSource {
    async fn next_step(&mut self) -> Result<Option<i64>, Error> {
        while self.rows.is_empty() {
            let Some(batch) = self.batches.try_next().await? else { return Ok(None) };
            for row in batch_to_rows(&self.client, batch).await? {
                // A row without a step stays after the one before it.
                self.step = row.step().unwrap_or(self.step).max(self.step);
                self.rows.push_back((self.step, row));
            }
        }
        Ok(self.rows.front().map(|(step, _)| *step))
    }

    /// Takes all rows up to and including `step`.
    async fn take(&mut self, step: i64) -> Result<Vec<Row>, Error> {
        let mut taken = Vec::new();
        while self.next_step().await?.is_some_and(|next| next <= step) {
            taken.extend(self.rows.pop_front().map(|(_, row)| row));
        }
        Ok(taken)
    }
}
