//! Random runs. Values are few, so that many runs have the same.

use fastrand::Rng;
use serde_json::{Map, Value, json};
use wandb_local_server::{NewRun, RunState};

/// What a field may hold, beside nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Tags,
    Time,
    /// Numbers and NaN.
    Number,
    /// Numbers, texts and booleans.
    Scalar,
    Map,
    /// The same, and null.
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

/// Times of which some are the same, and some look different.
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

/// A value that a field of this kind may hold, or be asked for.
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

/// Each second text is missing.
fn perhaps(random: &mut Rng) -> Option<String> {
    random.bool().then(|| text(random).to_owned())
}

/// A run that lacks much, and has little that others do not have.
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
        // Python writes NaN without quotes, other programs with them.
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
