//! Estimates the memory used by rows and runs.

use wandb_core::model::Run;
use wandb_core::{Map, Row, Value};

/// Bytes of a value and its key, without their text.
const VALUE_BYTES: usize = 48;

/// Bytes of a run without config, summary and system metrics.
const RUN_BYTES: usize = 1 << 10;

/// Target size of a batch of rows, in bytes. A single row or step may exceed it.
pub(crate) const BATCH_BYTES: usize = 1 << 20;

/// Estimates the bytes that a row takes in memory.
pub(crate) fn estimate_row_bytes(row: &Row) -> usize {
    row.iter().map(|(key, value)| key.len() + estimate_value_bytes(value)).sum()
}

/// Estimates the bytes that a run takes in memory.
pub(crate) fn estimate_run_bytes(run: &Run) -> usize {
    let config = run.config.as_ref().map_or(0, |config| estimate_map_bytes(config.values()));
    let maps = [&run.summary, &run.system_metrics];
    RUN_BYTES + config + maps.into_iter().flatten().map(estimate_map_bytes).sum::<usize>()
}

fn estimate_map_bytes(map: &Map) -> usize {
    map.iter().map(|(key, value)| key.len() + estimate_value_bytes(value)).sum()
}

fn estimate_value_bytes(value: &Value) -> usize {
    VALUE_BYTES
        + match value {
            Value::String(text) => text.len(),
            Value::List(list) => list.iter().map(estimate_value_bytes).sum(),
            Value::Map(map) => estimate_map_bytes(map),
            _ => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimate_grows_with_the_content() {
        let estimate = |json: &str| estimate_row_bytes(&Row::parse(json.as_bytes()).expect("a row"));
        assert!(estimate(r#"{"a": 1}"#) < 100);
        let text = format!(r#"{{"a": "{}"}}"#, "x".repeat(10_000));
        assert!((10_000..10_100).contains(&estimate(&text)));
        let list = format!(r#"{{"a": {{"b": [{}1]}}}}"#, "1,".repeat(999));
        assert!((1_000 * VALUE_BYTES..1_010 * VALUE_BYTES).contains(&estimate(&list)));
    }
}
