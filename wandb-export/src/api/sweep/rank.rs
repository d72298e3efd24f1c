//! Ranks the runs of a sweep.

use std::cmp::Ordering;
use std::ops::Deref;

use wandb_core::model::{Goal, Run};
use wandb_core::{Map, Value};

/// Sorts runs, best first.
pub(super) fn sort<R: Deref<Target = Run>>(runs: &mut [R], metric: &str, goal: Goal) {
    runs.sort_by_cached_key(|run| Rank::of(run, metric, goal));
}

/// Returns the best run that has the metric.
pub(super) fn find_best<R: Deref<Target = Run>>(runs: Vec<R>, metric: &str, goal: Goal) -> Option<R> {
    runs.into_iter()
        .map(|run| (Rank::of(&run, metric, goal), run))
        .filter(|(rank, _)| rank.score.is_some())
        .min_by(|(left, _), (right, _)| left.cmp(right))
        .map(|(_, run)| run)
}

/// The sort key of a run. The smallest is the best.
#[derive(Debug)]
struct Rank {
    /// Smaller is better. Never NaN.
    score: Option<f64>,
    created: Option<wandb_core::model::Timestamp>,
    id: String,
}

impl Rank {
    fn of(run: &Run, metric: &str, goal: Goal) -> Self {
        let value = find_metric(run, metric).and_then(|value| to_comparable(value, goal));
        let score = value.filter(|value| !value.is_nan()).map(|value| match goal {
            Goal::Minimize => value,
            Goal::Maximize => -value,
        });
        Self { score, created: run.created_at.clone(), id: run.id.clone() }
    }
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = match (self.score, other.score) {
            // Not `total_cmp`, which tells -0.0 from 0.0.
            (Some(own), Some(other)) => own.partial_cmp(&other).unwrap_or(Ordering::Equal),
            (own, other) => own.is_none().cmp(&other.is_none()),
        };
        let time = |rank: &Self| rank.created.as_ref().and_then(wandb_core::model::Timestamp::time);
        let by_time = || match (time(self), time(other)) {
            (Some(own), Some(other)) => own.cmp(&other),
            (own, other) => own.is_none().cmp(&other.is_none()),
        };
        by_score.then_with(by_time).then_with(|| self.id.cmp(&other.id))
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Rank {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Rank {}

/// Finds the value of a metric, whose dots may be part of a key or separate nested keys.
fn find_metric<'a>(run: &'a Run, metric: &str) -> Option<&'a Value> {
    let summary = run.summary.as_ref();
    if let Some(value) = summary.and_then(|summary| find(summary, metric)) {
        return Some(value);
    }
    if let Some(key) = metric.strip_prefix("summary_metrics.") {
        return find(summary?, key);
    }
    let key = metric.strip_prefix("config.")?;
    let config = run.config.as_ref()?.values();
    // The server wraps each config value in an object with the key `value`.
    find(config, key).or_else(|| find(config, key.strip_suffix(".value")?))
}

fn find<'a>(map: &'a Map, key: &str) -> Option<&'a Value> {
    if let Some(value) = map.get(key) {
        return Some(value);
    }
    let mut parts = key.match_indices('.').map(|(at, _)| (&key[..at], &key[at + 1..]));
    parts.find_map(|(first, rest)| find(map.get(first)?.as_map()?, rest))
}

/// Returns the number to compare.
fn to_comparable(value: &Value, goal: Goal) -> Option<f64> {
    let Value::Map(summaries) = value else { return value.as_f64() };
    let preferred = match goal {
        Goal::Minimize => "min",
        Goal::Maximize => "max",
    };
    // With any other key it is the user's own object, not a number.
    let is_from_define_metric =
        summaries.keys().all(|key| ["min", "max", "mean", "best", "last"].contains(&key));
    let of = |key: &str| summaries.get(key).and_then(Value::as_f64);
    if is_from_define_metric { [preferred, "best", "last"].into_iter().find_map(of) } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wandb_core::model::map_from_json;

    use super::*;

    fn run(id: &str, summary: &str) -> Box<Run> {
        let mut run = Run::new("team", "project", id, id);
        run.summary = Some(map_from_json(summary.as_bytes()).unwrap());
        Box::new(run)
    }

    fn ranked(summaries: &[(&str, &str)], metric: &str, goal: Goal) -> String {
        let mut runs: Vec<_> = summaries.iter().map(|(id, summary)| run(id, summary)).collect();
        sort(&mut runs, metric, goal);
        let first = find_best(runs.clone(), metric, goal).map(|run| run.id.clone());
        assert!(first.is_none_or(|first| first == runs[0].id));
        runs.iter().map(|run| run.id.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn infinities_count_and_non_numbers_come_last() {
        let runs = [
            ("a-missing", "{}"),
            ("b-null", r#"{"m": null}"#),
            ("c-nan", r#"{"m": NaN}"#),
            ("d-nan", r#"{"m": "NaN"}"#),
            ("e-text", r#"{"m": "0.1"}"#),
            ("f-bool", r#"{"m": true}"#),
            ("inf", r#"{"m": "Infinity"}"#),
            ("minus-inf", r#"{"m": -Infinity}"#),
            ("one", r#"{"m": 1}"#),
            ("two", r#"{"m": 2.0}"#),
            ("vast", r#"{"m": 123456789012345678901234567890}"#),
        ];
        let last = "a-missing b-null c-nan d-nan e-text f-bool";
        assert_eq!(ranked(&runs, "m", Goal::Minimize), format!("minus-inf one two vast inf {last}"));
        assert_eq!(ranked(&runs, "m", Goal::Maximize), format!("inf vast two one minus-inf {last}"));
    }

    #[test]
    fn dots_can_be_part_of_a_key_or_separate_keys() {
        let runs = [
            ("literal", r#"{"val.acc": 3, "val": {"acc": 0}}"#),
            ("mixed", r#"{"val": {"acc.top": {"5": 1}}, "val.acc": 2}"#),
            ("nested", r#"{"val": {"acc": 1}}"#),
        ];
        assert_eq!(ranked(&runs, "val.acc", Goal::Maximize), "literal mixed nested");
        assert_eq!(ranked(&runs, "summary_metrics.val.acc", Goal::Maximize), "literal mixed nested");
        assert_eq!(ranked(&runs, "val.acc.top.5", Goal::Minimize), "mixed literal nested");
    }

    #[test]
    fn config_value_can_be_the_metric() {
        let mut runs = ["a", "b"].map(|id| run(id, "{}"));
        for (run, lr) in runs.iter_mut().zip([0.1, 0.5]) {
            run.config = Some([("lr", Value::Float(lr))].into_iter().collect::<Map>().into());
        }
        for metric in ["config.lr", "config.lr.value"] {
            let best = find_best(runs.to_vec(), metric, Goal::Maximize).unwrap();
            assert_eq!(best.id, "b", "{metric}");
        }
    }

    #[test]
    fn goal_selects_the_define_metric_summary() {
        let runs = [
            ("a", r#"{"m": {"min": 1, "max": 9}}"#),
            ("b", r#"{"m": {"best": 2}}"#),
            ("c", r#"{"m": {"last": 3, "mean": 0}}"#),
            ("d", r#"{"m": {"mean": 5}}"#),
            ("e", r#"{"m": {"max": 7, "_type": "histogram"}}"#),
        ];
        assert_eq!(ranked(&runs, "m", Goal::Minimize), "a b c d e");
        assert_eq!(ranked(&runs, "m", Goal::Maximize), "a c b d e");
        assert_eq!(ranked(&runs, "m.mean", Goal::Maximize), "d c a b e");
    }

    #[test]
    fn ties_are_ordered_by_creation_time() {
        let mut runs = ["a", "b", "c", "d"].map(|id| run(id, r#"{"m": 0.0}"#));
        runs[2].created_at = Some("2024-01-01T01:00:00+02:00".into());
        runs[1].created_at = Some("2024-01-01T00:00:00Z".into());
        runs[1].summary = run("", r#"{"m": -0.0}"#).summary;
        sort(&mut runs, "m", Goal::Maximize);
        assert_eq!(runs.each_ref().map(|run| run.id.as_str()), ["c", "b", "a", "d"]);
    }

    #[test]
    fn runs_without_the_metric_are_never_best() {
        let runs = vec![run("a", "{}"), run("b", r#"{"m": "NaN"}"#)];
        assert!(find_best(runs, "m", Goal::Minimize).is_none());
        assert!(find_best(Vec::<Box<Run>>::new(), "m", Goal::Minimize).is_none());
    }

    proptest! {
        #[test]
        fn best_is_no_worse_than_any(values in proptest::collection::vec(proptest::option::of(any::<f64>()), 0..9)) {
            let runs: Vec<_> = values.iter().enumerate().map(|(id, value)| {
                let mut run = run(&id.to_string(), "{}");
                let value = value.map(|value| ("m", Value::Float(value)));
                run.summary = Some(value.into_iter().collect());
                run
            }).collect();
            let min = values.iter().flatten().filter(|value| !value.is_nan()).fold(None, |min: Option<f64>, value| {
                Some(min.map_or(*value, |min| min.min(*value)))
            });
            let found = find_best(runs, "m", Goal::Minimize);
            let found = found.and_then(|run| run.summary.as_ref()?.get("m")?.as_f64());
            prop_assert_eq!(found, min);
        }
    }
}
