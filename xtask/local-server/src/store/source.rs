//! Rows that are made when they are asked for.

use std::ops::Range;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use super::columns::record_batch;
use super::history::write_json_string;
use super::keys::KeyStatistics;
use crate::text;

/// Makes the rows of a run on demand, so that a long run takes little memory.
pub(crate) trait RowSource: std::fmt::Debug + Send + Sync {
    /// The number of rows.
    fn len(&self) -> usize;

    /// The step of a row.
    fn step(&self, index: usize) -> i64;

    /// A row as JSON text.
    fn text(&self, index: usize) -> String;

    /// What `historyKeys` says of all rows.
    fn keys(&self) -> KeyStatistics;

    /// Whether every row holds the same keys.
    fn is_uniform(&self) -> bool {
        true
    }

    /// Appends a row to `out` as a JSON string.
    fn write_json_string(&self, index: usize, out: &mut Vec<u8>) {
        write_json_string(&self.text(index), out);
    }

    /// The JSON text of one value of a row.
    fn value(&self, index: usize, key: &str) -> Option<String> {
        text::parse(&self.text(index)).get(key).map(serde_json::Value::to_string)
    }

    /// Some rows as columns, in the order of their names. `None` if the columns depend on which rows these are.
    fn record_batch(&self, rows: Range<usize>) -> Option<Result<RecordBatch, ArrowError>> {
        let rows: Vec<_> = rows.map(|index| text::parse(&self.text(index))).collect();
        self.is_uniform().then(|| record_batch(&rows))
    }
}
