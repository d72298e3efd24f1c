//! The command `set`.

use std::io::Write as _;
use std::process::Stdio;

use insta::assert_snapshot;
use wandb_local_server::{LocalServer, NewRun, Options, RunState, User};

use crate::support::{Program, RUN, TRANSPORTS, server, team};

fn program() -> Program {
    let server = server();
    team(&server);
    Program::new(server)
}

/// Makes a change with each transport, on separate servers, and compares the results.
fn on_each(name: &str, arguments: &[&str]) -> Program {
    let programs = TRANSPORTS.map(|transport| {
        let program = program();
        let ended = program.over(transport, arguments);
        (program, ended)
    });
    let [(program, first), (_, second)] = programs;
    assert_eq!(first, second, "the transports differ");
    assert_snapshot!(name, first);
    program
}

fn shown(program: &Program, field: &str) -> String {
    let run = program.over("async", &["run", RUN, "-f", "jsonl"]).stdout;
    let run: serde_json::Value = serde_json::from_str(&run).expect("JSON");
    run[field].to_string()
}

#[test]
fn set_summary() {
    let arguments = [
        "set",
        "summary",
        RUN,
        "acc=0.95",
        "best.acc=0.96",
        "note=adam",
        "text:=\"1\"",
        "lost=NaN",
        "--delete",
        "loss",
        "-f",
        "jsonl",
    ];
    let program = on_each("summary", &arguments);
    let expected =
        r#"{"_step":24,"acc":0.95,"best":{"acc":0.96,"loss":0.03},"lost":"NaN","note":"adam","text":"1"}"#;
    assert_eq!(shown(&program, "summary"), expected);
}

#[test]
fn set_config_as_a_table() {
    let program = on_each("config", &["set", "config", RUN, "lr=1", "optimizer.name=sgd", "--text"]);
    assert_eq!(shown(&program, "config"), r#"{"lr":"1","optimizer":{"betas":[0.9,0.999],"name":"sgd"}}"#);
}

#[test]
fn set_texts_and_tags() {
    let program = on_each("name", &["set", "name", RUN, "-the final one-"]);
    assert_eq!(shown(&program, "name"), r#""-the final one-""#);
    for (arguments, tags) in [
        (&["--add", "checked", "--remove", "paper"][..], r#"["baseline","checked"]"#),
        (&["a", "b", "a"], r#"["a","b"]"#),
        (&["--none"], "[]"),
    ] {
        let ended = program.over("blocking", &[&["set", "tags", RUN], arguments].concat());
        assert_eq!(ended.code, Some(0), "{ended}");
        assert_eq!(shown(&program, "tags"), tags);
    }
    program.over("async", &["set", "notes", RUN, ""]);
    program.over("async", &["set", "group", RUN, "g2"]);
    assert_eq!((shown(&program, "notes").as_str(), shown(&program, "group").as_str()), ("\"\"", "\"g2\""));
}

#[test]
fn dry_run_changes_nothing() {
    let program = on_each("dry_run", &["set", "summary", RUN, "acc=0.95", "--dry-run", "-f", "csv"]);
    assert_eq!(shown(&program, "summary"), r#"{"_step":24,"acc":0.9,"best":{"loss":0.03},"loss":0.04}"#);
}

#[test]
fn unchanged_values_are_not_written() {
    on_each("unchanged", &["set", "summary", RUN, "acc=0.9", "-f", "jsonl"]);
}

#[test]
fn set_from_a_file_and_standard_input() {
    let program = program();
    std::fs::write(program.path("best.json"), r#"{"best": {"acc": 1}, "k.d": null}"#).expect("a file");
    let ended = program.over("async", &["set", "summary", RUN, "--from", "best.json"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    let mut child = program.command(&["set", "summary", RUN, "--from", "-"]);
    let mut child = child.stdin(Stdio::piped()).spawn().expect("the program");
    child.stdin.take().expect("a pipe").write_all(b"{\"acc\": Infinity}").expect("to be read");
    let ended = program.ended(&child.wait_with_output().expect("an end"));
    assert_eq!(ended.code, Some(0), "{ended}");
    let expected = r#"{"_step":24,"acc":"Infinity","best":{"acc":1},"k.d":null,"loss":0.04}"#;
    assert_eq!(shown(&program, "summary"), expected);
}

#[test]
fn running_run_is_a_note() {
    let program = program();
    program
        .server
        .store()
        .add_run(NewRun { state: RunState::Running, ..NewRun::new("local-team", "vision", "live") });
    assert_snapshot!(
        program.over("async", &["set", "summary", "local-team/vision/live", "a=1", "-f", "jsonl"])
    );
}

#[test]
fn invalid_arguments() {
    let program = program();
    let arguments = [
        &["set", "summary", RUN][..],
        &["set", "summary", RUN, "acc"],
        &["set", "summary", RUN, "acc:=adam"],
        &["set", "summary", RUN, "acc.x=1"],
        &["set", "config", RUN, "_wandb=1"],
        &["set", "tags", RUN],
        &["set", "summary", RUN, "--from", "none.json"],
        &["set", "summary", "local-team/vision/abc124", "acc=1"],
    ];
    let said = arguments.map(|arguments| format!("$ {}\n{}\n", arguments.join(" "), program.run(arguments)));
    assert_snapshot!(said.concat());
    let written = program
        .server
        .store()
        .requests()
        .into_iter()
        .any(|it| it.operation.as_deref() == Some("UpsertBucket"));
    assert!(!written);
}

#[test]
fn read_only_key() {
    let mut options = Options::default();
    options.users[0] = User { read_only: true, ..options.users[0].clone() };
    let server = LocalServer::start(options).expect("a free port");
    team(&server);
    assert_snapshot!(Program::new(server).run(&["set", "name", RUN, "n"]));
}
