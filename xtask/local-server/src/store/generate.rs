//! Long synthetic runs. Rows are assembled on demand from pre-encoded text, so that serving a page costs little more
//! than copying it.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow::error::ArrowError;

use super::keys::KeyStatistics;
use super::source::RowSource;

/// A synthetic run: `columns` float metrics at each of `steps` steps, beside `_step`, `_runtime` and `_timestamp`.
#[derive(Debug, Clone)]
pub struct GeneratedRun {
    /// Owner of the project.
    pub entity: String,
    /// Name of the project, which is created if it does not exist.
    pub project: String,
    /// Run id.
    pub name: String,
    /// Number of rows.
    pub steps: u64,
    /// Number of metric columns, named `metric_00`, `metric_01`, ….
    pub columns: usize,
    /// Difference between consecutive steps.
    pub stride: i64,
    /// Step of the first row.
    pub first_step: i64,
    /// Number of rows after which the metric values repeat. It bounds the memory of the run.
    pub distinct_rows: usize,
    /// Seed of the values.
    pub seed: u64,
}

/// Number of columns in every row besides the metrics.
const OWN_COLUMNS: usize = 3;
/// Maximum number of metric values in the pool of a wide run: 64 MiB of numbers, and about 200 MiB of text once rows
/// are requested.
const MAX_VALUES: usize = 1 << 23;

impl GeneratedRun {
    /// Creates a finished run with `steps` rows and ten metrics (13 columns in total).
    pub fn new(entity: &str, project: &str, name: &str, steps: u64) -> Self {
        Self {
            entity: entity.to_owned(),
            project: project.to_owned(),
            name: name.to_owned(),
            steps,
            columns: 10,
            stride: 1,
            first_step: 0,
            distinct_rows: 131_072,
            seed: 1,
        }
    }

    /// Sets the total number of columns, including three of W&B's own. The values of a wide run repeat after fewer
    /// rows.
    #[must_use]
    pub fn wide(mut self, columns: usize) -> Self {
        self.columns = columns.saturating_sub(OWN_COLUMNS);
        self.distinct_rows = self.distinct_rows.min(MAX_VALUES / self.columns.max(1));
        self
    }
}

/// Number of rows per second.
const ROWS_PER_SECOND: usize = 4;
/// The fractional seconds of the rows in a second.
const FRACTIONS: [&str; ROWS_PER_SECOND] = ["", ".25", ".5", ".75"];
/// Unix time of the first row.
const START_TIME: usize = 1_700_000_000;

/// Generates the rows of a run.
#[derive(Debug, Clone)]
pub(crate) struct Generator {
    len: usize,
    first_step: i64,
    stride: i64,
    columns: usize,
    distinct_rows: usize,
    /// The metrics of the distinct rows, row by row.
    values: Arc<[f64]>,
    /// The same as text, initialized when rows are first requested.
    texts: Arc<OnceLock<Texts>>,
}

/// The metrics of the distinct rows, concatenated and escaped for use inside a JSON string.
#[derive(Debug, Default)]
struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Generator {
    #[expect(clippy::cast_precision_loss, reason = "a column number is small")]
    pub(crate) fn new(run: &GeneratedRun) -> Self {
        let len = usize::try_from(run.steps).unwrap_or(usize::MAX);
        let mut random = fastrand::Rng::with_seed(run.seed);
        let mut last: Vec<f64> = (0..run.columns).map(|column| 1.0 + column as f64).collect();
        let distinct_rows = run.distinct_rows.clamp(1, len.max(1));
        let mut values = Vec::with_capacity(distinct_rows * run.columns);
        for _ in 0..distinct_rows {
            for value in &mut last {
                *value = *value * 0.999 + random.f64() - 0.5;
            }
            values.extend_from_slice(&last);
        }
        Self {
            len,
            first_step: run.first_step,
            stride: run.stride.max(1),
            columns: run.columns,
            distinct_rows,
            values: values.into(),
            texts: Arc::default(),
        }
    }

    /// Returns the metrics of a row.
    fn metrics(&self, index: usize) -> &[f64] {
        let start = index % self.distinct_rows * self.columns;
        &self.values[start..start + self.columns]
    }

    fn texts(&self) -> &Texts {
        self.texts.get_or_init(|| {
            let names: Vec<String> =
                (0..self.columns).map(|column| format!(r#",\"{}\":"#, name(column))).collect();
            let mut texts = Texts::default();
            for index in 0..self.distinct_rows {
                for (name, value) in names.iter().zip(self.metrics(index)) {
                    // Writing into a String cannot fail.
                    let _ = write!(texts.text, "{name}{value:?}");
                }
                texts.ends.push(texts.text.len());
            }
            texts
        })
    }
}

impl RowSource for Generator {
    fn len(&self) -> usize {
        self.len
    }

    #[expect(clippy::cast_possible_wrap, reason = "a row index is below i64::MAX")]
    fn step(&self, index: usize) -> i64 {
        self.first_step + index as i64 * self.stride
    }

    fn write_json_string(&self, index: usize, out: &mut Vec<u8>) {
        let texts = self.texts();
        let pooled = index % self.distinct_rows;
        let start = pooled.checked_sub(1).map_or(0, |before| texts.ends[before]);
        let mut number = itoa::Buffer::new();
        let fraction = FRACTIONS[index % ROWS_PER_SECOND].as_bytes();
        out.extend_from_slice(br#""{\"_step\":"#);
        out.extend_from_slice(number.format(self.step(index)).as_bytes());
        out.extend_from_slice(br#",\"_runtime\":"#);
        out.extend_from_slice(number.format(index / ROWS_PER_SECOND).as_bytes());
        out.extend_from_slice(fraction);
        out.extend_from_slice(br#",\"_timestamp\":"#);
        out.extend_from_slice(number.format(START_TIME + index / ROWS_PER_SECOND).as_bytes());
        out.extend_from_slice(fraction);
        out.extend_from_slice(&texts.text.as_bytes()[start..texts.ends[pooled]]);
        out.extend_from_slice(br#"}""#);
    }

    fn text(&self, index: usize) -> String {
        let (runtime, timestamp) = times(index);
        let mut row =
            format!(r#"{{"_step":{},"_runtime":{runtime},"_timestamp":{timestamp}"#, self.step(index));
        for (column, value) in self.metrics(index).iter().enumerate() {
            let _ = write!(row, r#","{}":{value:?}"#, name(column));
        }
        row.push('}');
        row
    }

    fn value(&self, index: usize, key: &str) -> Option<String> {
        let (runtime, timestamp) = times(index);
        match key {
            "_step" => Some(self.step(index).to_string()),
            "_runtime" => Some(runtime.to_string()),
            "_timestamp" => Some(timestamp.to_string()),
            _ => {
                let column: usize = key.strip_prefix("metric_")?.parse().ok()?;
                let value = self.metrics(index).get(column).filter(|_| name(column) == key)?;
                Some(format!("{value:?}"))
            }
        }
    }

    fn record_batch(&self, rows: Range<usize>) -> Option<Result<RecordBatch, ArrowError>> {
        let floats = |value: &dyn Fn(usize) -> f64| -> ArrayRef {
            Arc::new(rows.clone().map(value).collect::<Float64Array>())
        };
        let steps: Int64Array = rows.clone().map(|index| self.step(index)).collect();
        let mut columns: Vec<(String, ArrayRef)> = vec![
            ("_step".to_owned(), Arc::new(steps)),
            ("_runtime".to_owned(), floats(&|index| times(index).0)),
            ("_timestamp".to_owned(), floats(&|index| times(index).1)),
        ];
        for column in 0..self.columns {
            columns.push((name(column), floats(&|index| self.metrics(index)[column])));
        }
        columns.sort_by(|(left, _), (right, _)| left.cmp(right));
        let columns = columns.into_iter().map(|(name, column)| (name, column, true));
        Some(RecordBatch::try_from_iter_with_nullable(columns))
    }

    #[expect(clippy::cast_precision_loss, reason = "statistics only")]
    fn keys(&self) -> KeyStatistics {
        let mut keys = KeyStatistics::default();
        let Some(last) = self.len.checked_sub(1) else { return keys };
        let (runtime, timestamp) = times(last);
        keys.add_numbers("_step", self.len as u64, true, self.step(last) as f64);
        keys.add_numbers("_runtime", self.len as u64, true, runtime);
        keys.add_numbers("_timestamp", self.len as u64, true, timestamp);
        for (column, value) in self.metrics(last).iter().enumerate() {
            keys.add_numbers(&name(column), self.len as u64, false, *value);
        }
        keys
    }
}

fn name(column: usize) -> String {
    format!("metric_{column:02}")
}

/// Returns `_runtime` and `_timestamp` of a row.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 rows")]
fn times(index: usize) -> (f64, f64) {
    let runtime = index as f64 / ROWS_PER_SECOND as f64;
    (runtime, START_TIME as f64 + runtime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_row_equals_the_plain_row() {
        let generator = Generator::new(&GeneratedRun::new("e", "p", "r", 300));
        let mut escaped = Vec::new();
        generator.write_json_string(7, &mut escaped);
        assert!(generator.text(4).contains(r#""_runtime":1,"_timestamp":1700000001,"#));
        let text: String = serde_json::from_slice(&escaped).unwrap();
        assert_eq!(text, generator.text(7));
        let row: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(row.as_object().unwrap().len(), 13);
        assert_eq!(row["_step"], 7);
        for (key, value) in row.as_object().unwrap() {
            let alone: serde_json::Value = serde_json::from_str(&generator.value(7, key).unwrap()).unwrap();
            assert_eq!(alone.as_f64(), value.as_f64(), "{key}");
        }
        assert_eq!(generator.value(7, "metric"), None);
    }

    #[test]
    fn memory_is_bounded_by_the_pool() {
        let run = GeneratedRun { distinct_rows: 10, ..GeneratedRun::new("e", "p", "r", 1_000_000) };
        let generator = Generator::new(&run);
        assert_eq!(generator.values.len(), 100);
        let mut row = Vec::new();
        generator.write_json_string(999_999, &mut row);
        assert_eq!(generator.texts().ends.len(), 10);
        assert_eq!(serde_json::from_slice::<String>(&row).unwrap(), generator.text(999_999));
        assert_eq!(generator.step(999_999), 999_999);
    }

    #[test]
    fn wide_run_has_a_bounded_number_of_values() {
        let run = GeneratedRun::new("e", "p", "r", 1_000_000).wide(200);
        let generator = Generator::new(&run);
        assert!(generator.values.len() <= MAX_VALUES);
        let row: serde_json::Value = serde_json::from_str(&generator.text(999_999)).unwrap();
        assert_eq!(row.as_object().unwrap().len(), 200);
        assert!(row.get("metric_196").is_some());
    }

    #[test]
    fn columns_match_the_rows() {
        use arrow::array::AsArray as _;
        use arrow::datatypes::{Float64Type, Int64Type};

        let generator = Generator::new(&GeneratedRun::new("e", "p", "r", 50).wide(103));
        let batch = generator.record_batch(40..50).unwrap().unwrap();
        assert_eq!((batch.num_rows(), batch.num_columns()), (10, 103));
        for index in 0..10 {
            let row: serde_json::Value = serde_json::from_str(&generator.text(40 + index)).unwrap();
            for (column, field) in batch.columns().iter().zip(batch.schema().fields()) {
                if field.name() == "_step" {
                    assert_eq!(Some(column.as_primitive::<Int64Type>().value(index)), row["_step"].as_i64());
                } else {
                    let value = column.as_primitive::<Float64Type>().value(index);
                    assert_eq!(Some(value), row[field.name()].as_f64(), "{}", field.name());
                }
            }
        }
    }
}
