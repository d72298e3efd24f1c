//! Reads the first rows of a history without requesting many more.

use std::ops::Range;

use futures_util::stream::{self, StreamExt};

use super::whole::Reading;
use crate::error::Error;
use crate::source::history::Batches;

/// Reads windows of `steps` from the live query until it has enough rows. Each window is twice as wide as the last.
struct Few {
    reading: Reading,
    steps: Range<i64>,
    width: u64,
    left: u64,
    window: Option<Batches>,
}

/// Reads at least the first `rows` rows of `steps`, or all if there are fewer.
pub(super) fn few(reading: &Reading, steps: Range<i64>, rows: u64) -> Batches {
    let few = Few { reading: reading.clone(), steps, width: rows.max(1), left: rows, window: None };
    stream::unfold(few, next).boxed()
}

type Next = Option<(Result<wandb_tables::Batch, Error>, Few)>;

async fn next(mut few: Few) -> Next {
    while few.left > 0 {
        let Some(window) = &mut few.window else {
            if few.steps.is_empty() {
                return None;
            }
            let end = few.steps.start.saturating_add_unsigned(few.width).min(few.steps.end);
            let steps = few.steps.start..end;
            few.window = Some(few.reading.live(steps));
            few.steps.start = end;
            few.width = few.width.saturating_mul(2);
            continue;
        };
        match window.next().await {
            Some(Ok(batch)) => {
                few.left = few.left.saturating_sub(batch.row_count() as u64);
                return Some((Ok(batch), few));
            }
            Some(Err(error)) => {
                few.left = 0;
                return Some((Err(error), few));
            }
            None => few.window = None,
        }
    }
    None
}
