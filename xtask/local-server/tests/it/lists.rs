//! Paging of log lines, as on the public service.

use serde_json::json;
use wandb_local_server::{NewRun, Quirks};

use crate::client::Client;

/// Requests the log of the run `e/p/logged` with 12 000 lines.
fn request_log(quirks: Quirks, arguments: &str) -> serde_json::Value {
    let client = Client::start();
    let log = (0..12_000).map(|number| format!("line {number}")).collect();
    client.server.store().add_run(NewRun { log, ..NewRun::new("e", "p", "logged") });
    client.server.store().set_quirks(quirks);
    let fields = format!(
        "logLineCount logLines({arguments}) {{ edges {{ node {{ number }} }} pageInfo {{ endCursor hasNextPage }} }}"
    );
    client.run("logged", &fields)
}

/// Returns the numbers of the first and the last line, and `hasNextPage`.
fn line_range(run: &serde_json::Value) -> (u64, u64, bool) {
    let edges = run["logLines"]["edges"].as_array().unwrap();
    let number = |edge: &serde_json::Value| edge["node"]["number"].as_u64().unwrap();
    let more = run["logLines"]["pageInfo"]["hasNextPage"].as_bool().unwrap();
    (number(&edges[0]), number(edges.last().unwrap()), more)
}

#[test]
fn improved_pages_go_forward_up_to_a_size() {
    let page = request_log(Quirks::default(), "first: 5000, useImprovedPagination: true");
    assert_eq!((line_range(&page), &page["logLineCount"]), ((0, 4_999, true), &json!(12_000)));
    let small = Quirks { log_page_bytes: 70, ..Quirks::default() };
    let page = request_log(small, "first: 5000, useImprovedPagination: true");
    assert_eq!(line_range(&page), (0, 10, false), "a page truncated by its size claims to be the last");
    let short = Quirks { log_lines_kept: 10, ..Quirks::default() };
    let page = request_log(short, "first: 5000, useImprovedPagination: true");
    assert_eq!((line_range(&page), &page["logLineCount"]), ((11_990, 11_999, false), &json!(12_000)));
}

#[test]
fn legacy_pages_go_backwards_and_ignore_first() {
    let newest = request_log(Quirks::default(), "first: 5000");
    assert_eq!(line_range(&newest), (2_000, 11_999, true));
    let cursor = newest["logLines"]["pageInfo"]["endCursor"].as_str().unwrap();
    let older = request_log(Quirks::default(), &format!("first: 5000, after: \"{cursor}\""));
    assert_eq!(line_range(&older), (0, 1_999, false));
    assert_eq!(line_range(&request_log(Quirks::default(), "last: 100000")), (2_000, 11_999, true));
}

#[test]
fn older_servers_omit_the_type_in_errors() {
    let client = Client::start();
    client.server.store().set_missing_fields(&[("Run.logLines", "useImprovedPagination")]).unwrap();
    let quirks = Quirks { untyped_arguments: true, ..Quirks::default() };
    client.server.store().set_quirks(quirks);
    let query = "{ project(name: \"p\", entityName: \"e\") { run(name: \"r\") { logLines(useImprovedPagination: true) { edges { cursor } } } } }";
    let reply = client.graphql(query, &json!({})).json();
    assert_eq!(
        reply["errors"][0]["message"],
        "Unknown argument \"useImprovedPagination\" on field \"logLines\""
    );
}

#[test]
fn run_that_never_printed_has_no_log() {
    let client = Client::start();
    client.server.store().add_run(NewRun::new("e", "p", "silent"));
    let run = client.run("silent", "logLineCount logLines(last: 5) { edges { cursor } }");
    assert_eq!(run, json!({ "logLineCount": 0, "logLines": null }));
}
