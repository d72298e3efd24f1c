//! Comparisons of small configs.

use wandb_core::model::{Config, map_from_json};

use super::*;

fn run(id: &str, config: &str, summary: &str) -> Run {
    let mut run = Run::new("team", "project", id, "");
    run.config = Some(Config::parse(config.as_bytes()).unwrap());
    run.summary = Some(map_from_json(summary.as_bytes()).unwrap());
    run
}

fn lines(comparison: &Comparison) -> Vec<String> {
    comparison.rows().iter().map(|row| row.to_json_line().trim_end().to_owned()).collect()
}

#[test]
fn keys_keep_the_order_of_the_runs() {
    let comparison = Comparison::of(&[
        run("a", r#"{"z": 1, "net": {"depth": 2, "act": "relu"}, "_wandb": {"value": {}}}"#, ""),
        run("b", r#"{"net": {"depth": 3, "width": 4}, "a": null, "z": 1.0}"#, ""),
    ]);
    assert_eq!(
        lines(&comparison),
        [
            r#"{"key":"z","a":1,"b":1.0}"#,
            r#"{"key":"net.depth","a":2,"b":3}"#,
            r#"{"key":"net.act","a":"relu"}"#,
            r#"{"key":"net.width","b":4}"#,
            r#"{"key":"a","b":null}"#,
        ],
    );
    let keys: Vec<_> = comparison.differing().entries().map(|entry| entry.key.clone()).collect();
    assert_eq!(keys, ["net.depth", "net.act", "net.width", "a"]);
}

#[test]
fn lists_and_typed_objects_are_single_values() {
    let config = r#"{"l": [1, {"a": 2}], "m": {"_type": "table", "rows": 1}, "e": {}}"#;
    let comparison = Comparison::of(&[run("a", config, ""), run("b", config, "")]);
    let keys: Vec<_> = comparison.entries().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["l", "m", "e"]);
    assert_eq!(comparison.differing().rows(), []);
}

#[test]
fn keys_with_dots_are_not_nested_keys() {
    let comparison =
        Comparison::of(&[run("a", r#"{"x.y": 1, "x": {"y": 2}}"#, ""), run("b", r#"{"x.y": 1}"#, "")]);
    assert_eq!(lines(&comparison), [r#"{"key":"x.y","a":1,"b":1}"#, r#"{"key":"x.y","a":2}"#]);
}

#[test]
fn summaries_are_optional_and_omit_wandb_keys() {
    let comparison = Comparison::of(&[
        run(
            "a",
            r#"{"lr": 1}"#,
            r#"{"loss": NaN, "_step": 5, "best": {"acc": 0.5}, "_wandb": {"runtime": 1}}"#,
        ),
        run("b", r#"{"lr": 1}"#, r#"{"loss": "NaN", "_step": 6, "best": {"acc": 0.75}}"#),
    ]);
    assert_eq!(lines(&comparison), [r#"{"key":"lr","a":1,"b":1}"#]);
    let all = comparison.with_summary();
    assert_eq!(all.entries().count(), 3);
    assert_eq!(lines(&all.differing()), [r#"{"section":"summary","key":"best.acc","a":0.5,"b":0.75}"#],);
}

#[test]
fn three_runs_differ_if_one_does() {
    let config = |lr: &str| format!(r#"{{"lr": {lr}}}"#);
    let of = |values: [&str; 3]| {
        let runs = values.map(|lr| run(lr, &config(lr), ""));
        Comparison::of(&runs).differing().rows().len()
    };
    assert_eq!((of(["1", "1.0", "1e0"]), of(["1", "1", "2"]), of(["2", "1", "1"])), (0, 1, 1));
}

#[test]
fn full_rows_have_every_run() {
    let comparison =
        Comparison::of(&[run("a", "", ""), run("b", r#"{"x": null, "y": 1}"#, ""), run("c", "", "")]);
    let rows: Vec<_> =
        comparison.full_rows().iter().map(|row| row.to_json_line().trim_end().to_owned()).collect();
    assert_eq!(rows, [r#"{"key":"x","a":null,"b":null,"c":null}"#, r#"{"key":"y","a":null,"b":1,"c":null}"#]);
    assert_eq!(lines(&comparison), [r#"{"key":"x","b":null}"#, r#"{"key":"y","b":1}"#]);
}

#[test]
fn runs_without_a_config_have_nothing_to_compare() {
    let light = Run::new("team", "project", "light", "");
    let comparison = Comparison::of(&[light, run("b", r#"{"lr": 1}"#, "")]);
    assert_eq!(lines(&comparison.differing()), [r#"{"key":"lr","b":1}"#]);
    assert_eq!(Comparison::of(&[]).rows(), []);
}

proptest::proptest! {
    #[test]
    fn differing_keys_are_those_with_unequal_values(
        one in proptest::collection::btree_map("[a-c]{1,2}", 0i64..3, 0..6),
        other in proptest::collection::btree_map("[a-c]{1,2}", 0i64..3, 0..6),
    ) {
        let run = |id: &str, config: &std::collections::BTreeMap<String, i64>| {
            let mut run = Run::new("team", "project", id, "");
            run.config = Some(config.clone().into_iter().collect::<Map>().into());
            run
        };
        let comparison = Comparison::of(&[run("one", &one), run("other", &other)]);
        let all: std::collections::BTreeSet<_> = comparison.entries().map(|entry| entry.key.clone()).collect();
        proptest::prop_assert_eq!(&all, &one.keys().chain(other.keys()).cloned().collect());
        let differing = comparison.differing();
        let differing: std::collections::BTreeSet<_> = differing.entries().map(|entry| entry.key.as_str()).collect();
        for key in &all {
            proptest::prop_assert_eq!(differing.contains(key.as_str()), one.get(key) != other.get(key));
        }
    }
}
