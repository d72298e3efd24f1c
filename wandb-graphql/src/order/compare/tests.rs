//! Tests of sorted runs, and of the laws of a total order.

use proptest::prelude::*;
use wandb_core::model::Config;

use super::*;

fn run(id: &str, created_at: &str, summary: &str) -> Run {
    let mut run = Run::new("team", "project", id, "");
    run.created_at = Some(created_at.into());
    run.summary = Value::parse(summary.as_bytes()).unwrap().as_map().cloned();
    run
}

fn sorted(order: &str, runs: &mut [Run]) -> String {
    let order: Order = order.parse().unwrap();
    order.check_fields().unwrap();
    runs.sort_by(|one, other| order.compare(one, other));
    runs.iter().map(|run| run.id.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn direction_does_not_reorder_kinds() {
    let mut runs: Vec<Run> = [
        ("null", "null"),
        ("b", r#""b""#),
        ("list", "[1]"),
        ("true", "true"),
        ("nan", r#""NaN""#),
        ("big", "18446744073709551617"),
        ("a", r#""a""#),
        ("infinity", "Infinity"),
        ("near", "18446744073709551616.0"),
        ("map", "{}"),
        ("one", "1"),
    ]
    .map(|(id, value)| run(id, "", &format!(r#"{{"x": {value}}}"#)))
    .into();
    runs.push(run("none", "", "{}"));
    assert_eq!(
        sorted("+summary_metrics.x", &mut runs.clone()),
        "one near big infinity nan true a b list map null none"
    );
    assert_eq!(
        sorted("-summary_metrics.x", &mut runs),
        "infinity big near one nan true b a list map null none"
    );
}

#[test]
fn times_compare_as_moments_before_other_texts() {
    let mut runs = [
        ("third", "2024-05-01T14:00:01+02:00"),
        ("text", "long ago"),
        ("first", "2024-05-01T12:00:00Z"),
        ("second", "2024-05-01T12:00:00.5"),
    ]
    .map(|(id, time)| run(id, time, "{}"));
    assert_eq!(sorted("created_at", &mut runs), "first second third text");
    assert_eq!(sorted("-createdAt", &mut runs), "third second first text");
}

#[test]
fn later_field_decides_ties_and_sort_is_stable() {
    let mut runs = ["c", "a", "d", "b"].map(|id| run(id, "", "{}"));
    for (run, lr) in runs.iter_mut().zip(["1", "1.0", "2", "1"]) {
        let config = format!(r#"{{"lr": {{"value": {lr}}}}}"#);
        run.config = Some(Config::parse(config.as_bytes()).unwrap());
    }
    assert_eq!(sorted("-config.lr.value", &mut runs.clone()), "d c a b");
    assert_eq!(sorted("-config.lr,+name", &mut runs), "d a b c");
}

#[test]
fn unsupported_fields_are_rejected() {
    for (order, field) in [("+loss", "loss"), ("created_at,", ""), ("name,-config", "config")] {
        let error = order.parse::<Order>().unwrap().check_fields().unwrap_err();
        assert!(error.to_string().starts_with(&format!("invalid order {field:?}: ")), "{error}");
    }
}

proptest! {
    #[test]
    fn comparison_is_a_total_order(values in prop::collection::vec(values(), 3)) {
        for name in ["summary_metrics.x", "created_at"] {
            let order: Order = name.parse().unwrap();
            let runs: Vec<Run> = values
                .iter()
                .map(|value| run("", value.as_str().unwrap_or(""), &format!(r#"{{"x":{}}}"#, value.to_json())))
                .collect();
            let compare = |one: usize, other: usize| order.compare(&runs[one], &runs[other]);
            prop_assert_eq!(compare(0, 0), Ordering::Equal);
            prop_assert_eq!(compare(0, 1), compare(1, 0).reverse());
            let keys: Vec<_> = runs.iter().map(|run| order.key(run)).collect();
            prop_assert_eq!(compare(0, 1), order.compare_keys(&keys[0], &keys[1]));
            if compare(0, 1).is_le() && compare(1, 2).is_le() {
                prop_assert!(compare(0, 2).is_le());
            }
        }
    }
}

fn values() -> impl Strategy<Value = Value> {
    let float = prop_oneof![Just(f64::NAN), Just(9_007_199_254_740_992.0), Just(-0.0), any::<f64>()];
    let text =
        "(|NaN|Infinity|a|b|2024-05-01|2024-05-01T02:00:00\\+02:00|2024-05-01T0[01]:00:00Z?|[a-z0-9]{0,3})";
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (9_007_199_254_740_991_i64..9_007_199_254_740_995).prop_map(Value::from),
        any::<i128>().prop_map(Value::from),
        float.prop_map(Value::from),
        text.prop_map(Value::from),
        Just(Value::List(Vec::new())),
    ]
}
