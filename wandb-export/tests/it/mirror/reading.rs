//! What is read of a mirror is what the server gives.

use std::collections::BTreeMap;

use wandb_export::{Row, Value};
use wandb_local_server::NewRun;

use super::project::{PROJECT, files, fill};
use crate::support::{Ended, Program, SWEEP, recorded, server, sweep};

fn mirrored(program: &Program, project: &str) {
    let ended = program.over("async", &["mirror", project, "-o", "here"]);
    assert!(matches!(ended.code, Some(0 | 5)), "{ended}");
}

fn program() -> Program {
    let program = Program::new(server());
    fill(&program.server);
    program
}

/// The program without a server and without a key.
fn offline(program: &Program, arguments: &[&str]) -> Ended {
    let mut command = program.command(arguments);
    command.env_remove("WANDB_API_KEY").env("WANDB_BASE_URL", "http://127.0.0.1:9");
    program.end(command)
}

fn rows(ended: &Ended) -> Vec<Row> {
    assert_eq!(ended.code, Some(0), "{ended}");
    ended.stdout.lines().map(|line| Row::parse(line.as_bytes()).expect("a row")).collect()
}

/// A row without what a table cannot tell: nulls, the order of keys, and whether an integer was one among doubles.
fn told(row: Row) -> BTreeMap<String, Value> {
    let cells = row.into_iter().filter(|(_, value)| !value.is_null());
    cells
        .map(|(key, value)| match value {
            Value::Int(integer) => {
                #[expect(clippy::cast_precision_loss, reason = "looked at")]
                let float = integer as f64;
                #[expect(clippy::cast_possible_truncation, reason = "looked at")]
                let is_exact = float as i64 == integer;
                (key.into(), if is_exact { Value::Float(float) } else { value })
            }
            value => (key.into(), value),
        })
        .collect()
}

fn assert_same_rows(program: &Program, (ours, theirs): (&str, &str), command: &str, arguments: &[&str]) {
    let of = |ended: &Ended| rows(ended).into_iter().map(told).collect::<Vec<_>>();
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

/// Asks everything of a server's project and of its mirror in `here`.
fn assert_same(program: &Program, project: &str) {
    let place = "./here";
    for arguments in [&[][..], &["--light"], &["--limit", "2", "--order", "-created_at"]] {
        let expected = program.over("async", &[&["runs", project, "-f", "jsonl"], arguments].concat());
        let found = offline(program, &[&["runs", place, "-f", "jsonl"], arguments].concat());
        assert_eq!(found.stdout, expected.stdout, "{arguments:?}: to the byte");
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
        assert_eq!(found.stdout, expected.stdout, "to the byte, the page's address included");
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
fn every_command_gives_what_it_gives_of_the_server() {
    let program = program();
    mirrored(&program, PROJECT);
    assert_same(&program, PROJECT);
}

#[test]
fn runs_that_the_sdk_has_logged_come_back_as_they_were() {
    let program = Program::new(recorded());
    mirrored(&program, "local-team/demo");
    assert_same(&program, "local-team/demo");
}

/// What tables find hard.
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
fn odd_rows_come_back_as_they_were() {
    let program = Program::new(server());
    program.server.store().add_run(NewRun {
        history: ODD.map(str::to_owned).to_vec(),
        ..NewRun::new("local-team", "odd", "odd")
    });
    mirrored(&program, "local-team/odd");
    assert_same(&program, "local-team/odd");
}

#[test]
fn what_a_table_cannot_tell_is_different() {
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
fn sweeps_have_their_own_settings() {
    let program = Program::new(server());
    sweep(&program.server);
    mirrored(&program, "local-team/vision");
    for arguments in
        [&[][..], &["--best"], &["--best", "--path"], &["--best", "loss", "--minimize"], &["--path"]]
    {
        let ask = |path| [&["sweep", path], arguments].concat();
        let expected = program.over("async", &ask(SWEEP));
        let found = offline(&program, &ask("./here/sw33p"));
        assert_eq!(found, expected, "{arguments:?}: what is said of the sweep, too");
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
fn a_recorded_sweep_is_the_same() {
    let program = Program::new(recorded());
    let project = "local-team/sweeps";
    mirrored(&program, project);
    let first = rows(&program.over("async", &["runs", project, "--light", "--limit", "1", "-f", "jsonl"]));
    let id = first[0].get("sweep").and_then(Value::as_str).expect("a sweep");
    // A project that is called sweeps has to say what it means.
    let theirs = format!("{project}/sweeps/{id}");
    for arguments in [&["-f", "jsonl"][..], &["--best", "-f", "jsonl"]] {
        let expected = program.over("async", &[&["sweep", &theirs], arguments].concat());
        assert_eq!(offline(&program, &[&["sweep", &format!("./here/{id}")], arguments].concat()), expected);
    }
}

#[test]
fn files_come_out_of_a_mirror_by_the_servers_names() {
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

#[test]
fn what_a_mirror_lacks_is_told() {
    let program = program();
    let path = format!("{PROJECT}/run-3");
    program.server.store().set_digest(&path, "media/1.bin", "AAAAAAAAAAAAAAAAAAAAAA==").expect("a file");
    program.over("async", &["mirror", PROJECT, "-o", "here", "--retries", "0"]);
    program.over("async", &["mirror", PROJECT, "-o", "rows", "--include", "history"]);
    program.over("async", &["mirror", PROJECT, "-o", "runs", "--include", "runs"]);
    let cases: [(&[&str], i32, &str); 9] = [
        (&["files", "./here/run-3"], 5, "incomplete: local-team/archive/run-3: media/1.bin: "),
        (&["files", "./here/run-3", "--name", "media/0.bin", "--download"], 5, "media/1.bin: "),
        (&["files", "./here/run-2"], 0, ""),
        (&["runs", "./here"], 0, ""),
        (&["history", "./here/run-3", "--all"], 0, ""),
        (&["history", "./runs/run-3", "--all"], 5, "run-3: the mirror was made without this part: history"),
        (&["history", "./runs/run-3", "--stream", "system"], 5, "without this part: system"),
        (&["run", "./rows/run-3"], 5, "run-3: the mirror was made without this part: runs"),
        (&["runs", "./rows"], 5, "run-9: the mirror was made without this part: runs"),
    ];
    for (arguments, code, text) in cases {
        let ended = offline(&program, arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended}");
        assert!(ended.stderr.contains(text), "{arguments:?}: {ended}");
    }
    let bare = offline(&program, &["run", "./rows/run-3", "--path"]);
    assert_eq!(bare.stdout, "local-team/archive/run-3\n");
    // What was left out later is older than the rest.
    program.server.store().append_history(&path, vec![r#"{"_step":30,"loss":1}"#.to_owned()]).expect("a run");
    program.over("async", &["mirror", PROJECT, "-o", "here", "--include", "runs"]);
    let older = offline(&program, &["history", "./here/run-3", "--all", "-f", "jsonl"]);
    assert_eq!((older.code, older.stdout.lines().count()), (Some(5), 21), "{older}");
    assert!(
        older.stderr.contains("history: the mirror has it as it was before the run changed last"),
        "{older}"
    );
    // Runs that the server has no more are those of the mirror all the same.
    program.server.store().remove_run(&format!("{PROJECT}/run-5")).expect("a run");
    program.over("async", &["mirror", PROJECT, "-o", "here"]);
    let gone = offline(&program, &["run", "./here/run-5", "-f", "jsonl"]);
    assert!(gone.code == Some(0) && gone.stdout.contains("quiet-river-5"), "{gone}");
}

#[test]
fn damage_is_told_and_the_rest_is_read() {
    let program = program();
    mirrored(&program, PROJECT);
    let edit = |name: &str, from: &str, to: &str| {
        let path = program.path(name);
        let text = std::fs::read_to_string(&path).expect("text");
        assert!(text.contains(from), "{name}: {text}");
        std::fs::write(&path, text.replacen(from, to, 1)).expect("a file");
    };
    std::fs::remove_file(program.path("here/history/run-5.parquet")).expect("a file");
    std::fs::write(program.path("here/history/run-6.parquet"), "nonsense").expect("a file");
    std::fs::copy(program.path("here/history/run-1.parquet"), program.path("here/history/run-7.parquet"))
        .expect("a file");
    edit("here/runs.jsonl", r#"{"id":"run-2","path""#, r#"{"id":"run-2",,"path""#);
    edit("here/manifest.jsonl", r#"{"run":"run-8""#, r#"{"run":run-8""#);
    let cases: [(&[&str], i32, &str); 6] = [
        (&["history", "./here/run-5", "--all"], 5, "run-5.parquet is not there"),
        (&["history", "./here/run-6", "--all"], 1, "run-6.parquet: "),
        (&["history", "./here/run-7", "--all"], 5, "run-7.parquet has 7 rows instead of 49"),
        (&["run", "./here/run-2"], 5, "runs.jsonl cannot be read"),
        (&["runs", "./here"], 5, "manifest.jsonl: 1 lines cannot be read, each of a run"),
        (&["run", "./here/run-8"], 3, "there is no run at ./here/run-8"),
    ];
    for (arguments, code, text) in cases {
        let ended = offline(&program, arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended}");
        assert!(ended.stderr.contains(text), "{arguments:?}: {ended}");
    }
    // A manifest may have come from anywhere.
    edit(
        "here/manifest.jsonl",
        r#""name":"media/0.bin","#,
        r#""name":"media/0.bin","here":"../../../secret","#,
    );
    let ended = offline(&program, &["files", "./here/run-1"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.stderr.contains("files of the run run-1 are where none of a mirror is"), "{ended}");
    edit("here/manifest.jsonl", r#""format":1"#, r#""format":1000"#);
    let ended = offline(&program, &["runs", "./here"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.stderr.contains("later version of this program (format 1000)"), "{ended}");
}

#[test]
fn places_that_are_not_one_run_or_one_project() {
    let program = program();
    program.server.store().add_project("local-team", "con");
    program.over("async", &["mirror", "local-team", "-o", "all"]);
    mirrored(&program, PROJECT);
    let absolute = program.path("here/run-3").display().to_string();
    let cases: [(&[&str], i32, &str); 13] = [
        (&["runs", "./all"], 2, "which of the 2 projects in ./all? name the folder of one: ./all/_con~"),
        (&["run", "./all/run-3"], 2, ", ./all/archive"),
        (&["runs", "./all/archive"], 0, ""),
        (&["run", "./all/archive/run-3"], 0, ""),
        (&["run", &absolute], 0, ""),
        (&["run", "./here"], 2, "which of the 10 runs in ./here? put its id behind the folder"),
        (&["run", "./here/run-30"], 3, "there is no run at ./here/run-30"),
        (&["run", "./here/history"], 3, "there is no run at ./here/history"),
        (&["sweep", "./here/none"], 3, "no run in that folder is of a sweep none"),
        (&["sweep", "./here/sw1", "--best"], 3, "no run"),
        (
            &["history", "./here/run-3", "--all", "--follow"],
            2,
            "is in a mirror, where nothing comes by itself",
        ),
        (&["history", "./here/run-3", "--all", "--source", "exported"], 2, "a run on disk has none"),
        (&["set", "./here/run-3", "--tag", "x"], 2, ""),
    ];
    for (arguments, code, text) in cases {
        let ended = offline(&program, arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended}");
        assert!(ended.stderr.contains(text), "{arguments:?}: {ended}");
    }
}

#[test]
fn a_mirror_that_is_being_made_can_be_read() {
    use wandb_local_server::{Fault, FaultKind, Faults};

    let program = program();
    let late = || Fault::chance(1.0, FaultKind::Latency(std::time::Duration::from_millis(1_500)));
    let slow =
        |on| program.server.store().set_faults(Faults { faults: vec![late().on(on)], ..Faults::default() });
    for (on, code, runs) in [("WholeRuns", 5, None), ("ListSweeps", 0, Some(10))] {
        slow(on);
        let mut writer = program.command(&["mirror", PROJECT, "-o", "here"]).spawn().expect("the program");
        while !program.path("here/.wandb-export/journal").exists() {
            assert_eq!(writer.try_wait().expect("a state"), None, "it is to be at work");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let read = offline(&program, &["runs", "./here", "-f", "jsonl"]);
        assert_eq!(writer.try_wait().expect("a state"), None, "it is still at work");
        assert_eq!(read.code, Some(code), "{read}");
        assert_eq!(read.stderr.contains("has not come to its end yet"), code == 5, "{read}");
        assert!(runs.is_none_or(|runs| read.stdout.lines().count() == runs), "{read}");
        assert!(writer.wait().expect("an end").success());
    }
}
