//! Queries: authentication, validation, rows, keys, listings.

use serde_json::{Value, json};
use wandb_local_server::{Dialect, GeneratedRun, NewRun, Options, Wording};

use crate::client::Client;

fn rows(history: &Value) -> Vec<String> {
    history.as_array().unwrap().iter().map(|row| row.as_str().unwrap().to_owned()).collect()
}

fn seeded() -> Client {
    let client = Client::start();
    let mut run = NewRun::new("e", "p", "r");
    run.history = vec![
        r#"{"_step":3,"a":1,"b":NaN}"#.into(),
        r#"{"_step":4,"a":9007199254740993}"#.into(),
        r#"{"_step":1000,"a":-Infinity,"b":{"c":0.1}}"#.into(),
    ];
    run.events = (0..10).map(|i| format!(r#"{{"_timestamp":{i},"system.cpu":1.5}}"#)).collect();
    client.server.store().add_run(run.config(&json!({"lr": 0.1})).summary(&json!({"a": 5})));
    client
}

#[test]
fn wrong_or_missing_key_is_rejected() {
    let client = Client::start();
    let body = json!({ "query": "{ viewer { entity } }" });
    for key in [Some("wrong"), None] {
        assert_eq!(client.post("/graphql", key, &body).unwrap().status, 401);
    }
    let key = client.server.api_key();
    let reply = client.post("/graphql", Some(&key), &body).unwrap();
    assert_eq!(reply.json(), json!({ "data": { "viewer": { "entity": "local" } } }));
    let requests = client.server.store().requests();
    assert_eq!(requests.iter().map(|request| request.authorization).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn unknown_fields_get_status_400() {
    let client = seeded();
    let reply = client.graphql("query Q { viewer { nope } }", &Value::Null);
    assert_eq!(reply.status, 400);
    let error = &reply.json()["errors"][0];
    assert_eq!(error["message"], "Cannot query field \"nope\" on type \"User\".");
    assert_eq!(error["locations"], json!([{ "line": 1, "column": 20 }]));
    client.server.store().set_missing_fields(&[("Run", "historyKeys")]).unwrap();
    let query = "{ project(name: \"p\", entityName: \"e\") { run(name: \"r\") { historyKeys } } }";
    assert_eq!(client.graphql(query, &Value::Null).status, 400);
    client.server.store().set_missing_fields(&[]).unwrap();
    assert_eq!(client.graphql(query, &Value::Null).status, 200);
}

#[test]
fn dialects_reword_errors() {
    let client = seeded();
    let store = client.server.store();
    let query = "query Q { project(name: \"p\", entityName: \"e\") { __typename run(name: \"r\") { historyKeys readOnly } } }";
    let missing = [("Run", "historyKeys"), ("Run", "readOnly")];
    store.set_dialect(Dialect::python(), &missing).unwrap();
    let reply = client.graphql(query, &Value::Null);
    assert_eq!((reply.status, &reply.json()["data"]), (200, &Value::Null));
    let errors = reply.json()["errors"].as_array().unwrap().clone();
    assert_eq!(errors.len(), 2);
    assert_eq!(
        errors[0]["message"],
        "Cannot query field 'historyKeys' on type 'RunType'. Did you mean 'id' or 'name'?"
    );
    let one = Dialect {
        one_at_a_time: true,
        without_locations: true,
        wording: Wording::Gqlgen,
        ..Dialect::python()
    };
    store.set_dialect(one, &missing).unwrap();
    let reply = client.graphql(query, &Value::Null);
    assert_eq!(reply.status, 422);
    let expected = json!([{"message": "Cannot query field \"historyKeys\" on type \"RunType\"."}]);
    assert_eq!(reply.json()["errors"], expected);
    let known =
        "query Q { project(name: \"p\", entityName: \"e\") { __typename run(name: \"r\") { name } } }";
    let data = client.data(known, &Value::Null);
    assert_eq!(data, json!({"project": {"__typename": "ProjectType", "run": {"name": "r"}}}));
}

#[test]
fn missing_objects_are_null() {
    let client = seeded();
    let query =
        "query Q($p: String, $r: String!) { project(name: $p, entityName: \"e\") { run(name: $r) { id } } }";
    assert_eq!(client.data(query, &json!({"p": "p", "r": "zzz"})), json!({"project": {"run": null}}));
    assert_eq!(client.data(query, &json!({"p": "zzz", "r": "r"})), json!({"project": null}));
    assert_eq!(client.graphql(query, &json!({"p": "p"})).status, 400);
}

#[test]
fn history_rows_are_returned_unchanged() {
    let client = seeded();
    let run =
        client.run("r", "all: history(samples: 10) window: history(minStep: 4, maxStep: 1000, samples: 996)");
    assert_eq!(rows(&run["all"])[0], r#"{"_step":3,"a":1,"b":NaN}"#);
    assert_eq!(rows(&run["window"]), [r#"{"_step":4,"a":9007199254740993}"#]);
    let run = client.run("r", "history(minStep: 5, maxStep: 900, samples: 900)");
    assert_eq!(run["history"], json!([]));
}

#[test]
fn sampled_history_requires_all_keys() {
    let client = seeded();
    let query = "query Q($s: [JSONString!]!) { project(name: \"p\", entityName: \"e\") { run(name: \"r\") { sampledHistory(specs: $s) } } }";
    let specs = [
        json!({"keys": ["_step", "a", "b"], "samples": 100}).to_string(),
        json!({"keys": ["_step", "b.c"]}).to_string(),
        json!({"keys": ["a"], "minStep": 4, "maxStep": 4}).to_string(),
    ];
    let reply = client.graphql(query, &json!({ "s": specs }));
    let text = String::from_utf8(reply.body).unwrap();
    assert_eq!(
        text,
        r#"{"data":{"project":{"run":{"sampledHistory":[[{"_step":3,"a":1,"b":"NaN"},{"_step":1000,"a":"-Infinity","b":{"c":0.1}}],[{"_step":1000,"b.c":0.1}],[{"a":9007199254740993}]]}}}}"#
    );
}

#[test]
fn run_has_keys_events_config_and_summary() {
    let client = seeded();
    let run = client
        .run("r", "historyKeys historyLineCount events(samples: 4) config summaryMetrics systemMetrics");
    assert_eq!(run["historyKeys"]["lastStep"], 1000);
    assert_eq!(run["historyKeys"]["keys"]["_step"]["typeCounts"], json!([{"type": "number", "count": 3}]));
    assert_eq!(run["historyLineCount"], 3);
    assert_eq!(run["events"].as_array().unwrap().len(), 4);
    assert_eq!(run["config"], r#"{"lr":{"desc":null,"value":0.1}}"#);
    assert_eq!(run["summaryMetrics"], r#"{"a":5}"#);
    assert_eq!(run["systemMetrics"], r#"{"_timestamp":9,"system.cpu":1.5}"#);
    client.server.store().add_run(NewRun::new("e", "p", "empty"));
    assert_eq!(
        client.run("empty", "historyKeys summaryMetrics"),
        json!({"historyKeys": null, "summaryMetrics": null})
    );
}

#[test]
fn million_steps_are_served_from_a_small_pool() {
    let client = Client::start();
    let store = client.server.store();
    store.generate_run(&GeneratedRun { distinct_rows: 64, ..GeneratedRun::new("e", "p", "long", 1_000_000) });
    let run = client.run("long", "historyKeys history(minStep: 999998, maxStep: 2000000, samples: 10)");
    assert_eq!(run["historyKeys"]["lastStep"], 999_999);
    let rows = rows(&run["history"]);
    assert_eq!(rows.len(), 2);
    let row: Value = serde_json::from_str(&rows[1]).unwrap();
    assert_eq!((row["_step"].as_i64(), row.as_object().unwrap().len()), (Some(999_999), 13));
    store.append_history("e/p/long", vec![r#"{"_step":1000000,"x":1}"#.into()]).unwrap();
    assert_eq!(client.run("long", "historyKeys")["historyKeys"]["lastStep"], 1_000_000);
}

#[test]
fn projects_are_listed_in_pages() {
    let client = Client::start();
    for name in ["one", "two", "three"] {
        client.server.store().add_project("local-team", name);
    }
    let query = "query Q($after: String) { models(entityName: \"local-team\", after: $after, first: 2) \
                 { edges { node { name } cursor } pageInfo { endCursor hasNextPage } } }";
    let first = client.data(query, &json!({}));
    assert_eq!(first["models"]["pageInfo"]["hasNextPage"], true);
    let second = client.data(query, &json!({ "after": first["models"]["pageInfo"]["endCursor"] }));
    assert_eq!(second["models"]["edges"][0]["node"]["name"], "one");
    assert_eq!(second["models"]["pageInfo"]["hasNextPage"], false);
}

#[test]
fn path_prefix_is_part_of_the_base_url() {
    let mut options = Options::default();
    options.path_prefix = Some("/api/wandb/".to_owned());
    let client = Client::with(options);
    assert!(client.server.base_url().ends_with("/api/wandb"));
    assert_eq!(client.data("{ viewer { username } }", &Value::Null)["viewer"]["username"], "local");
}
