//! One bad entry of a list: the others are written, the exit code is 5, and stderr gives the reason.

use wandb_local_server::{BadNode, LocalServer, NewRun, Quirks};

use crate::support::{Ended, Program, server};

fn project() -> LocalServer {
    let server = server();
    for number in 0..4 {
        let run = NewRun::new("e", "p", &format!("run{number}")).config(&serde_json::json!({ "lr": number }));
        server
            .store()
            .add_run(run.rows((0..3).map(|step| serde_json::json!({ "_step": step, "loss": step }))));
        server.store().add_file("e/p/run0", &format!("file{number}.txt"), "text").expect("a run");
    }
    server
}

fn program_with(bad: BadNode) -> Program {
    let server = project();
    server.store().set_quirks(Quirks { bad_nodes: vec![bad], ..Quirks::default() });
    Program::new(server)
}

fn assert_others_written(ended: &Ended, count: usize, said: &str) {
    assert_eq!((ended.code, ended.stdout.lines().count()), (Some(5), count), "{ended}");
    assert_eq!(ended.stderr, format!("incomplete: {said}\n"), "{ended}");
}

#[test]
fn unreadable_config_leaves_the_run_without_it() {
    let program = program_with(BadNode::field("runs", "run2", "config", "{\"lr\": "));
    let said = "e/p/run2: config cannot be read: ";
    for arguments in [&["runs", "e/p", "-f", "jsonl"][..], &["project", "e/p", "-f", "jsonl"]] {
        let ended = program.run(arguments);
        assert_eq!((ended.code, ended.stdout.lines().count()), (Some(5), 4), "{ended}");
        assert!(ended.stderr.starts_with(&format!("incomplete: {said}")), "{ended}");
        assert!(ended.stderr.ends_with("it begins \"{\\\"lr\\\": \"\n"), "{ended}");
    }
    let ended = program.run(&["run", "e/p/run2", "-f", "jsonl"]);
    assert_eq!(ended.code, Some(5), "{ended}");
    assert!(ended.stderr.contains(said), "{ended}");
    assert_eq!(program.run(&["history", "e/p/run2", "-f", "jsonl"]).code, Some(0));
}

#[test]
fn failed_node_leaves_the_others() {
    let program = program_with(BadNode::failed("runs", "run2", "internal server error"));
    for arguments in [&["runs", "e/p", "-f", "jsonl"][..], &["project", "e/p", "-f", "jsonl"]] {
        assert_others_written(&program.run(arguments), 3, "runs of e/p: internal server error");
    }
}

#[test]
fn invalid_id_leaves_the_others() {
    for (id, said) in [
        ("run/2", "\"run/2\" cannot be the name of a run: it holds a slash"),
        ("run\n2", "\"run\\n2\" cannot be the name of a run: it holds a control character"),
    ] {
        let program = program_with(BadNode::field("runs", "run2", "name", id));
        let ended = program.run(&["runs", "e/p", "-f", "jsonl"]);
        assert_eq!((ended.code, ended.stdout.lines().count()), (Some(5), 3), "{ended}");
        assert!(ended.stderr.starts_with(&format!("incomplete: runs of e/p: {said}")), "{ended}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended}");
    }
}

#[test]
fn project_without_name_leaves_the_others() {
    let server = project();
    server.store().add_project("e", "q");
    server.store().set_quirks(Quirks {
        bad_nodes: vec![BadNode::field("models", "q", "name", "")],
        ..Quirks::default()
    });
    let ended = Program::new(server).run(&["projects", "e", "-f", "jsonl"]);
    assert_eq!((ended.code, ended.stdout.lines().count()), (Some(5), 1), "{ended}");
    assert!(ended.stderr.starts_with("incomplete: projects of e: the project with the id "), "{ended}");
}

#[test]
fn corrupt_file_leaves_the_others() {
    for bad in [
        BadNode::replaced("files", "file2.txt", 7),
        BadNode::field("files", "file2.txt", "sizeBytes", "many"),
        BadNode::failed("files", "file2.txt", "no such blob"),
    ] {
        let program = program_with(bad);
        let ended = program.run(&["files", "e/p/run0", "-f", "jsonl"]);
        assert_eq!((ended.code, ended.stdout.lines().count()), (Some(5), 3), "{ended}");
        assert!(ended.stderr.starts_with("incomplete: files of e/p/run0: "), "{ended}");
    }
}

#[test]
fn corrupt_log_line_leaves_the_others() {
    let server = server();
    let log = (0..5).map(|number| format!("line {number}")).collect();
    server.store().add_run(NewRun { log, ..NewRun::new("e", "p", "run") });
    let bad_nodes = vec![BadNode::replaced("logLines", "2", "text")];
    server.store().set_quirks(Quirks { bad_nodes, ..Quirks::default() });
    let ended = Program::new(server).run(&["logs", "e/p/run"]);
    assert_eq!((ended.code, ended.stdout.lines().count()), (Some(5), 4), "{ended}");
    assert!(ended.stderr.starts_with("incomplete: log lines of e/p/run: "), "{ended}");
}
