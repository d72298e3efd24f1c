//! Random filters for random runs.

use fastrand::Rng;
use serde_json::{Map, Value};

use super::random::{Kind, pick, text, value};

/// The fields to query, and the kind of their values.
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

/// Returns a random filter of at most the given depth.
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
            let condition =
                if random.u8(..3) == 0 { operand_value(random, kind) } else { operators(random, kind) };
            entries.insert(field.to_owned(), condition);
        }
    }
    entries.into()
}

/// Returns a value to compare with: usually one that the field may have, sometimes of another kind.
fn operand_value(random: &mut Rng, kind: Kind) -> Value {
    match random.u8(..8) {
        0 => Value::Null,
        1 => value(random, Kind::Scalar),
        2 if kind == Kind::Tags => (0..random.u8(..3)).map(|_| Value::from(text(random))).collect(),
        _ => value(random, kind),
    }
}

fn operators(random: &mut Rng, kind: Kind) -> Value {
    let mut condition = Map::new();
    for _ in 0..random.u8(1..3) {
        let operator = pick(
            random,
            &["$eq", "$ne", "$in", "$nin", "$gt", "$gte", "$lt", "$lte", "$exists", "$regex", "$not"],
        );
        let operand = match operator {
            "$eq" | "$ne" => operand_value(random, kind),
            "$in" | "$nin" => (0..random.u8(..4)).map(|_| operand_value(random, kind)).collect(),
            "$exists" if kind == Kind::Null => continue,
            "$exists" => random.bool().into(),
            // Numbers get no pattern, since a bare NaN is a string only for this server.
            "$regex" if kind == Kind::Number => continue,
            "$regex" => pick(random, &["a", "^a", "b$", "^$", "[A-Z].", "ï", "(a|f)i?", "^2023-11-1"]).into(),
            "$not" => operators(random, kind),
            _ if matches!(kind, Kind::Tags | Kind::Map) => continue,
            _ => value(random, if kind == Kind::Null { Kind::Scalar } else { kind }),
        };
        condition.insert(operator.to_owned(), operand);
    }
    if condition.is_empty() {
        condition.insert("$ne".to_owned(), operand_value(random, kind));
    }
    condition.into()
}
