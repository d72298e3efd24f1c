//! Runs that are large along one dimension: wide cells, histograms, many keys, deep nesting, many system metrics.
//!
//! Rows are generated on demand from a prebuilt text, so that the number of rows costs no memory.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::keys::KeyStatistics;
use super::seed::NewRun;
use super::source::RowSource;

/// The dimension along which a run is large, and its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Axis {
    /// A long string in each row.
    Cells {
        /// Length of the string in bytes.
        bytes: usize,
    },
    /// A histogram with many bins in each row.
    Bins {
        /// Number of bins.
        bins: usize,
    },
    /// Numbers at a few of many keys in each row. With enough rows every key is set somewhere.
    Sparse {
        /// Number of keys.
        keys: usize,
        /// Number of keys that a row sets.
        per_row: usize,
    },
    /// System metrics: numbers at many keys in each row, without steps.
    System {
        /// Number of keys.
        keys: usize,
    },
    /// Deeply nested objects.
    Depth {
        /// Levels of nesting.
        levels: usize,
    },
}

/// Number of offsets in the pool at which the string of a row can start.
const OFFSETS: usize = 4_096;
/// Seconds between rows.
const SECONDS_PER_ROW: usize = 2;
/// Unix time of the first row.
const START_TIME: usize = 1_700_000_000;

/// The rows of a run that is large along one dimension.
#[derive(Debug)]
pub(crate) struct AxisRows {
    axis: Axis,
    rows: usize,
    pool: Arc<str>,
}

impl AxisRows {
    pub(crate) fn new(axis: Axis, rows: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(1);
        let pool: String = match axis {
            Axis::Cells { bytes } => {
                std::iter::repeat_with(|| random.alphanumeric()).take(bytes + OFFSETS).collect()
            }
            Axis::Bins { bins } => {
                let counts: Vec<u32> = std::iter::repeat_with(|| random.u32(0..10_000)).take(bins).collect();
                let edges: Vec<f64> = (0..=u32::try_from(bins).unwrap_or(u32::MAX))
                    .map(|edge| (f64::from(edge) / 10.0 - 50.0) / 3.0)
                    .collect();
                json!({ "_type": "histogram", "values": counts, "bins": edges }).to_string()
            }
            Axis::Depth { levels } => format!("{}1{}", r#"{"k":"#.repeat(levels), "}".repeat(levels)),
            Axis::Sparse { .. } | Axis::System { .. } => String::new(),
        };
        Self { axis, rows, pool: pool.into() }
    }

    /// Returns a number that varies by row and key.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    fn number(index: usize, key: usize) -> f64 {
        ((index * 31 + key * 17) % 10_007) as f64 / 8.0
    }
}

impl RowSource for AxisRows {
    fn len(&self) -> usize {
        self.rows
    }

    #[expect(clippy::cast_possible_wrap, reason = "a row index is below i64::MAX")]
    fn step(&self, index: usize) -> i64 {
        index as i64
    }

    fn is_uniform(&self) -> bool {
        !matches!(self.axis, Axis::Sparse { .. })
    }

    fn text(&self, index: usize) -> String {
        let time = index * SECONDS_PER_ROW;
        let mut row = String::from("{");
        if !matches!(self.axis, Axis::System { .. }) {
            // Writing into a String cannot fail.
            let _ = write!(row, r#""_step":{index},"#);
        }
        let _ = write!(row, r#""_runtime":{time},"_timestamp":{}"#, START_TIME + time);
        match self.axis {
            Axis::Cells { bytes } => {
                let start = index * 7 % OFFSETS;
                let _ = write!(row, r#","text":"{}""#, &self.pool[start..start + bytes]);
            }
            Axis::Bins { .. } => {
                let _ = write!(row, r#","loss":{:?},"bins":{}"#, Self::number(index, 0), self.pool);
            }
            Axis::Sparse { keys, per_row } => {
                let first = index * per_row;
                for at in first..first + per_row.min(keys) {
                    let key = at % keys;
                    let _ = write!(row, r#","key_{key:06}":{:?}"#, Self::number(index, key));
                }
            }
            Axis::System { keys } => {
                for key in 0..keys {
                    let _ = write!(row, r#","system.sensor.{key}":{:?}"#, Self::number(index, key));
                }
            }
            Axis::Depth { .. } => {
                let _ = write!(row, r#","deep":{}"#, self.pool);
            }
        }
        row.push('}');
        row
    }

    #[expect(clippy::cast_precision_loss, reason = "statistics only")]
    fn keys(&self) -> KeyStatistics {
        let mut statistics = KeyStatistics::default();
        let Some(last) = self.rows.checked_sub(1) else { return statistics };
        let rows = self.rows as u64;
        for (key, value) in [
            ("_step", last),
            ("_runtime", last * SECONDS_PER_ROW),
            ("_timestamp", START_TIME + last * SECONDS_PER_ROW),
        ] {
            statistics.add_numbers(key, rows, true, value as f64);
        }
        match self.axis {
            Axis::Cells { .. } => statistics.add_all("text", "string", rows),
            Axis::Bins { .. } => {
                statistics.add_numbers("loss", rows, false, Self::number(last, 0));
                statistics.add_all("bins", "histogram", rows);
            }
            Axis::Sparse { keys, per_row } => {
                let values = self.rows * per_row.min(keys);
                for key in 0..keys.min(values) {
                    let count = values / keys + usize::from(key < values % keys);
                    statistics.add_numbers(&format!("key_{key:06}"), count as u64, false, 0.0);
                }
            }
            Axis::System { .. } => {}
            Axis::Depth { levels } => {
                let key = format!("deep{}", ".k".repeat(levels));
                statistics.add_numbers(&key, rows, true, 1.0);
            }
        }
        statistics
    }
}

/// Returns the `number`th run of a project, with `keys` config keys that no other run has.
pub(crate) fn run_with_unique_config(entity: &str, project: &str, number: u32, keys: u32) -> NewRun {
    let value = |key: u32| (format!("run{number:05}_key{key:05}"), Value::from(number + key));
    let new = NewRun::new(entity, project, &format!("run{number:06}"));
    new.config(&Value::Object((0..keys).map(value).collect()))
}

/// Returns the `number`th run of a project, with a summary of `keys` keys.
pub(crate) fn run_with_long_summary(entity: &str, project: &str, number: u32, keys: u32) -> NewRun {
    let value = |key: u32| (format!("metric_{key:06}"), Value::from(f64::from(number + key) / 8.0));
    let summary: Map<String, Value> = (0..keys).map(value).collect();
    NewRun::new(entity, project, &format!("run{number:06}")).summary(&Value::Object(summary))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(rows: &AxisRows, index: usize) -> Value {
        serde_json::from_str(&rows.text(index)).unwrap()
    }

    #[test]
    fn rows_have_the_size_of_their_axis() {
        let cells = AxisRows::new(Axis::Cells { bytes: 5_000 }, 10);
        assert_eq!(row(&cells, 9)["text"].as_str().map(str::len), Some(5_000));
        assert_ne!(row(&cells, 0)["text"], row(&cells, 1)["text"]);
        let bins = AxisRows::new(Axis::Bins { bins: 30 }, 10);
        assert_eq!(row(&bins, 3)["bins"]["values"].as_array().map(Vec::len), Some(30));
        assert_eq!(row(&bins, 3)["bins"]["bins"].as_array().map(Vec::len), Some(31));
        let system = AxisRows::new(Axis::System { keys: 4 }, 10);
        assert_eq!(row(&system, 3).as_object().map(Map::len), Some(6));
        assert!(row(&system, 3).get("_step").is_none());
        let deep = AxisRows::new(Axis::Depth { levels: 3 }, 10);
        assert_eq!(row(&deep, 0)["deep"]["k"]["k"]["k"], 1);
    }

    #[test]
    fn sparse_key_counts_match_the_rows() {
        let rows = AxisRows::new(Axis::Sparse { keys: 7, per_row: 3 }, 10);
        let mut counted = KeyStatistics::default();
        for index in 0..10 {
            counted.add(&row(&rows, index));
        }
        for key in (0..7).map(|key| format!("key_{key:06}")) {
            assert_eq!(rows.keys().count(&key), counted.count(&key), "{key}");
        }
    }

    #[test]
    fn uniform_rows_can_be_exported_in_groups() {
        for axis in [Axis::Cells { bytes: 10 }, Axis::Bins { bins: 3 }] {
            let rows = AxisRows::new(axis, 10);
            let (first, last) = (rows.record_batch(0..4).unwrap(), rows.record_batch(4..10).unwrap());
            assert_eq!(first.unwrap().schema(), last.unwrap().schema());
        }
        assert!(AxisRows::new(Axis::Sparse { keys: 9, per_row: 1 }, 9).record_batch(0..4).is_none());
    }
}
