//! How much memory rows and runs take.

use wandb_core::model::Run;
use wandb_core::{Map, Row, Value};

/// What a value takes beside its text: the value itself and its key.
const VALUE_BYTES: usize = 48;

/// What a run takes beside config, summary and system metrics.
const RUN_BYTES: usize = 1 << 10;

/// The bytes that the rows of a batch may take, unless a single row or step takes more.
pub(super) const BATCH_BYTES: usize = 1 << 20;

/// About how many bytes a row takes in memory.
pub(super) fn weight(row: &Row) -> usize {
    row.iter().map(|(key, value)| key.len() + weight_of(value)).sum()
}

/// About how many bytes a run takes in memory.
pub(super) fn weight_of_run(run: &Run) -> usize {
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
    fn text_lists_and_objects_weigh_what_they_hold() {
        let of = |json: &str| weight(&Row::parse(json.as_bytes()).expect("a row"));
        assert!(of(r#"{"a": 1}"#) < 100);
        let text = format!(r#"{{"a": "{}"}}"#, "x".repeat(10_000));
        assert!((10_000..10_100).contains(&of(&text)));
        let list = format!(r#"{{"a": {{"b": [{}1]}}}}"#, "1,".repeat(999));
        assert!((1_000 * VALUE_BYTES..1_010 * VALUE_BYTES).contains(&of(&list)));
    }
}
