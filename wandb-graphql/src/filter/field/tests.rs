//! Tests of field names and paths.

use wandb_core::model::Config;

use super::*;

fn run() -> Run {
    let mut run = Run::new("team", "project", "abc", "");
    run.config = Some(
        Config::parse(
            br#"{"lr": {"value": 0.1}, "opt": {"value": {"name": "sgd", "value": 7, "betas": [1, {"x": 2}]}},
                 "a.b": {"value": 3}, "a": {"value": {"b": 4, "c": 5, "d.e": {"f": 6}, "d": null}},
                 "_wandb": {"value": {"cli_version": "0.31"}}}"#,
        )
        .unwrap(),
    );
    run.summary = Value::parse(br#"{"acc": 1, "val/acc": {"max": 2}, "value": 3, "a.b": 4}"#)
        .unwrap()
        .as_map()
        .cloned();
    run
}

fn json(name: &str) -> Option<String> {
    Field::named(name).unwrap().value_in(&run()).map(|value| value.to_json())
}

#[test]
fn paths_lead_into_config_and_summary() {
    for (name, expected) in [
        ("config.lr", "0.1"),
        ("config.lr.value", "0.1"),
        ("config.opt.name", r#""sgd""#),
        ("config.opt.value.name", r#""sgd""#),
        ("config.opt.value.value", "7"),
        ("config.opt.betas.1.x", "2"),
        ("config.a.b", "3"),
        ("config.a.b.value", "3"),
        ("config.a.c", "5"),
        ("config.a.d.e.f", "6"),
        ("config.a.d", "null"),
        ("config._wandb.value.cli_version", r#""0.31""#),
        ("summary_metrics.acc", "1"),
        ("summary.val/acc.max", "2"),
        ("summaryMetrics.value", "3"),
        ("summary_metrics.a.b", "4"),
        ("name", r#""abc""#),
    ] {
        assert_eq!(json(name).as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn missing_values_are_none_and_not_null() {
    for name in [
        "config.nope",
        "config.lr.deep",
        "config.opt.betas.2",
        "config.opt.betas.x",
        "config.",
        "summary_metrics.acc.value",
        "system_metrics.gpu",
        "group",
        "tags",
        "user.username",
    ] {
        assert_eq!(json(name), None, "{name}");
    }
}

#[test]
fn unknown_names_are_no_fields() {
    for name in ["", "config", "host", "tags.x", "Name", "user.name", "sumary_metrics.loss"] {
        assert_eq!(Field::named(name), None, "{name}");
    }
}
