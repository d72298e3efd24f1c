//! Incomplete exports: exit code 5, with the missing data on stderr.

use insta::assert_snapshot;
use serde_json::json;
use wandb_local_server::NewRun;

use crate::support::{Program, RUN, server, team};

#[test]
fn complete_history_has_the_counted_rows() {
    let server = server();
    team(&server);
    server.store().set_missing_fields(&[("Run", "historyKeys")]).expect("a field of the schema");
    let ended = Program::new(server).run(&["history", RUN, "--all", "-f", "jsonl"]);
    assert_eq!((ended.code, ended.stdout.lines().count(), ended.stderr.as_str()), (Some(0), 25, ""));
}

#[test]
fn incomplete_server_lacks_summaries() {
    let server = server();
    team(&server);
    server.store().set_missing_fields(&[("Run", "summaryMetrics")]).expect("a field of the schema");
    let program = Program::new(server);
    let (project, run) = (
        program.run(&["project", "local-team/vision", "-f", "csv"]),
        program.run(&["run", RUN, "-f", "jsonl"]),
    );
    assert_snapshot!(format!("{project}\n{run}"));
}

/// Fields that older servers lack.
const NEWER: [(&str, &str); 4] =
    [("Run", "historyKeys"), ("Run", "projectId"), ("Run", "readOnly"), ("Run", "systemMetrics")];

#[test]
fn missing_fields_are_notes_unless_strict() {
    let server = server();
    team(&server);
    server.store().set_missing_fields(&NEWER).expect("fields of the schema");
    let program = Program::new(server);
    let note = |missing: &[(&str, &str)]| -> String {
        let notes =
            missing.iter().map(|(owner, field)| format!("note: the server does not have {owner}.{field}\n"));
        notes.collect::<Vec<_>>().concat()
    };
    // A list of runs does not request historyKeys, the first field.
    let cases: [(&[&str], _); 2] =
        [(&["run", RUN], &NEWER[..]), (&["runs", "local-team/vision"], &NEWER[1..])];
    for (arguments, missing) in cases {
        let note = note(missing);
        let arguments = [arguments, &["-f", "jsonl"]].concat();
        let ended = program.run(&arguments);
        assert_eq!((ended.code, &ended.stderr), (Some(0), &note), "{arguments:?}");
        let strict = program.run(&[&arguments[..], &["--strict"]].concat());
        assert_eq!((strict.code, &strict.stderr), (Some(5), &note), "{arguments:?}");
        assert_eq!(strict.stdout, ended.stdout);
    }
    // This table has none of these fields.
    let table = program.run(&["project", "local-team/vision", "-f", "csv", "--strict"]);
    assert_eq!((table.code, table.stderr.as_str()), (Some(0), ""));
}

#[test]
fn missing_requested_fields_are_incomplete() {
    let server = server();
    team(&server);
    let missing = [("Run", "config"), ("Run", "summaryMetrics"), ("Run", "logLines"), ("Run", "events")];
    server.store().set_missing_fields(&missing).expect("fields of the schema");
    let program = Program::new(server);
    for (arguments, missing) in [
        (&["project", "local-team/vision"][..], "Run.config"),
        (&["project", "local-team/vision"], "Run.summaryMetrics"),
        (&["compare", RUN, "local-team/vision/abd124"], "Run.config"),
        (&["compare", RUN, "local-team/vision/abd124", "--summary"], "Run.summaryMetrics"),
        (&["logs", RUN], "Run.logLines"),
        (&["history", RUN, "--stream", "system"], "Run.events"),
    ] {
        let ended = program.run(arguments);
        assert_eq!(ended.code, Some(5), "{arguments:?}: {ended}");
        let mut gaps = ended.stderr.lines().filter(|line| !line.starts_with("note"));
        assert!(gaps.any(|line| line.ends_with(missing)), "{arguments:?}: {ended}");
    }
    let configs = program.run(&["compare", RUN, "local-team/vision/abd124"]);
    assert!(configs.stderr.contains("note: the server does not have Run.summaryMetrics"), "{configs}");
}

#[test]
fn light_list_ignores_fields_it_does_not_request() {
    let server = server();
    team(&server);
    server.store().set_missing_fields(&[("Run", "summaryMetrics")]).expect("a field of the schema");
    let ended = Program::new(server).run(&["runs", "local-team/vision", "--light", "-f", "jsonl"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn incomplete_unrepresentable_text() {
    let server = server();
    let mut run = NewRun::new("local-team", "vision", "halves").rows([json!({ "_step": 0, "loss": 1 })]);
    run.history.push(r#"{"_step":1,"text":"half \ud83d"}"#.to_owned());
    server.store().add_run(run);
    let program = Program::new(server);
    assert_snapshot!(program.run(&["history", "local-team/vision/halves", "--all", "-f", "jsonl"]));
}

#[test]
fn unlogged_keys_suggest_similar_ones() {
    let server = server();
    team(&server);
    let program = Program::new(server);
    for extra in [&["--all"][..], &[]] {
        let arguments = [&["history", RUN, "--keys", "Loss,acc", "-f", "jsonl"], extra].concat();
        let ended = program.run(&arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
        assert_eq!(
            ended.stderr,
            format!("note: {RUN} has never logged Loss\nhint: did you mean the key loss?\n"),
            "{arguments:?}"
        );
    }
    let apart = program.run(&["history", RUN, "--keys", "acc,extra", "--all", "-f", "jsonl"]);
    let words = format!(
        "note: {RUN} has no row with all of these keys\nhint: use --any to get the rows with any of them\n"
    );
    assert_eq!(
        (apart.code, apart.stdout.as_str(), apart.stderr),
        (Some(0), "", words),
        "logged, but not together"
    );
}

#[test]
fn key_may_contain_a_comma() {
    let server = server();
    let run = NewRun::new("local-team", "vision", "comma").rows([json!({ "_step": 0, "a, b": 1, "a": 2 })]);
    server.store().add_run(run);
    let program = Program::new(server);
    let path = "local-team/vision/comma";
    for keys in [&["--key", "a, b"][..], &["--keys", "a", "--key", "a, b"]] {
        let ended = program.run(&[&["history", path, "--all", "-f", "jsonl"], keys].concat());
        assert!(ended.stdout.contains(r#""a, b":1"#), "{ended}");
    }
}
