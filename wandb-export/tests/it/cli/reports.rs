//! The command `reports`.

use std::path::Path;

use serde_json::{Value, json};
use wandb_local_server::NewView;

use crate::support::{Program, server};

const PROJECT: &str = "local-team/vision";

/// A server whose project has 60 reports and a workspace.
fn program() -> Program {
    let server = server();
    let store = server.store();
    for number in 0..60 {
        store.add_view(NewView::report("local-team", "vision", &format!("Report {number}")));
    }
    let spec = json!({ "version": 5, "blocks": [{ "type": "paragraph", "children": [{ "text": "Loss is *down*." }] }] });
    let description = "All <b>runs</b>.".to_owned();
    let best = NewView {
        description,
        spec: spec.to_string(),
        ..NewView::report("local-team", "vision", "Best / of")
    };
    store.add_view(best);
    let kind = "project-view".to_owned();
    store.add_view(NewView { kind, ..NewView::report("local-team", "vision", "My workspace") });
    Program::new(server)
}

fn rows(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
}

#[test]
fn all_reports_are_listed() {
    let program = program();
    let ended = program.run(&["reports", PROJECT, "-f", "jsonl"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let rows = rows(&ended.stdout);
    assert_eq!(rows.len(), 61);
    assert_eq!(
        (&rows[0]["title"], &rows[0]["description"]),
        (&json!("Best / of"), &json!("All <b>runs</b>."))
    );
    let url = rows[0]["url"].as_str().expect("a URL");
    assert!(url.contains("/local-team/vision/reports/Best-of--"), "{url}");
    assert!(rows.iter().all(|row| row.get("content").is_none()));
}

#[test]
fn content_is_a_column_on_request() {
    let ended = program().run(&["reports", PROJECT, "--name", "Best / of", "--content", "-f", "jsonl"]);
    let rows = rows(&ended.stdout);
    assert_eq!((ended.code, rows.len()), (Some(0), 1));
    assert_eq!(rows[0]["content"]["blocks"][0]["children"][0]["text"], "Loss is *down*.");
}

#[test]
fn reports_are_downloaded_as_markdown_and_json() {
    let program = program();
    let arguments = ["reports", PROJECT, "--name", "Best / of", "--download", "-o", "out"];
    let ended = program.run(&[&arguments[..], &["-f", "jsonl"]].concat());
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let paths: Vec<_> =
        rows(&ended.stdout).iter().map(|row| row["path"].as_str().expect("a path").to_owned()).collect();
    assert_eq!(paths.len(), 2);
    let read = |path: &str| std::fs::read_to_string(program.path(path)).expect("a file");
    assert!(read(&paths[0]).contains("Loss is \\*down\\*."), "{}", read(&paths[0]));
    assert!(serde_json::from_str::<Value>(&read(&paths[1])).is_ok_and(|json| json["version"] == 5));

    assert_eq!(program.run(&arguments).code, Some(0), "equal files stay");
    std::fs::write(program.path(&paths[0]), "mine").expect("a file");
    let ended = program.run(&arguments);
    assert_eq!(ended.code, Some(5));
    assert!(
        ended.stderr.contains("is another file") && ended.stderr.contains("--replace"),
        "{}",
        ended.stderr
    );
    assert_eq!(read(&paths[0]), "mine");
    assert_eq!(program.run(&[&arguments[..], &["--replace"]].concat()).code, Some(0));
    assert!(read(&paths[0]).contains("Loss is"));
}

#[test]
fn workspaces_are_downloaded_as_json() {
    let program = program();
    let ended =
        program.run(&["reports", PROJECT, "--kind", "workspaces", "--download", "-o", "out", "-f", "jsonl"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let rows = rows(&ended.stdout);
    assert_eq!((rows.len(), &rows[0]["title"]), (1, &json!("My workspace")));
    assert!(
        rows[0]["path"]
            .as_str()
            .is_some_and(|path| Path::new(path).extension().is_some_and(|end| end == "json"))
    );
}

#[test]
fn unknown_report_is_not_found() {
    let program = program();
    let ended = program.run(&["reports", PROJECT, "--name", "nothing"]);
    assert_eq!(ended.code, Some(3));
    assert!(
        ended.stderr.contains("local-team/vision has no report or workspace \"nothing\""),
        "{}",
        ended.stderr
    );
    let ended = program.run(&["reports", PROJECT, "--name", "nothing", "--name", "Report 1"]);
    assert_eq!(ended.code, Some(5));
    assert!(ended.stderr.contains("incomplete: "), "{}", ended.stderr);
    assert_eq!(program.run(&["reports", "local-team/missing"]).code, Some(3));
}

#[test]
fn content_that_is_not_json_is_kept_and_reported() {
    let server = server();
    let broken = NewView { spec: "{oops".to_owned(), ..NewView::report("local-team", "vision", "Broken") };
    server.store().add_view(broken);
    let program = Program::new(server);
    let ended = program.run(&["reports", PROJECT, "--download", "-o", "out", "-f", "jsonl"]);
    assert_eq!(ended.code, Some(5));
    assert!(ended.stderr.contains("Broken") && ended.stderr.contains("not JSON"), "{}", ended.stderr);
    let rows = rows(&ended.stdout);
    let path = rows[0]["path"].as_str().expect("a path");
    assert_eq!(std::fs::read_to_string(program.path(path)).expect("a file"), "{oops");
}
