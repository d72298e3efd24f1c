//! Reads the first rows of a history without requesting many more.

use std::ops::Range;

use futures_util::stream::{self, StreamExt};

use super::scanner::HistoryScanner;
use crate::error::Error;
use crate::source::history::Batches;

/// Reads windows of `steps` from the live query until it has enough rows. Each window is twice as wide as the last.
struct LimitedReader {
    scanner: HistoryScanner,
    steps: Range<i64>,
    width: u64,
    left: u64,
    window: Option<Batches>,
}

/// Reads at least the first `rows` rows of `steps`, or all if there are fewer.
pub(super) fn read_limited(scanner: &HistoryScanner, steps: Range<i64>, rows: u64) -> Batches {
    let reader =
        LimitedReader { scanner: scanner.clone(), steps, width: rows.max(1), left: rows, window: None };
    stream::unfold(reader, next_batch).boxed()
}

type Next = Option<(Result<wandb_tables::Batch, Error>, LimitedReader)>;

async fn next_batch(mut reader: LimitedReader) -> Next {
    while reader.left > 0 {
        let Some(window) = &mut reader.window else {
            if reader.steps.is_empty() {
                return None;
            }
            let end = reader.steps.start.saturating_add_unsigned(reader.width).min(reader.steps.end);
            let steps = reader.steps.start..end;
            reader.window = Some(reader.scanner.read_live(steps));
            reader.steps.start = end;
            reader.width = reader.width.saturating_mul(2);
            continue;
        };
        match window.next().await {
            Some(Ok(batch)) => {
                reader.left = reader.left.saturating_sub(batch.row_count() as u64);
                return Some((Ok(batch), reader));
            }
            Some(Err(error)) => {
                reader.left = 0;
                return Some((Err(error), reader));
            }
            None => reader.window = None,
        }
    }
    None
}
