//! Finds the time of a run's last activity in its log. The file's own time changes when the file is copied.

use bytes::Bytes;
use prost::Message;

use crate::proto::{History, Item, Output, Time};
use crate::time::seconds;

/// Tracks the latest time of a run. Of rows and output, only the last are decoded.
#[derive(Debug, Default)]
pub(super) struct Activity {
    latest: Option<f64>,
    /// The content of the last `HistoryRecord`.
    pub(super) last_row: Bytes,
    /// The content of the last `OutputRecord` or `OutputRawRecord`.
    pub(super) last_output: Bytes,
}

impl Activity {
    /// Records a time.
    pub(super) fn at(&mut self, time: Option<Time>) {
        self.record(time.map(seconds));
    }

    /// Records the `_timestamp` of a row.
    pub(super) fn row(&mut self, items: &[Item]) {
        let at = items.iter().rfind(|item| item.only_key() == Some(b"_timestamp".as_slice()));
        self.record(at.and_then(Item::value).and_then(|at| at.as_f64()));
    }

    fn record(&mut self, at: Option<f64>) {
        let at = at.filter(|at| at.is_finite());
        self.latest = self.latest.into_iter().chain(at).reduce(f64::max);
    }

    /// The time of the last activity, in seconds since 1970.
    pub(super) fn last(mut self) -> Option<f64> {
        if let Ok(row) = History::decode(std::mem::take(&mut self.last_row)) {
            self.row(&row.item);
        }
        if let Ok(output) = Output::decode(std::mem::take(&mut self.last_output)) {
            self.at(output.timestamp);
        }
        self.latest
    }
}
