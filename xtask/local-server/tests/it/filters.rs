//! Filters and sort orders of `runs`.

use serde_json::{Value, json};
use wandb_local_server::{NewRun, NewSweep, RunState};

use crate::client::Client;

const QUERY: &str = "query Runs($filters: JSONString, $order: String, $after: String, $first: Int) { \
    project(name: \"p\", entityName: \"e\") { runCount(filters: $filters) \
    runs(filters: $filters, order: $order, after: $after, first: $first) { \
    edges { node { name } cursor } pageInfo { endCursor hasNextPage } } } }";

fn seeded() -> Client {
    let client = Client::start();
    let store = client.server.store();
    let run = |name: &str, second: i64, lr: Value, loss: Value| {
        let mut run = NewRun::new("e", "p", name).config(&json!({"lr": lr, "opt": {"name": name}}));
        if !loss.is_null() {
            run = run.summary(&json!({"loss": loss, "val/acc": 1, "a.b": second}));
        }
        run.created_at = Some(jiff::Timestamp::from_second(1_700_000_000 + second).unwrap());
        run
    };
    let mut first = run("first", 0, json!(0.1), json!(3));
    first.tags = vec!["x".into(), "y z".into()];
    first.group = Some("g".into());
    store.add_run(first);
    let mut second = run("second", 1, json!(0.01), json!(1.5));
    second.state = RunState::Failed;
    second.sweep = Some("s1".into());
    store.add_run(second);
    store.add_run(run("third", 2, json!("0.1"), Value::Null));
    let mut fourth = run("fourth", 3, json!(1), json!("NaN"));
    fourth.display_name = Some("Ünïcode name".into());
    store.add_run(fourth);
    let mut sweep = NewSweep::new("e", "p", "s1");
    sweep.best_loss = Some(1.5);
    store.add_sweep(sweep);
    client
}

fn names(client: &Client, filters: &Value, order: Option<&str>) -> Vec<String> {
    let data = client.data(QUERY, &json!({ "filters": filters.to_string(), "order": order, "first": 100 }));
    let edges = data["project"]["runs"]["edges"].as_array().unwrap();
    assert_eq!(data["project"]["runCount"], edges.len());
    edges.iter().map(|edge| edge["node"]["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn filters_select_runs() {
    let client = seeded();
    for (filters, expected) in [
        (json!({}), "first second third fourth"),
        (json!({"config.lr": 0.1}), "first"),
        (json!({"config.lr.value": 0.1}), "first"),
        (json!({"config.opt.name": "third"}), "third"),
        (json!({"config.opt.value.name": "third"}), "third"),
        (json!({"state": {"$in": ["failed", "crashed"]}}), "second"),
        (json!({"state": {"$nin": ["failed"]}}), "first third fourth"),
        (json!({"tags": "y z"}), "first"),
        (json!({"tags": {"$ne": "x"}}), "second third fourth"),
        (json!({"group": {"$exists": true}}), "first"),
        (json!({"group": null}), "second third fourth"),
        (json!({"summary_metrics.loss": {"$gt": 1.5}}), "first"),
        (json!({"summary_metrics.loss": {"$gte": 1.5, "$lt": 3}}), "second"),
        (json!({"summary_metrics.val/acc": {"$lte": 1}}), "first second fourth"),
        (json!({"summary_metrics.a.b": 1}), "second"),
        (json!({"display_name": {"$regex": "^Ün.*name$"}}), "fourth"),
        (json!({"created_at": {"$gt": "2023-11-14T22:13:21"}}), "third fourth"),
        (json!({"created_at": {"$lte": "2023-11-14T22:13:21Z"}}), "first second"),
        (
            json!({"$or": [{"name": "first"}, {"$and": [{"sweep": "s1"}, {"username": "local"}]}]}),
            "first second",
        ),
        (json!({"$not": {"name": "first"}, "config.lr": {"$not": {"$gt": 0.5}}}), "second third"),
        (json!({"config.nope": {"$ne": 1}}), "first second third fourth"),
        (json!({"config.nope": {"$gt": 1}}), ""),
    ] {
        assert_eq!(names(&client, &filters, None).join(" "), expected, "{filters}");
    }
    let reply = client.graphql(QUERY, &json!({ "filters": r#"{"state": {"$sort": 1}}"# }));
    assert!(reply.json()["errors"][0]["message"].as_str().unwrap().contains("$sort"));
}

#[test]
fn runs_without_the_sort_field_come_last() {
    let client = seeded();
    for (order, expected) in [
        ("-created_at", "fourth third second first"),
        ("+summary_metrics.loss", "second first fourth third"),
        ("-summary_metrics.loss", "first second fourth third"),
        ("config.lr.value", "second first fourth third"),
        ("-config.lr,+created_at", "fourth first second third"),
        ("", "first second third fourth"),
    ] {
        assert_eq!(names(&client, &json!({}), Some(order)).join(" "), expected, "{order}");
    }
}

#[test]
fn cursor_keeps_its_position_as_runs_are_added() {
    let client = seeded();
    let page = client.data(QUERY, &json!({ "first": 2, "order": "-created_at" }));
    client.server.store().add_run(NewRun::new("e", "p", "newest"));
    let cursor = &page["project"]["runs"]["pageInfo"]["endCursor"];
    let page = client.data(QUERY, &json!({ "first": 2, "order": "-created_at", "after": cursor }));
    let runs = &page["project"]["runs"];
    assert_eq!(runs["edges"][0]["node"]["name"], "second");
    assert_eq!(runs["pageInfo"]["hasNextPage"], false);
}

#[test]
fn sweep_lists_its_runs() {
    let client = seeded();
    let query = "{ project(name: \"p\", entityName: \"e\") { totalSweeps sweep(sweepName: \"s1\") \
                 { name bestLoss runCount method runs { edges { node { name sweepName } } } } } }";
    let project = &client.data(query, &Value::Null)["project"];
    assert_eq!(project["totalSweeps"], 1);
    assert_eq!(
        project["sweep"],
        json!({"name": "s1", "bestLoss": 1.5, "runCount": 1, "method": "grid",
               "runs": {"edges": [{"node": {"name": "second", "sweepName": "s1"}}]}})
    );
}
