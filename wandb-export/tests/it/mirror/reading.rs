//! Commands read the same data from a mirror as from the server.

use std::collections::BTreeMap;

use wandb_export::{Row, Value};
use wandb_local_server::NewRun;

use super::project::{PROJECT, files, fill};
use crate::support::{Ended, Program, SWEEP, recorded, server, sweep};

pub(super) fn mirrored(program: &Program, project: &str) {
    let ended = program.over("async", &["mirror", project, "-o", "here"]);
    assert!(matches!(ended.code, Some(0 | 5)), "{ended}");
}

pub(super) fn program() -> Program {
    let program = Program::new(server());
    fill(&program.server);
    program
}

/// Runs the program without a server or an API key.
pub(super) fn offline(program: &Program, arguments: &[&str]) -> Ended {
    let mut command = program.command(arguments);
    command.env_remove("WANDB_API_KEY").env("WANDB_BASE_URL", "http://127.0.0.1:9");
    program.end(command)
}

fn rows(ended: &Ended) -> Vec<Row> {
    assert_eq!(ended.code, Some(0), "{ended}");
    ended.stdout.lines().map(|line| Row::parse(line.as_bytes()).expect("a row")).collect()
}

/// A row without the information that a table loses: nulls, the order of keys, and integers in a column of doubles.
fn normalized(row: Row) -> BTreeMap<String, Value> {
    let cells = row.into_iter().filter(|(_, value)| !value.is_null());
    cells
        .map(|(key, value)| match value {
            Value::Int(integer) => {
                #[expect(clippy::cast_precision_loss, reason = "checked")]
                let float = integer as f64;
                #[expect(clippy::cast_possible_truncation, reason = "checked")]
                let is_exact = float as i64 == integer;
                (key.into(), if is_exact { Value::Float(float) } else { value })
            }
            value => (key.into(), value),
        })
        .collect()
}

fn assert_same_rows(program: &Program, (ours, theirs): (&str, &str), command: &str, arguments: &[&str]) {
    let of = |ended: &Ended| rows(ended).into_iter().map(normalized).collect::<Vec<_>>();
    let expected = of(&program.over("async", &[&[command, theirs, "-f", "jsonl"], arguments].concat()));
    let found = of(&offline(program, &[&[command, ours, "-f", "jsonl"], arguments].concat()));
    assert_eq!(found.len(), expected.len(), "{command} {theirs} {arguments:?}");
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected, "{command} {theirs} {arguments:?}");
    }
}

fn ids(program: &Program, project: &str) -> Vec<String> {
    let runs = rows(&program.over("async", &["runs", project, "--light", "-f", "jsonl"]));
    let id = |run: &Row| run.get("id").and_then(Value::as_str).expect("an id").to_owned();
    runs.iter().map(id).collect()
}

/// Compares all data of a project with its mirror in `here`.
fn assert_same(program: &Program, project: &str) {
    let place = "./here";
    for arguments in [&[][..], &["--light"], &["--limit", "2", "--order", "-created_at"]] {
        let expected = program.over("async", &[&["runs", project, "-f", "jsonl"], arguments].concat());
        let found = offline(program, &[&["runs", place, "-f", "jsonl"], arguments].concat());
        assert_eq!(found.stdout, expected.stdout, "{arguments:?}: the bytes differ");
        assert_eq!(found.code, Some(0), "{found}");
    }
    let both = (place, project);
    assert_same_rows(program, both, "project", &[]);
    for id in ids(program, project) {
        let (ours, theirs) = (format!("{place}/{id}"), format!("{project}/{id}"));
        let both = (&*ours, &*theirs);
        let [expected, found] = [
            program.over("async", &["run", &theirs, "-f", "jsonl"]),
            offline(program, &["run", &ours, "-f", "jsonl"]),
        ];
        assert_eq!(found.stdout, expected.stdout, "the bytes differ, URL included");
        assert_same_rows(program, both, "history", &["--all"]);
        assert_same_rows(program, both, "history", &["--all", "--min-step", "3", "--max-step", "20"]);
        assert_same_rows(program, both, "history", &["--all", "--keys", "loss"]);
        assert_same_rows(program, both, "history", &["--all", "--keys", "loss,count", "--any"]);
        assert_same_rows(program, both, "history", &["--stream", "system", "--all"]);
        let listed = rows(&program.over("async", &["files", &theirs, "-f", "jsonl"]));
        let kept = |(key, _): &(Box<str>, Value)| ["name", "size", "md5"].contains(&&**key);
        let listed: Vec<Row> =
            listed.into_iter().map(|file| file.into_iter().filter(kept).collect()).collect();
        assert_eq!(rows(&offline(program, &["files", &ours, "-f", "jsonl"])), listed);
        let expected = program.over("async", &["command", &theirs, "-f", "jsonl"]);
        let found = offline(program, &["command", &ours, "-f", "jsonl"]);
        assert_eq!((found.code, found.stdout), (expected.code, expected.stdout));
    }
}

#[test]
fn every_command_reads_the_same_as_from_the_server() {
    let program = program();
    mirrored(&program, PROJECT);
    assert_same(&program, PROJECT);
}

#[test]
fn recorded_sdk_runs_are_read_unchanged() {
    let program = Program::new(recorded());
    mirrored(&program, "local-team/demo");
    assert_same(&program, "local-team/demo");
}

/// Rows that are hard to store in tables.
const ODD: [&str; 14] = [
    r#"{"_step":0,"a.b":1,"a":{"b":2,"c":{"d":3}},"run_id":"mine","logged.run_id":"other"}"#,
    r#"{"_step":1,"a":{"c":{"e":[1,NaN,{"x":null}]}},"mixed":1,"wide":123456789012345678901234567890}"#,
    r#"{"_step":2,"mixed":"1","wide":1,"empty":{},"list":[]}"#,
    r#"{"_step":3,"mixed":{"_type":"image-file","path":"x.png","size":3},"empty":{"now":"not"}}"#,
    r#"{"_step":4,"mixed":[1,2.5,"three",null],"text":"","f":1e-05,"i":9007199254740993}"#,
    r#"{"_step":5,"f":-0.0,"flag":true,"i":0.5,"nan":"NaN"}"#,
    r#"{"_step":6,"f":Infinity,"flag":false,"i":"many","nan":1}"#,
    r#"{"_step":7,"f":NaN,"text":"NaN","nan":NaN}"#,
    r#"{"_step":8,"f":5e-324,"text":"\u0000\n\"","object":{"x":1}}"#,
    r#"{"_step":9,"object":2,"":"no name"}"#,
    r#"{"_step":12,"object":{"y":{"z":0.1}},"":{"":1}}"#,
    r#"{"_step":13,"only":{"null":null},"list":[[1],{"a":[]}]}"#,
    r#"{"_step":14,"h":{"_type":"histogram","bins":[0,1],"values":[3]}}"#,
    r#"{"_step":15,"f":3,"x":1.7976931348623157e308}"#,
];

#[test]
fn odd_rows_are_read_unchanged() {
    let program = Program::new(server());
    program.server.store().add_run(NewRun {
        history: ODD.map(str::to_owned).to_vec(),
        ..NewRun::new("local-team", "odd", "odd")
    });
    mirrored(&program, "local-team/odd");
    assert_same(&program, "local-team/odd");
}

/// Long runs are written page by page, without reading single rows.
#[test]
fn odd_keys_of_a_long_run_are_read_unchanged() {
    let program = Program::new(server());
    let odd = |step: usize| match step {
        7 => r#","logged.run_id":"x""#.to_owned(),
        1_500..2_500 => format!(r#","logged.run_id":{step}"#),
        2_900 => r#","run_id":"mine","logged.run_id":"other","logged.logged.run_id":1"#.to_owned(),
        _ => String::new(),
    };
    let row = |step| format!(r#"{{"_step":{step},"loss":0.5{}}}"#, odd(step));
    program.server.store().add_run(NewRun {
        history: (0..3_000).map(row).collect(),
        ..NewRun::new("local-team", "odd", "long")
    });
    mirrored(&program, "local-team/odd");
    assert_same(&program, "local-team/odd");
    let kept =
        offline(&program, &["history", "./here/long", "--all", "--keys", "logged.run_id", "-f", "jsonl"]);
    assert_eq!(kept.stdout.lines().count(), 1_002, "{}", kept.stderr);
}

#[test]
fn console_output_is_read_to_the_byte() {
    let program = program();
    let run = format!("{PROJECT}/run-1");
    let lines = ["plain", " b\r", "", "\u{1b}[31mred\u{1b}[0m", "ümläut"];
    program.server.store().append_log(&run, lines.map(str::to_owned).to_vec()).expect("the run");
    mirrored(&program, PROJECT);
    let expected = program.over("async", &["logs", &run]);
    assert!(expected.stdout.contains(" b\r\n"), "{expected}");
    assert_eq!(offline(&program, &["logs", "./here/run-1"]), expected);
    // Parts that were removed or never mirrored are reported.
    let mirror = ["mirror", PROJECT, "-o", "there", "--include", "runs"];
    assert_eq!(program.over("async", &mirror).code, Some(0));
    let without = offline(&program, &["logs", "./there/run-1"]);
    assert!(without.code == Some(5) && without.stderr.contains("without this part: logs"), "{without}");
    std::fs::remove_file(program.path("here/runs.jsonl")).expect("the rows");
    let bare = offline(&program, &["run", "./here/run-1", "-f", "jsonl"]);
    assert!(bare.code == Some(5) && bare.stderr.contains("runs.jsonl is missing or unreadable"), "{bare}");
}

#[test]
fn tables_lose_nulls_order_and_integer_types() {
    let program = Program::new(server());
    let history = [r#"{"b":1,"_step":0,"a":null}"#, r#"{"a":0.5,"_step":1,"c":{"d":null},"b":1.0}"#];
    program.server.store().add_run(NewRun {
        history: history.map(str::to_owned).to_vec(),
        ..NewRun::new("local-team", "odd", "odd")
    });
    mirrored(&program, "local-team/odd");
    let found = offline(&program, &["history", "./here/odd", "--all", "-f", "jsonl"]);
    let expected = "{\"_step\":0,\"b\":1.0}\n{\"_step\":1,\"b\":1.0,\"a\":0.5,\"c\":{\"d\":null}}\n";
    assert_eq!((found.code, found.stdout.as_str()), (Some(0), expected));
    assert_same(&program, "local-team/odd");
}

#[test]
fn sweeps_are_read_with_their_settings() {
    let program = Program::new(server());
    sweep(&program.server);
    mirrored(&program, "local-team/vision");
    for arguments in
        [&[][..], &["--best"], &["--best", "--path"], &["--best", "loss", "--minimize"], &["--path"]]
    {
        let ask = |path| [&["sweep", path], arguments].concat();
        let expected = program.over("async", &ask(SWEEP));
        let found = offline(&program, &ask("./here/sw33p"));
        assert_eq!(found, expected, "{arguments:?}: with the messages about the sweep");
    }
    assert_same(&program, "local-team/vision");
    let both = ["./here/r0", "./here/r2"];
    let compare = |runs: [&str; 2], program: &dyn Fn(&[&str]) -> Ended| {
        program(&["compare", runs[0], runs[1], "--all", "--summary", "-f", "jsonl"])
    };
    let expected =
        compare(["local-team/vision/r0", "local-team/vision/r2"], &|all| program.over("async", all));
    assert_eq!(compare(both, &|all| offline(&program, all)), expected);
}

#[test]
fn files_have_the_names_of_the_server() {
    let program = program();
    let path = format!("{PROJECT}/run-2");
    for name in ["con", "a?b", "sub/c.txt"] {
        program.server.store().add_file(&path, name, format!("this is {name}")).expect("a run");
    }
    mirrored(&program, PROJECT);
    let all = ["--all", "--download", "-f", "jsonl", "-o"];
    let expected = program.over("async", &[&["files", &path], &all[..], &["theirs"]].concat());
    let found = offline(&program, &[&["files", "./here/run-2"], &all[..], &["ours"]].concat());
    assert_eq!(found.stdout, expected.stdout.replace("theirs", "ours"));
    assert!(files(&program.path("ours")) == files(&program.path("theirs")));
    let one = offline(&program, &["files", "./here/run-2", "--name", "a?b", "--download", "-o", "one"]);
    assert_eq!(one.code, Some(0), "{one}");
    let none = offline(&program, &["files", "./here/run-2", "--name", "none"]);
    assert_eq!(none.code, Some(3), "{none}");
    std::fs::write(program.path("here/files/run-2/media/1.bin"), "other").expect("a file");
    let damaged = offline(&program, &[&["files", "./here/run-2"], &all[..], &["damaged"]].concat());
    assert_eq!(damaged.code, Some(5), "{damaged}");
    assert!(damaged.stderr.contains("media/1.bin: "), "{damaged}");
    assert!(!program.path("damaged/media/1.bin").exists());
}
