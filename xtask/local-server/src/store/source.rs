//! Rows that are generated on demand.

use std::ops::Range;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use super::columns::record_batch;
use super::history::write_json_string;
use super::keys::KeyStatistics;
use crate::text;

/// Generates the rows of a run on demand, so that a long run takes little memory.
pub(crate) trait RowSource: std::fmt::Debug + Send + Sync {
    /// Returns the number of rows.
    fn len(&self) -> usize;

    /// Returns the step of a row.
    fn step(&self, index: usize) -> i64;

    /// Returns a row as JSON text.
    fn text(&self, index: usize) -> String;

    /// Returns the key statistics of all rows, for `historyKeys`.
    fn keys(&self) -> KeyStatistics;

    /// Whether all rows have the same keys.
    fn is_uniform(&self) -> bool {
        true
    }

    /// Appends a row to `out` as a JSON string.
    fn write_json_string(&self, index: usize, out: &mut Vec<u8>) {
        write_json_string(&self.text(index), out);
    }

    /// Returns the JSON text of one value of a row.
    fn value(&self, index: usize, key: &str) -> Option<String> {
        text::parse(&self.text(index)).get(key).map(serde_json::Value::to_string)
    }

    /// Returns some rows as columns, ordered by name. Returns `None` if the columns would depend on the selected rows.
    fn record_batch(&self, rows: Range<usize>) -> Option<Result<RecordBatch, ArrowError>> {
        let rows: Vec<_> = rows.map(|index| text::parse(&self.text(index))).collect();
        self.is_uniform().then(|| record_batch(&rows))
    }
}
