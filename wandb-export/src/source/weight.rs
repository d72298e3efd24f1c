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
pub(crate) fn weight(row: &Row) -> usize {
    row.iter().map(|(key, value)| key.len() + weight_of(value)).sum()
}

/// Estimates the bytes that a run takes in memory.
pub(crate) fn weight_of_run(run: &Run) -> usize {
    let config = run.config.as_ref().map_or(0, |config| weight_of_map(config.values()));
    let maps = [&run.summary, &run.system_metrics];
    RUN_BYTES + config + maps.into_iter().flatten().map(weight_of_map).sum::<usize>()
}

fn weight_of_map(map: &Map) -> usize {
    map.iter().map(|(key, value)| key.len() + weight_of(value)).sum()
}

fn weight_of(value: &Value) -> usize {
    VALUE_BYTES
        + match value {
            Value::String(text) => text.len(),
            Value::List(list) => list.iter().map(weight_of).sum(),
            Value::Map(map) => weight_of_map(map),
            _ => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_weigh_as_much_as_their_contents() {
        let of = |json: &str| weight(&Row::parse(json.as_bytes()).expect("a row"));
        assert!(of(r#"{"a": 1}"#) < 100);
        let text = format!(r#"{{"a": "{}"}}"#, "x".repeat(10_000));
        assert!((10_000..10_100).contains(&of(&text)));
        let list = format!(r#"{{"a": {{"b": [{}1]}}}}"#, "1,".repeat(999));
        assert!((1_000 * VALUE_BYTES..1_010 * VALUE_BYTES).contains(&of(&list)));
    }
}
