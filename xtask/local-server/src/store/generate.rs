//! Long synthetic runs whose rows are put together on demand from a pool encoded once, so that serving a page
//! costs little more than copying it.

use std::fmt::Write as _;
use std::sync::Arc;

use super::keys::KeyStatistics;

/// A synthetic run: `columns` float metrics at each of `steps` steps, beside `_step`, `_runtime` and `_timestamp`.
#[derive(Debug, Clone)]
pub struct GeneratedRun {
    /// Owner of the project.
    pub entity: String,
    /// Name of the project; created if it is new.
    pub project: String,
    /// Run id.
    pub name: String,
    /// Number of rows.
    pub steps: u64,
    /// Number of metric columns, named `metric_00`, `metric_01`, ….
    pub columns: usize,
    /// Distance from one step to the next.
    pub stride: i64,
    /// Step of the first row.
    pub first_step: i64,
    /// The metric values repeat after this many rows; it bounds the memory the run takes.
    pub distinct_rows: usize,
    /// The same seed gives the same values.
    pub seed: u64,
}

impl GeneratedRun {
    /// A finished run of `steps` rows and ten metrics (13 columns in all).
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
}

/// Seconds between two rows of a generated run.
const PERIOD: f64 = 0.25;
/// Unix time of the first row.
const STARTED: f64 = 1_700_000_000.0;

/// Makes the rows of a generated run.
#[derive(Debug, Clone)]
pub(crate) struct Generator {
    len: usize,
    first_step: i64,
    stride: i64,
    /// The metrics of the distinct rows, already escaped for use inside a JSON string.
    bodies: Arc<Vec<Box<str>>>,
    columns: usize,
}

impl Generator {
    #[expect(clippy::cast_precision_loss, reason = "a column number is small")]
    pub(crate) fn new(run: &GeneratedRun) -> Self {
        let len = usize::try_from(run.steps).unwrap_or(usize::MAX);
        let mut random = fastrand::Rng::with_seed(run.seed);
        let mut values: Vec<f64> = (0..run.columns).map(|column| 1.0 + column as f64).collect();
        let bodies = (0..run.distinct_rows.clamp(1, len.max(1)))
            .map(|_| {
                let mut body = String::with_capacity(run.columns * 40);
                for (column, value) in values.iter_mut().enumerate() {
                    *value = *value * 0.999 + random.f64() - 0.5;
                    // Writing into a String cannot fail.
                    let _ = write!(body, r#",\"metric_{column:02}\":{value:?}"#);
                }
                body.into_boxed_str()
            })
            .collect();
        Self {
            len,
            first_step: run.first_step,
            stride: run.stride.max(1),
            bodies: Arc::new(bodies),
            columns: run.columns,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[expect(clippy::cast_possible_wrap, reason = "a row index is below i64::MAX")]
    pub(crate) fn step(&self, index: usize) -> i64 {
        self.first_step + index as i64 * self.stride
    }

    pub(crate) fn write_json_string(&self, index: usize, out: &mut Vec<u8>) {
        let (runtime, timestamp) = times(index);
        let mut head = String::with_capacity(96);
        let _ = write!(
            head,
            r#""{{\"_step\":{},\"_runtime\":{runtime},\"_timestamp\":{timestamp}"#,
            self.step(index)
        );
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(self.body(index).as_bytes());
        out.extend_from_slice(br#"}""#);
    }

    pub(crate) fn text(&self, index: usize) -> String {
        let mut escaped = Vec::new();
        self.write_json_string(index, &mut escaped);
        String::from_utf8_lossy(&escaped[1..escaped.len() - 1]).replace("\\\"", "\"")
    }

    /// The JSON text of one value of a row, without making the row.
    pub(crate) fn value(&self, index: usize, key: &str) -> Option<String> {
        let (runtime, timestamp) = times(index);
        match key {
            "_step" => Some(self.step(index).to_string()),
            "_runtime" => Some(runtime.to_string()),
            "_timestamp" => Some(timestamp.to_string()),
            _ => {
                let body = self.body(index);
                let name = format!(r#"\"{key}\":"#);
                let value = &body[body.find(&name)? + name.len()..];
                Some(value[..value.find(',').unwrap_or(value.len())].to_owned())
            }
        }
    }

    fn body(&self, index: usize) -> &str {
        &self.bodies[index % self.bodies.len()]
    }

    #[expect(clippy::cast_precision_loss, reason = "statistics only")]
    pub(crate) fn keys(&self) -> KeyStatistics {
        let mut keys = KeyStatistics::default();
        let Some(last) = self.len.checked_sub(1) else { return keys };
        let (runtime, timestamp) = times(last);
        keys.add_numbers("_step", self.len as u64, true, self.step(last) as f64);
        keys.add_numbers("_runtime", self.len as u64, true, runtime);
        keys.add_numbers("_timestamp", self.len as u64, true, timestamp);
        let row = crate::text::parse(&self.text(last));
        for column in 0..self.columns {
            let key = format!("metric_{column:02}");
            let value = row[&key].as_f64().unwrap_or_default();
            keys.add_numbers(&key, self.len as u64, false, value);
        }
        keys
    }
}

/// `_runtime` and `_timestamp` of a row.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 rows")]
fn times(index: usize) -> (f64, f64) {
    let runtime = index as f64 * PERIOD;
    (runtime, STARTED + runtime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_escaped_row_is_the_row() {
        let generator = Generator::new(&GeneratedRun::new("e", "p", "r", 300));
        let mut escaped = Vec::new();
        generator.write_json_string(7, &mut escaped);
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
        assert_eq!(generator.bodies.len(), 10);
        assert_eq!(generator.step(999_999), 999_999);
    }
}
