//! Bad items do not stop a mirror: the rest is fetched, and the reason is recorded.

use std::fs;

use wandb_local_server::{BadNode, LocalServer, NewRun, NewSweep, Quirks};

use crate::support::{Program, TRANSPORTS, server};

const RUNS: usize = 4;

fn fill(server: &LocalServer, project: &str) {
    for number in 0..RUNS {
        let run = NewRun::new("e", project, &format!("run{number}"));
        let run = run.config(&serde_json::json!({ "lr": number }));
        server
            .store()
            .add_run(run.rows((0..3).map(|step| serde_json::json!({ "_step": step, "loss": 0.5 }))));
        let path = format!("e/{project}/run{number}");
        server.store().add_file(&path, "model.bin", "weights").expect("a run");
    }
}

fn program_with(bad: BadNode) -> Program {
    let server = server();
    fill(&server, "p");
    spoil(&server, vec![bad]);
    Program::new(server)
}

fn spoil(server: &LocalServer, bad_nodes: Vec<BadNode>) {
    server.store().set_quirks(Quirks { bad_nodes, ..Quirks::default() });
}

/// Checks that the files of the other runs exist.
fn assert_others_are_there(program: &Program, folder: &str) {
    for number in (0..RUNS).filter(|number| *number != 2) {
        for place in [format!("history/run{number}.parquet"), format!("files/run{number}/model.bin")] {
            assert!(program.path(folder).join(&place).is_file(), "{place}");
        }
    }
}

#[test]
fn bad_run_does_not_stop_a_mirror() {
    for (bad, said) in [
        (BadNode::field("runs", "run2", "config", "{\"lr\": "), "run2: config cannot be read"),
        (BadNode::failed("runs", "run2", "blob store is corrupt"), "blob store is corrupt"),
        (BadNode::field("runs", "run2", "name", "run/2"), "run/2"),
        (BadNode::field("runs", "run2", "name", "run\n2"), "run\\n2"),
        (BadNode::field("runs", "run2", "historyLineCount", "three"), "runs of e/p: run2: "),
        (BadNode::replaced("runs", "run2", "a text"), "runs of e/p: "),
    ] {
        let program = program_with(bad.clone());
        for transport in TRANSPORTS {
            let ended = program.over(transport, &["mirror", "e/p", "-o", transport, "--retries", "0"]);
            assert_eq!(ended.code, Some(5), "{bad:?} {ended}");
            assert!(ended.stderr.contains(said), "{bad:?} {ended}");
            assert_others_are_there(&program, transport);
            let read = program.over(transport, &["runs", &format!("./{transport}"), "-f", "jsonl"]);
            assert!(matches!(read.code, Some(0 | 5)), "{bad:?} {read}");
            assert!(read.stdout.lines().count() >= RUNS - 1, "{bad:?} {read}");
        }
    }
}

#[test]
fn reason_is_recorded_until_fixed() {
    let program = program_with(BadNode::field("runs", "run2", "config", "{\"lr\": "));
    let mirror = ["mirror", "e/p", "-o", "here"];
    assert_eq!(program.over("async", &mirror).code, Some(5));
    let manifest = fs::read_to_string(program.path("here/manifest.jsonl")).expect("a manifest");
    assert!(manifest.contains("config cannot be read"), "{manifest}");
    assert!(program.path("here/history/run2.parquet").is_file(), "the rest of the run is there");
    let read = program.over("async", &["runs", "./here", "-f", "jsonl"]);
    assert_eq!((read.code, read.stdout.lines().count()), (Some(5), RUNS), "{read}");
    assert!(read.stderr.contains("config cannot be read"), "{read}");
    program.server.store().set_quirks(Quirks::default());
    let ended = program.over("async", &mirror);
    assert_eq!(ended.code, Some(0), "{ended}");
    let manifest = fs::read_to_string(program.path("here/manifest.jsonl")).expect("a manifest");
    assert!(!manifest.contains("cannot be read"), "{manifest}");
}

#[test]
fn run_that_fails_later_is_not_gone() {
    let server = server();
    fill(&server, "p");
    let program = Program::new(server);
    let mirror = ["mirror", "e/p", "-o", "here", "--retries", "0"];
    assert_eq!(program.over("async", &mirror).code, Some(0));
    spoil(&program.server, vec![BadNode::failed("runs", "run2", "blob store is corrupt")]);
    program.server.store().add_run(NewRun::new("e", "p", "run9"));
    let ended = program.over("async", &mirror);
    assert_eq!(ended.code, Some(5), "{ended}");
    let manifest = fs::read_to_string(program.path("here/manifest.jsonl")).expect("a manifest");
    assert!(!manifest.contains("\"gone\":true") && manifest.contains("run9"), "{manifest}");
    assert!(program.path("here/history/run2.parquet").is_file());
}

#[test]
fn bad_project_does_not_stop_the_others() {
    for name in ["", "a/b", " ", "a\nb"] {
        let server = server();
        for project in ["p", "q", "r"] {
            fill(&server, project);
        }
        spoil(&server, vec![BadNode::field("models", "q", "name", name)]);
        let program = Program::new(server);
        let ended = program.over("async", &["mirror", "e", "-o", "all"]);
        assert_eq!(ended.code, Some(5), "{name:?} {ended}");
        assert!(ended.stderr.contains("projects of e: "), "{name:?} {ended}");
        for project in ["all/p", "all/r"] {
            assert_others_are_there(&program, project);
        }
    }
}

#[test]
fn unusable_folder_does_not_stop_other_projects() {
    let server = server();
    for project in ["p", "q", "r"] {
        fill(&server, project);
    }
    let program = Program::new(server);
    fs::create_dir_all(program.path("all/q")).expect("a folder");
    fs::write(program.path("all/q/.wandb-export"), "in the way").expect("a file");
    let ended = program.over("async", &["mirror", "e", "-o", "all"]);
    assert_eq!(ended.code, Some(5), "{ended}");
    assert!(ended.stderr.contains("e/q"), "{ended}");
    for project in ["all/p", "all/r"] {
        assert_others_are_there(&program, project);
    }
}

#[test]
fn bad_file_sweep_or_line_leaves_the_others() {
    let server = server();
    let log = (0..5).map(|number| format!("line {number}")).collect();
    server.store().add_run(NewRun { log, ..NewRun::new("e", "p", "run") });
    for name in ["a.txt", "b.txt", "c.txt"] {
        server.store().add_file("e/p/run", name, name).expect("a run");
    }
    for name in ["sw1", "sw2", "sw3"] {
        server.store().add_sweep(NewSweep::new("e", "p", name));
    }
    spoil(
        &server,
        vec![
            BadNode::replaced("files", "b.txt", 7),
            BadNode::field("sweeps", "sw2", "runCount", "many"),
            BadNode::replaced("logLines", "2", "text"),
        ],
    );
    let program = Program::new(server);
    let ended = program.over("async", &["mirror", "e/p", "-o", "here"]);
    assert_eq!(ended.code, Some(5), "{ended}");
    for said in ["files of e/p/run: ", "sweeps of e/p: sw2: ", "log lines of e/p/run: "] {
        assert!(ended.stderr.contains(said), "{said} {ended}");
    }
    for place in ["files/run/a.txt", "files/run/c.txt", "sweeps.parquet"] {
        assert!(program.path("here").join(place).is_file(), "{place}");
    }
    let log = fs::read_to_string(program.path("here/logs/run.log")).expect("a log");
    assert_eq!(log.lines().count(), 4, "{log}");
}
