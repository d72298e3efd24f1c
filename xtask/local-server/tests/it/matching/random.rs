//! Random runs, with few distinct values, so that many runs share them.

use fastrand::Rng;
use serde_json::{Map, Value, json};
use wandb_local_server::{NewRun, RunState};

/// The kind of a field's values, if it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Tags,
    Time,
    /// Numbers and NaN.
    Number,
    /// Numbers, strings and booleans.
    Scalar,
    Map,
    /// The same as `Scalar`, and null.
    Null,
}

pub(super) fn pick<T: Clone>(random: &mut Rng, items: &[T]) -> T {
    items[random.usize(..items.len())].clone()
}

pub(super) fn text(random: &mut Rng) -> &'static str {
    pick(
        random,
        &["", "a", "A", "ab", "b", "a b", "Ünïcode", "finished", "failed", "local", "ada", "1", "run3"],
    )
}

fn number(random: &mut Rng) -> Value {
    pick(
        random,
        &[
            json!(0),
            json!(-0.0),
            json!(1),
            json!(1.0),
            json!(-1.5),
            json!(0.1),
            json!(1e300),
            json!(1_i64 << 53),
        ],
    )
}

/// Returns one of few times, so that some are equal.
fn second(random: &mut Rng) -> i64 {
    1_700_000_000 + random.i64(0..5)
}

fn time(random: &mut Rng) -> String {
    let time = jiff::Timestamp::from_second(second(random)).unwrap().to_string();
    match random.u8(..4) {
        0 => time.replace('Z', ""),
        1 => time.replace('Z', ".000+00:00"),
        2 => time.replace('T', " "),
        _ => time,
    }
}

/// Returns a random value of this kind.
pub(super) fn value(random: &mut Rng, kind: Kind) -> Value {
    match kind {
        Kind::Text | Kind::Tags => text(random).into(),
        Kind::Time => time(random).into(),
        Kind::Number if random.u8(..4) == 0 => "NaN".into(),
        Kind::Number => number(random),
        Kind::Map => json!({ "name": text(random) }),
        Kind::Null if random.bool() => Value::Null,
        Kind::Scalar | Kind::Null => match random.u8(..4) {
            0 => random.bool().into(),
            1 => text(random).into(),
            _ => number(random),
        },
    }
}

/// Returns a string in half of the cases.
fn perhaps(random: &mut Rng) -> Option<String> {
    random.bool().then(|| text(random).to_owned())
}

/// Returns a random run with many missing fields and few unique values.
pub(super) fn run(random: &mut Rng, name: &str) -> NewRun {
    let mut entries = |entries: &[(&str, Kind)]| -> Map<String, Value> {
        let kept = entries.iter().filter(|_| random.u8(..3) > 0).collect::<Vec<_>>();
        kept.into_iter().map(|(key, kind)| ((*key).to_owned(), value(random, *kind))).collect()
    };
    let mut config =
        entries(&[("lr", Kind::Scalar), ("opt", Kind::Map), ("a.b", Kind::Scalar), ("maybe", Kind::Null)]);
    config.insert("a".to_owned(), json!({ "c": entries(&[("d", Kind::Scalar)]) }));
    let mut summary = entries(&[
        ("loss", Kind::Number),
        ("val/acc", Kind::Scalar),
        ("x.y", Kind::Scalar),
        ("maybe", Kind::Null),
    ]);
    summary.insert("best".to_owned(), entries(&[("step", Kind::Number)]).into());
    let mut run = NewRun::new("e", "p", name).config(&config.into());
    if random.u8(..8) > 0 {
        // Python writes a bare NaN, other programs a quoted one.
        let text = Value::from(summary).to_string();
        run.summary = Some(if random.bool() { text.replace(r#""NaN""#, "NaN") } else { text });
    }
    run.display_name = perhaps(random);
    run.state = pick(random, &[RunState::Finished, RunState::Failed, RunState::Crashed, RunState::Running]);
    run.tags = (0..random.usize(..4)).map(|_| text(random).to_owned()).collect();
    run.group = perhaps(random);
    run.job_type = perhaps(random);
    run.sweep = perhaps(random);
    run.notes = perhaps(random);
    run.user = random.bool().then(|| "ada".to_owned());
    run.created_at = Some(jiff::Timestamp::from_second(second(random)).unwrap());
    run.heartbeat_at = Some(jiff::Timestamp::from_second(second(random)).unwrap());
    run
}
