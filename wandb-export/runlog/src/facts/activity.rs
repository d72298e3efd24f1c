//! When a run has last been heard of, by the times in its file: that of the file itself changes when it is copied.

use bytes::Bytes;
use prost::Message;

use crate::proto::{History, Item, Output, Time};
use crate::time::seconds;

/// The records that a run was last heard of by. Only the last row and the last output are looked into.
#[derive(Debug, Default)]
pub(super) struct Activity {
    latest: Option<f64>,
    /// The last `HistoryRecord`.
    pub(super) last_row: Bytes,
    /// The last `OutputRecord` or `OutputRawRecord`.
    pub(super) last_output: Bytes,
}

impl Activity {
    /// Takes a moment.
    pub(super) fn at(&mut self, time: Option<Time>) {
        self.heard(time.map(seconds));
    }

    /// Takes the items of a row.
    pub(super) fn row(&mut self, items: &[Item]) {
        let at = items.iter().rfind(|item| item.only_key() == Some(b"_timestamp".as_slice()));
        self.heard(at.and_then(Item::value).and_then(|at| at.as_f64()));
    }

    fn heard(&mut self, at: Option<f64>) {
        let at = at.filter(|at| at.is_finite());
        self.latest = self.latest.into_iter().chain(at).reduce(f64::max);
    }

    /// When the run has last been heard of, in seconds since 1970.
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
