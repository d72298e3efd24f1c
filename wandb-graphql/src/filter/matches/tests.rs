//! Tests of the runs that filters match and of the filters that are rejected.

use wandb_core::model::{Config, User};

use super::*;

fn runs() -> Vec<Run> {
    let run = |id: &str, config: &str, summary: &str| {
        let mut run = Run::new("team", "project", id, "");
        run.config = Some(Config::parse(config.as_bytes()).unwrap());
        run.summary = Value::parse(summary.as_bytes()).unwrap().as_map().cloned();
        run
    };
    let mut one =
        run("one", r#"{"lr": {"value": 0.1}, "seed": {"value": 1}}"#, r#"{"loss": 3, "val/acc": 1}"#);
    one.name = Some("Ünïcode name".to_owned());
    one.state = Some("finished".into());
    one.tags = Some(vec!["x".to_owned(), "y z".to_owned()]);
    one.group = Some("g".to_owned());
    one.created_at = Some("2024-05-01T12:00:00".into());
    let mut user = User::new();
    user.username = Some("ada".to_owned());
    one.user = Some(user);
    let mut two = run(
        "two",
        r#"{"lr": {"value": "0.1"}, "seed": {"value": 9007199254740993}, "layers": {"value": [8, 16]}}"#,
        r#"{"loss": NaN, "val/acc": Infinity, "best": null}"#,
    );
    two.state = Some("failed".into());
    two.sweep = Some("s1".to_owned());
    two.tags = Some(Vec::new());
    two.created_at = Some("2024-05-01T12:00:01Z".into());
    let mut three = Run::new("team", "project", "three", "");
    three.summary = Value::parse(br#"{"val/acc": 18446744073709551616}"#).unwrap().as_map().cloned();
    three.created_at = Some("2024-05-01T14:00:02+02:00".into());
    vec![one, two, three]
}

fn ids(filter: &str) -> String {
    let matcher = filter.parse::<Filter>().unwrap().matcher().unwrap();
    let runs = runs();
    let ids: Vec<_> = runs.iter().filter(|run| matcher.matches(run)).map(|run| run.id.as_str()).collect();
    ids.join(" ")
}

#[test]
fn filters_pick_runs() {
    for (filter, expected) in [
        ("{}", "one two three"),
        (r#"{"name": "one"}"#, "one"),
        (r#"{"project": "project", "entity": {"$in": ["team"]}}"#, "one two three"),
        (r#"{"project": {"$ne": "project"}}"#, ""),
        (r#"{"display_name": {"$regex": "^Ün.*NAME$"}}"#, ""),
        (r#"{"displayName": {"$regex": "^Ün.*NAME$", "$options": "i"}}"#, "one"),
        (r#"{"state": {"$in": ["failed", "crashed"]}}"#, "two"),
        (r#"{"state": {"$nin": ["failed"]}}"#, "one three"),
        (r#"{"user.username": "ada", "group": "g"}"#, "one"),
        (r#"{"$and": [{"sweep": "s1"}]}"#, "two"),
        (r#"{"config.lr": 0.1}"#, "one"),
        (r#"{"config.lr.value": {"$gte": "0"}}"#, "two"),
        (r#"{"config.seed": {"$gt": 9007199254740992.0}}"#, "two"),
        (r#"{"config.seed": 1.0}"#, "one"),
        (r#"{"config.layers": 16}"#, "two"),
        (r#"{"config.layers": [8, 16.0]}"#, "two"),
        (r#"{"config.layers": {"$gt": 8, "$lt": 16}}"#, "two"),
        (r#"{"config.layers.0": {"$gte": 8}}"#, "two"),
        (r#"{"summary_metrics.loss": "NaN"}"#, "two"),
        (r#"{"summary_metrics.loss": {"$lt": 4}}"#, "one"),
        (r#"{"summary.val/acc": {"$gt": 1e300}}"#, "two"),
        (r#"{"summary.val/acc": {"$gt": 18446744073709551615}}"#, "two three"),
        (r#"{"summary.val/acc": 18446744073709551616}"#, "three"),
        (r#"{"$or": [{"config.seed": 1}, {"tags": {"$exists": false}}]}"#, "one three"),
        (r#"{"$nor": [{"config.seed": 1}, {"tags": {"$exists": false}}]}"#, "two"),
        (r#"{"$not": {"name": "one"}, "config.lr": {"$not": {"$regex": "0"}}}"#, "three"),
        (r#"{"$or": []}"#, ""),
    ] {
        assert_eq!(ids(filter), expected, "{filter}");
    }
}

#[test]
fn list_matches_by_one_of_its_items() {
    for (filter, expected) in [
        (r#"{"tags": "y z"}"#, "one"),
        (r#"{"tags": {"$ne": "x"}}"#, "two three"),
        (r#"{"tags": {"$in": ["q", "x"]}}"#, "one"),
        (r#"{"tags": {"$regex": "z$"}}"#, "one"),
        (r#"{"tags": {"$gt": "y"}}"#, "one"),
        (r#"{"tags": ["x", "y z"]}"#, "one"),
        (r#"{"tags": []}"#, "two"),
        (r#"{"tags": null}"#, "three"),
    ] {
        assert_eq!(ids(filter), expected, "{filter}");
    }
}

#[test]
fn missing_counts_as_null_except_for_exists() {
    for (filter, expected) in [
        (r#"{"summary_metrics.best": null}"#, "one two three"),
        (r#"{"summary_metrics.best": {"$exists": true}}"#, "two"),
        (r#"{"summary_metrics.best": {"$exists": 0}}"#, "one three"),
        (r#"{"summary_metrics.best": {"$gte": null}}"#, "one two three"),
        (r#"{"config.lr": {"$eq": null}}"#, "three"),
        (r#"{"config.lr": {"$ne": null}}"#, "one two"),
        (r#"{"config.lr": {"$ne": 0.1}}"#, "two three"),
        (r#"{"config.lr": {"$in": [null, "0.1"]}}"#, "two three"),
        (r#"{"config.nope": {"$gt": 1}}"#, ""),
    ] {
        assert_eq!(ids(filter), expected, "{filter}");
    }
}

#[test]
fn time_fields_compare_as_moments() {
    for (filter, expected) in [
        (r#"{"created_at": "2024-05-01T12:00:00Z"}"#, "one"),
        (r#"{"createdAt": {"$gt": "2024-05-01T12:00:00"}}"#, "two three"),
        (r#"{"created_at": {"$lte": "2024-05-01 12:00:01"}}"#, "one two"),
        (r#"{"created_at": {"$in": ["2024-05-01T12:00:02Z"]}}"#, "three"),
        (r#"{"created_at": {"$gte": "2024-05-01"}}"#, "one two three"),
        (r#"{"created_at": {"$regex": "^2024-05-01T12"}}"#, "one two"),
        (r#"{"created_at": {"$lt": 2000000000}}"#, ""),
        (r#"{"heartbeat_at": null}"#, "one two three"),
    ] {
        assert_eq!(ids(filter), expected, "{filter}");
    }
}

#[test]
fn unsupported_filters_are_rejected() {
    for (filter, message) in [
        (r#"{"$or": [{}, {"host": "a"}]}"#, r#"unsupported field "host" in the filter (expected one of"#),
        (r#"{"state": {"$sort": 1}}"#, r#"unsupported operator "$sort" in the filter (expected one of"#),
        (r#"{"$where": "1"}"#, r#"unsupported operator "$where" in the filter"#),
        (r#"{"state": {"$eq": "a", "b": 1}}"#, r#"unsupported operator "b" in the filter"#),
        (r#"{"$and": {}}"#, "$and in the filter expects a list of objects, found {}"),
        (r#"{"$nor": [1]}"#, "$nor in the filter expects an object, found 1"),
        (r#"{"state": {"$in": "a"}}"#, r#"$in in the filter expects a list, found "a""#),
        (r#"{"tags": {"$gt": ["a"]}}"#, "$gt in the filter expects a number, string, boolean or null, found"),
        (r#"{"tags": {"$exists": null}}"#, "$exists in the filter expects true or false, found null"),
        (
            r#"{"state": {"$not": "a"}}"#,
            r#"$not in the filter expects an operator such as {"$gt": 1}, found"#,
        ),
        (r#"{"state": {"$regex": 1}}"#, "$regex in the filter expects a string, found 1"),
        (r#"{"state": {"$regex": "(a"}}"#, r#"invalid regular expression "(a" in the filter: "#),
        (r#"{"state": {"$regex": "(?=a)"}}"#, r#"invalid regular expression "(?=a)" in the filter: "#),
        (
            r#"{"state": {"$regex": "a", "$options": "g"}}"#,
            r#"$options in the filter expects a string of the letters i, m, s and x, found "g""#,
        ),
        (r#"{"state": {"$options": "i"}}"#, "$options in the filter expects a $regex beside it, found"),
    ] {
        let filter: Filter = filter.parse().unwrap();
        let error = filter.matcher().unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
        assert_eq!(filter.matches(&runs()[0]), Err(error));
    }
}

#[test]
fn long_operand_is_truncated_in_the_error() {
    let filter: Filter = format!(r#"{{"tags": {{"$in": "{}"}}}}"#, "ä".repeat(1000)).parse().unwrap();
    assert!(filter.matcher().unwrap_err().to_string().ends_with("ä…"));
}
