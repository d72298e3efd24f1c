//! Fault injection.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wandb_local_server::{Fault, FaultKind, Faults, NewRun, Port, RateLimit};

use crate::client::Client;

const QUERY: &str = "query Who { viewer { username } }";

fn failing(faults: Vec<Fault>) -> Client {
    let client = Client::start();
    client.server.store().set_faults(Faults { faults, ..Faults::default() });
    client
}

fn status(client: &Client) -> u16 {
    client.graphql(QUERY, &Value::Null).status
}

#[test]
fn status_429_has_rate_limit_headers() {
    let client = failing(vec![Fault::next(1, FaultKind::TooManyRequests { reset: 3, retry_after: Some(2) })]);
    let reply = client.graphql(QUERY, &Value::Null);
    assert_eq!(reply.status, 429);
    assert_eq!(
        (&reply.headers["ratelimit-reset"], &reply.headers["retry-after"]),
        (&"3".parse().unwrap(), &"2".parse().unwrap())
    );
}

#[test]
fn connections_are_reset_and_bodies_cut() {
    let client = failing(vec![Fault::next(1, FaultKind::Reset), Fault::next(1, FaultKind::CutBody)]);
    for _ in 0..2 {
        assert!(client.try_graphql(QUERY, &Value::Null).is_err());
    }
    assert_eq!(status(&client), 200);
    let statuses: Vec<Option<u16>> =
        client.server.store().requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [None, Some(200), Some(200)]);
}

#[test]
fn html_and_null_data_look_like_success() {
    let client = failing(vec![
        Fault::next(1, FaultKind::Html(200)).on("Who"),
        Fault::next(1, FaultKind::DataNull("boom".into())).on("Who"),
        Fault::next(9, FaultKind::Status(500)).on("Another"),
    ]);
    let reply = client.graphql(QUERY, &Value::Null);
    assert_eq!(reply.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(
        client.graphql(QUERY, &Value::Null).json(),
        json!({"data": null, "errors": [{"message": "boom"}]})
    );
    assert_eq!(status(&client), 200);
}

#[test]
fn faults_are_limited_to_their_port() {
    let client = failing(vec![Fault::chance(1.0, FaultKind::Status(502)).at(Port::Storage)]);
    assert_eq!(status(&client), 200);
    assert_eq!(client.get(&format!("{}/x", client.server.storage_url()), &[]).status, 502);
}

#[test]
fn latency_delays_the_answer() {
    let client = failing(vec![Fault::next(1, FaultKind::Latency(Duration::from_millis(30)))]);
    let started = Instant::now();
    assert_eq!(status(&client), 200);
    assert!(started.elapsed() >= Duration::from_millis(30));
}

#[test]
fn window_wider_than_page_limit_is_rejected() {
    let client = Client::start();
    let store = client.server.store();
    store.add_run(NewRun::new("e", "p", "r").rows((0..5).map(|step| json!({"_step": step, "a": 1}))));
    store.set_faults(Faults { page_limit: Some(100), ..Faults::default() });
    let ask = |fields: &str| {
        let query =
            format!("{{ project(name: \"p\", entityName: \"e\") {{ run(name: \"r\") {{ {fields} }} }} }}");
        client.graphql(&query, &Value::Null).status
    };
    assert_eq!(ask("history(minStep: 0, maxStep: 101, samples: 101)"), 500);
    assert_eq!(ask("history(minStep: 1, maxStep: 101, samples: 100)"), 200);
    assert_eq!(ask(r#"sampledHistory(specs: ["{\"keys\":[\"a\"],\"minStep\":0,\"maxStep\":100}"])"#), 500);
}

#[test]
fn rate_limit_is_enforced() {
    let client = Client::start();
    let rate_limit = Some(RateLimit { per_second: 0.001, burst: 2.0 });
    client.server.store().set_faults(Faults { rate_limit, ..Faults::default() });
    let replies: Vec<_> = (0..3).map(|_| client.graphql(QUERY, &Value::Null)).collect();
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [200, 200, 429]);
    assert!(replies.iter().all(|reply| reply.headers.contains_key("ratelimit-remaining")));
}
