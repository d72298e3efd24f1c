//! Random filters of random runs.

use fastrand::Rng;
use serde_json::{Map, Value};

use super::random::{Kind, pick, text, value};

/// Fields and what is there, to be asked for.
pub(super) const FIELDS: &[(&str, Kind)] = &[
    ("name", Kind::Text),
    ("display_name", Kind::Text),
    ("displayName", Kind::Text),
    ("state", Kind::Text),
    ("tags", Kind::Tags),
    ("group", Kind::Text),
    ("jobType", Kind::Text),
    ("job_type", Kind::Text),
    ("sweep", Kind::Text),
    ("notes", Kind::Text),
    ("username", Kind::Text),
    ("created_at", Kind::Time),
    ("createdAt", Kind::Time),
    ("heartbeat_at", Kind::Time),
    ("heartbeatAt", Kind::Time),
    ("config.lr", Kind::Scalar),
    ("config.lr.value", Kind::Scalar),
    ("config.opt.name", Kind::Text),
    ("config.opt.value.name", Kind::Text),
    ("config.opt.value", Kind::Map),
    ("config.a.b", Kind::Scalar),
    ("config.a.b.value", Kind::Scalar),
    ("config.a.c.d", Kind::Scalar),
    ("config.maybe", Kind::Null),
    ("config.nope", Kind::Scalar),
    ("summary_metrics.loss", Kind::Number),
    ("summary_metrics.val/acc", Kind::Scalar),
    ("summary_metrics.best.step", Kind::Number),
    ("summary_metrics.x.y", Kind::Scalar),
    ("summary_metrics.maybe", Kind::Null),
];

/// A filter, nested at most so deeply.
pub(super) fn filter(random: &mut Rng, depth: u8) -> Value {
    let mut entries = Map::new();
    for _ in 0..random.u8(1..3) {
        if depth > 0 && random.u8(..2) == 0 {
            let parts: Value = (0..random.u8(..3)).map(|_| filter(random, depth - 1)).collect();
            let operator = pick(random, &["$and", "$or", "$nor", "$not"]);
            let operand = if operator == "$not" { filter(random, depth - 1) } else { parts };
            entries.insert(operator.to_owned(), operand);
        } else {
            let (field, kind) = pick(random, FIELDS);
            let asked = if random.u8(..3) == 0 { asked_value(random, kind) } else { operators(random, kind) };
            entries.insert(field.to_owned(), asked);
        }
    }
    entries.into()
}

/// A value to be equal to: mostly one that may be there, but any kind compares.
fn asked_value(random: &mut Rng, kind: Kind) -> Value {
    match random.u8(..8) {
        0 => Value::Null,
        1 => value(random, Kind::Scalar),
        2 if kind == Kind::Tags => (0..random.u8(..3)).map(|_| Value::from(text(random))).collect(),
        _ => value(random, kind),
    }
}

fn operators(random: &mut Rng, kind: Kind) -> Value {
    let mut asked = Map::new();
    for _ in 0..random.u8(1..3) {
        let operator = pick(
            random,
            &["$eq", "$ne", "$in", "$nin", "$gt", "$gte", "$lt", "$lte", "$exists", "$regex", "$not"],
        );
        let operand = match operator {
            "$eq" | "$ne" => asked_value(random, kind),
            "$in" | "$nin" => (0..random.u8(..4)).map(|_| asked_value(random, kind)).collect(),
            "$exists" if kind == Kind::Null => continue,
            "$exists" => random.bool().into(),
            // The pattern may meet a NaN without quotes, or a time as this server writes it.
            "$regex" if kind == Kind::Number => continue,
            "$regex" => pick(random, &["a", "^a", "b$", "^$", "[A-Z].", "ï", "(a|f)i?", "^2023-11-1"]).into(),
            "$not" => operators(random, kind),
            _ if matches!(kind, Kind::Tags | Kind::Map) => continue,
            _ => value(random, if kind == Kind::Null { Kind::Scalar } else { kind }),
        };
        asked.insert(operator.to_owned(), operand);
    }
    if asked.is_empty() {
        asked.insert("$ne".to_owned(), asked_value(random, kind));
    }
    asked.into()
}
