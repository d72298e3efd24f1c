//! The requests with which the SDK logs: create, stream, resume, upload.

use serde_json::{Value, json};
use wandb_local_server::{Options, Port};

use crate::client::Client;

const UPSERT: &str = "mutation UpsertBucket($id: String, $name: String, $config: JSONString, $summary: JSONString, $tags: [String!]) { \
    upsertBucket(input: {id: $id, name: $name, modelName: \"p\", entityName: \"e\", config: $config, summaryMetrics: $summary, tags: $tags}) \
    { bucket { id name state project { name entity { name } } } inserted } }";

fn start(client: &Client) -> Value {
    client.data(UPSERT, &json!({ "name": "r", "config": r#"{"_wandb":{"value":{"t":1}}}"# }))["upsertBucket"]
        .clone()
}

fn stream(client: &Client, body: &Value) -> Value {
    let key = client.server.api_key();
    let reply = client.post("/files/e/p/r/file_stream", Some(&key), body).unwrap();
    assert_eq!(reply.status, 200);
    reply.json()
}

#[test]
fn run_is_created_streamed_and_finished() {
    let client = Client::start();
    assert_eq!(start(&client)["inserted"], true);
    assert_eq!(start(&client)["inserted"], false);
    let rows: Vec<String> = (0..3).map(|step| format!(r#"{{"_step":{step},"x":NaN}}"#)).collect();
    let first = json!({"files": {"wandb-history.jsonl": {"offset": 0, "content": rows}}});
    stream(&client, &first);
    // A retry, as after a lost response.
    stream(&client, &first);
    stream(
        &client,
        &json!({
            "files": {
                "wandb-history.jsonl": {"offset": 3, "content": [r#"{"_step":3,"x":1}"#]},
                "wandb-events.jsonl": {"offset": 0, "content": [r#"{"_runtime":1,"system.cpu":2}"#]},
                "wandb-summary.json": {"offset": 0, "content": [r#"{"x":-Infinity,"_step":3}"#]},
                "output.log": {"offset": 0, "content": ["2026-01-01T00:00:00.000000 hello\n", "ERROR 2026-01-01T00:00:01.000000 bad"]},
            },
        }),
    );
    assert_eq!(client.run("r", "state historyLineCount")["state"], "running");
    stream(&client, &json!({"complete": true, "exitcode": 0}));
    let run = client.run(
        "r",
        "state exitcode historyLineCount summaryMetrics eventsLineCount \
         logLines(first: 1, useImprovedPagination: true) { edges { node { line } } pageInfo { hasNextPage endCursor } } \
         tail: logLines(last: 1) { edges { node { number level timestamp line } } }",
    );
    assert_eq!(run["state"], "finished");
    assert_eq!((run["historyLineCount"].as_i64(), run["eventsLineCount"].as_i64()), (Some(4), Some(1)));
    assert_eq!(run["summaryMetrics"], r#"{"x":-Infinity,"_step":3}"#);
    assert_eq!(run["logLines"]["edges"][0]["node"]["line"], "hello");
    assert_eq!(run["logLines"]["pageInfo"]["hasNextPage"], true);
    assert_eq!(
        run["tail"]["edges"][0]["node"],
        json!({"number": 1, "level": "error", "timestamp": "2026-01-01T00:00:01.000000", "line": "bad"})
    );
}

#[test]
fn resumed_run_keeps_its_rows() {
    let client = Client::start();
    start(&client);
    let content = [r#"{"_step":0}"#, r#"{"_step":1}"#];
    stream(
        &client,
        &json!({"files": {"wandb-history.jsonl": {"offset": 0, "content": content}}, "complete": true, "exitcode": 7}),
    );
    let query = "{ model(name: \"p\", entityName: \"e\") { bucket(name: \"r\", missingOk: true) \
                 { state historyLineCount historyTail eventsTail wandbConfig(keys: [\"t\"]) } \
                 none: bucket(name: \"zzz\", missingOk: true) { id } } }";
    let model = &client.data(query, &Value::Null)["model"];
    assert_eq!(model["none"], Value::Null);
    assert_eq!(
        model["bucket"],
        json!({"state": "failed", "historyLineCount": 2, "historyTail": r#"["{\"_step\":1}"]"#, "eventsTail": "[]",
               "wandbConfig": r#"{"t":1}"#})
    );
    start(&client);
    assert_eq!(client.run("r", "state")["state"], "running");
}

#[test]
fn run_without_heartbeat_has_crashed() {
    let mut options = Options::default();
    options.heartbeat_timeout = std::time::Duration::ZERO;
    let client = Client::with(options);
    start(&client);
    assert_eq!(client.run("r", "state failed"), json!({"state": "crashed", "failed": true}));
}

#[test]
fn changes_by_storage_id_keep_the_state() {
    let client = Client::start();
    let id = start(&client)["bucket"]["id"].clone();
    stream(&client, &json!({"complete": true, "exitcode": 0}));
    client.data(UPSERT, &json!({ "id": id, "tags": ["new"], "summary": r#"{"best":NaN}"# }));
    assert_eq!(
        client.run("r", "state tags summaryMetrics"),
        json!({"state": "finished", "tags": ["new"], "summaryMetrics": r#"{"best":NaN}"#})
    );
    client.data(
        "mutation D($id: ID!) { deleteRun(input: {id: $id}) { clientMutationId } }",
        &json!({ "id": id }),
    );
    assert_eq!(client.run("r", "id"), Value::Null);
}

#[test]
fn files_transfer_without_the_api_key() {
    let client = Client::start();
    start(&client);
    let create = "mutation CreateRunFiles($files: [String!]!) { createRunFiles(input: {entityName: \"e\", projectName: \"p\", runName: \"r\", files: $files}) \
                  { runID uploadHeaders files { name uploadUrl } } }";
    let made = client.data(create, &json!({ "files": ["a dir/ü?.json", "b.txt"] }));
    let url = |index: usize| made["createRunFiles"]["files"][index]["uploadUrl"].as_str().unwrap().to_owned();
    assert_eq!(client.put(&url(0), b"0123456789").status, 200);
    assert_eq!(client.put(&url(1), b"x").status, 200);

    let run = client.run("r", "fileCount files(pattern: \"%.json\") { edges { node { name sizeBytes md5 mimetype url directUrl } } }");
    assert_eq!((run["fileCount"].as_i64(), run["files"]["edges"].as_array().unwrap().len()), (Some(2), 1));
    let file = &run["files"]["edges"][0]["node"];
    assert_eq!(file["name"], "a dir/ü?.json");
    assert_eq!(file["sizeBytes"], 10);
    assert_eq!(file["md5"], "eB5eJF1ptWaXm4bijSPyxw==");
    assert_eq!(file["mimetype"], "application/json");

    let direct = file["directUrl"].as_str().unwrap();
    assert!(direct.starts_with(&client.server.storage_url()));
    assert_eq!(client.get(direct, &[]).body, b"0123456789");
    let part = client.get(direct, &[("Range", "bytes=2-4")]);
    assert_eq!((part.status, &part.body[..]), (206, &b"234"[..]));
    assert_eq!(part.headers["content-range"], "bytes 2-4/10");
    assert_eq!(client.get(&direct.replace("signature=", "signature=0"), &[]).status, 403);
    assert_eq!(client.put(direct, b"overwrite").status, 403);

    let through_api = file["url"].as_str().unwrap();
    assert_eq!(client.get(through_api, &[]).status, 401);
    let redirect = client.get(through_api, &[("Authorization", &client.authorization())]);
    assert_eq!(redirect.status, 307);
    assert_eq!(client.get(redirect.headers["location"].to_str().unwrap(), &[]).body, b"0123456789");
    let storage =
        client.server.store().requests().into_iter().filter(|request| request.port == Port::Storage);
    assert!(storage.clone().count() > 5 && storage.clone().all(|request| !request.authorization));
}
