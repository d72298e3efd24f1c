//! Local runs as paths, without an API key or a server.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use wandb_export::Value;

use crate::support::{Ended, Program, RUN, server, team};

/// Folder of the runs written by a version of the SDK.
fn fixture(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../xtask/fixtures/offline").join(version)
}

/// A program with a folder `wandb` that holds some of these runs.
pub(super) fn program(version: &str, ids: &[&str]) -> Program {
    let program = Program::new(server());
    for entry in fs::read_dir(fixture(version)).unwrap().map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_run = name.starts_with("offline-run-") || name.starts_with("dryrun-");
        if is_run && ids.iter().any(|id| name.ends_with(&format!("-{id}"))) {
            copy(&entry.path(), &program.path("wandb").join(name));
        }
    }
    program
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// Path of the folder of a run, relative to the program's directory.
pub(super) fn folder(program: &Program, id: &str) -> String {
    let mut names = fs::read_dir(program.path("wandb")).unwrap().map(|entry| entry.unwrap().file_name());
    let name = names.find(|name| name.to_string_lossy().ends_with(&format!("-{id}"))).unwrap();
    format!("./wandb/{}", name.to_string_lossy())
}

/// Runs the program without an API key, and checks that it sends no request.
pub(super) fn offline(program: &Program, arguments: &[&str]) -> Ended {
    let mut command = program.command(arguments);
    command.env_remove("WANDB_API_KEY").env("WANDB_BASE_URL", "no address");
    let ended = program.end(command);
    assert_eq!(program.server.store().requests(), [], "{arguments:?}");
    ended
}

/// Parses JSON Lines, so that the notation of numbers and the order of keys do not matter.
pub(super) fn rows(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| Value::parse(line.as_bytes()).unwrap()).collect()
}

pub(super) fn done(program: &Program, arguments: &[&str]) -> String {
    let ended = offline(program, arguments);
    assert_eq!(ended.code, Some(0), "{arguments:?}: {ended}");
    ended.stdout
}

#[test]
fn run_is_found_by_file_folder_and_id() {
    let program = program("0.31.0", &["scalars", "failed", "blocks"]);
    let folder = folder(&program, "scalars");
    let file = format!("{}/run-scalars.wandb", &folder[2..]);
    let whole = program.path("wandb").join("scalars").display().to_string();
    let places = [folder.as_str(), &file, "./wandb/scalars", "./scalars", &whole];
    let rows = places.map(|place| done(&program, &["history", place, "--all", "-f", "jsonl"]));
    assert!(rows.iter().all(|text| *text == rows[0]));
    assert_eq!(rows[0].lines().count(), 28);
    assert!(rows[0].lines().nth(5).unwrap().contains(r#""big":9007199254740993"#), "{}", rows[0]);
    let run = done(&program, &["run", &folder, "--path"]);
    assert_eq!(run, "local-team/offline/scalars\n");
    let shown = done(&program, &["run", &folder, "-f", "jsonl"]);
    for part in
        [r#""state":"finished""#, r#""big":9223372036854775807"#, r#""group":"group/1""#, r#""empty":{}"#]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn rows_are_filtered_by_keys_and_steps() {
    let program = program("0.31.0", &["scalars", "failed", "blocks"]);
    let history = |options: &[&str]| {
        let words = [&["history", "./wandb/scalars", "-f", "jsonl"], options].concat();
        done(&program, &words)
    };
    let losses = history(&["--all", "--keys", "val/loss,loss"]);
    assert!(
        losses.lines().all(|line| line.starts_with(r#"{"_step":"#) && line.contains(r#""val/loss":"#)),
        "{losses}"
    );
    let both = losses.lines().count();
    assert!(both > 2 && both < 28, "{losses}");
    assert!(history(&["--all", "--any", "--keys", "val/loss,loss"]).lines().count() > both);
    let nested = history(&["--all", "--keys", "nested.inner"]);
    assert!(nested.contains(r#""nested.inner":-5"#), "{nested}");
    let some = history(&["--all", "--min-step", "3", "--max-step", "6"]);
    assert_eq!(some.lines().count(), 3, "{some}");
    let samples = history(&["--samples", "5"]);
    assert_eq!(samples.lines().count(), 5);
    let all = history(&["--all"]);
    assert_eq!(rows(&samples)[0], rows(&all)[0]);
    assert_eq!(rows(&samples).last(), rows(&all).last());
    let system = history(&["--all", "--stream", "system"]);
    assert!(
        system.lines().count() > 1 && system.contains(r#""system.cpu"#) && system.contains(r#""_runtime":"#),
        "{system}"
    );
    let ended = offline(&program, &["history", "./wandb/scalars", "--keys", "losss"]);
    assert!(ended.code == Some(0) && ended.stderr.contains("has never logged losss"), "{ended}");
    let ended = offline(
        &program,
        &["history", "./wandb/scalars", "--all", "--keys", "absent,loss,nested.inner,nested.absent,none"],
    );
    assert!(
        ended.code == Some(0) && ended.stderr.contains("has never logged absent, nested.absent\n"),
        "{ended}"
    );
}

#[test]
fn run_shows_alerts_artifacts_and_branch() {
    let program = program("0.31.0", &["scalars", "forked", "failed"]);
    let scalars = done(&program, &["run", "./wandb/scalars", "-f", "jsonl"]);
    let alerts = r#""alerts":[{"title":"An alert","text":"with text","level":"WARN"}]"#;
    assert!(scalars.contains(alerts), "{scalars}");
    let artifacts = r#""artifacts":[{"name":"small","type":"dataset","is_output":true,"aliases":["first","#;
    assert!(scalars.contains(artifacts) && !scalars.contains(r#""branch""#), "{scalars}");
    let text = done(&program, &["run", "./wandb/scalars"]);
    assert!(text.contains("An alert") && text.contains("small"), "{text}");
    let forked = done(&program, &["run", "./wandb/forked", "-f", "jsonl"]);
    assert!(
        forked.contains(r#""branch":{"run":"resumed","metric":"_step","value":3}"#)
            && !forked.contains(r#""alerts""#),
        "{forked}"
    );
    let text = done(&program, &["run", "./wandb/forked"]);
    assert!(text.contains("branch.run"), "{text}");
    let failed = done(&program, &["run", "./wandb/failed", "-f", "jsonl"]);
    for key in ["alerts", "artifacts", "branch"] {
        assert!(!failed.contains(&format!("\"{key}\":")), "{failed}");
    }
}

#[test]
fn folder_is_a_project() {
    let program = program("0.29.0", &["scalars", "failed", "killed"]);
    let runs = offline(&program, &["runs", "./wandb", "-f", "jsonl"]);
    // One run was killed in the middle of a record.
    assert!(
        runs.code == Some(5) && runs.stderr.contains("run-killed.wandb: 36 bytes at offset 65500"),
        "{runs}"
    );
    assert_eq!(runs.stdout.lines().count(), 3, "{runs}");
    assert_eq!(offline(&program, &["runs", ".", "-f", "jsonl"]).stdout, runs.stdout);
    fs::remove_dir_all(program.path(folder(&program, "killed"))).unwrap();
    let failed = done(&program, &["runs", "./wandb", "--filter", r#"{"state": "failed"}"#, "-f", "jsonl"]);
    assert!(failed.lines().count() == 1 && failed.contains(r#""id":"failed""#), "{failed}");
    let last = done(
        &program,
        &["runs", "./wandb", "--order", "-created_at", "--limit", "1", "--light", "-f", "jsonl"],
    );
    assert!(last.contains(r#""id":"failed""#) && !last.contains("config"), "{last}");
    let project = done(&program, &["project", "./wandb", "-f", "jsonl"]);
    assert!(project.contains(r#""name":"A plain run""#) && !project.contains("_wandb\":{\"cli"), "{project}");
    let compared = done(&program, &["compare", "./wandb/scalars", "./wandb/failed", "-f", "jsonl"]);
    assert!(compared.contains(r#""key":"optimizer.name""#), "{compared}");
    let unknown = offline(&program, &["runs", "./wandb", "--filter", r#"{"colour": "red"}"#]);
    assert!(unknown.code == Some(2) && unknown.stderr.contains("colour"), "{unknown}");
    let unordered = offline(&program, &["runs", "./wandb", "--order", "colour"]);
    assert!(unordered.code == Some(2) && unordered.stderr.contains("colour"), "{unordered}");
}

#[test]
fn local_files_and_command_are_available() {
    let program = program("0.31.0", &["scalars", "failed", "blocks"]);
    let listed = done(&program, &["files", "./wandb/scalars", "-f", "jsonl"]);
    assert!(listed.contains(r#"{"name":"saved.txt","size":18}"#), "{listed}");
    for outcome in ["fetched", "already there"] {
        let copied =
            done(&program, &["files", "./wandb/scalars", "--all", "--download", "-o", "copy", "-f", "jsonl"]);
        assert!(copied.lines().all(|line| line.contains(outcome)), "{copied}");
    }
    let original = program.path(format!("{}/files/saved.txt", folder(&program, "scalars")));
    assert_eq!(fs::read(program.path("copy/saved.txt")).unwrap(), fs::read(original).unwrap());
    fs::write(program.path("copy/saved.txt"), "mine").unwrap();
    let refused =
        offline(&program, &["files", "./wandb/scalars", "--name", "saved.txt", "--download", "-o", "copy"]);
    assert_eq!(refused.code, Some(1), "{refused}");
    assert_eq!(fs::read(program.path("copy/saved.txt")).unwrap(), b"mine");
    let missing = offline(&program, &["files", "./wandb/scalars", "--name", "saved.tx"]);
    assert!(missing.code == Some(3) && missing.stderr.contains("saved.txt"), "{missing}");
    assert!(done(&program, &["command", "./wandb/scalars"]).ends_with("train.py --run scalars\n"));
    #[cfg(unix)]
    {
        let link = program.path(format!("{}/files/model.bin", folder(&program, "scalars")));
        std::os::unix::fs::symlink("gone.bin", link).unwrap();
        let ended = offline(&program, &["files", "./wandb/scalars", "-f", "jsonl"]);
        assert!(ended.code == Some(5) && ended.stderr.contains("model.bin: is a broken link"), "{ended}");
        assert_eq!(ended.stdout, listed);
    }
}

#[test]
fn console_output_is_printed() {
    let program = program("0.31.0", &["scalars"]);
    let printed = done(&program, &["logs", "./wandb/scalars"]);
    let beside = program.path(format!("{}/files/output.log", folder(&program, "scalars")));
    assert_eq!(printed, fs::read_to_string(beside).unwrap());
    assert_eq!(done(&program, &["logs", "./wandb/scalars", "-o", "console.log"]), "");
    assert_eq!(fs::read_to_string(program.path("console.log")).unwrap(), printed);
    team(&program.server);
    program.server.store().append_log(RUN, vec!["one".to_owned(), "two".to_owned()]).unwrap();
    let from_server = program.run(&["logs", RUN]);
    assert!(from_server.code == Some(0) && from_server.stdout.ends_with("one\ntwo\n"), "{from_server}");
}

#[test]
fn invalid_local_arguments() {
    let program = program("0.31.0", &["scalars", "failed", "blocks"]);
    for (arguments, code, says) in [
        (&["set", "summary", "./wandb/scalars", "a=1"][..], 2, "on a server"),
        (&["mirror", "./wandb", "-o", "x"], 2, "on a server"),
        (&["history", "./wandb/scalars", "--all", "--source", "exported"], 2, "only a server has one"),
        (&["history", "./wandb", "--all"], 2, "which of the 3 runs"),
        (&["history", "./wandb/none", "--all"], 3, "no run at ./wandb/none"),
        (&["runs", "./none"], 3, "no run at ./none"),
        (&["run", "none.wandb"], 3, "no run at none.wandb"),
        (&["sweep", "./wandb/none"], 3, "is in sweep none"),
        (&["compare", "./wandb/scalars", "./wandb/scalars"], 2, "twice"),
        (&["history", "./wandb/scalars", "--all", "--follow", "-f", "csv"], 2, "cannot be used with"),
    ] {
        let ended = offline(&program, arguments);
        assert!(ended.code == Some(code) && ended.stderr.contains(says), "{arguments:?}: {ended}");
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
    // A path without a leading dot is a server path, even if such a folder exists.
    let ended = offline(&program, &["runs", "wandb/scalars"]);
    assert_ne!(ended.code, Some(0), "{ended}");
}

#[test]
fn damage_is_reported_and_the_rest_is_read() {
    let program = program("0.31.0", &["scalars", "failed", "blocks"]);
    let file = program.path(format!("{}/run-blocks.wandb", folder(&program, "blocks")));
    let whole = done(&program, &["history", "./wandb/blocks", "--all", "-f", "jsonl"]);
    let mut bytes = fs::read(&file).unwrap();
    bytes[150_000] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let ended = offline(&program, &["history", "./wandb/blocks", "--all", "-f", "jsonl"]);
    assert_eq!(ended.code, Some(5), "{ended}");
    assert!(ended.stderr.contains("cannot be read: checksum mismatch"), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 record was lost"), "{}", ended.stderr);
    let left: Vec<_> = ended.stdout.lines().collect();
    assert!(left.len() < whole.lines().count() && left.len() > 100, "{}", left.len());
    assert!(left.iter().all(|line| whole.contains(line)));
    for command in [
        &["run", "./wandb/blocks"][..],
        &["runs", "./wandb"],
        &["compare", "./wandb/blocks", "./wandb/failed"],
    ] {
        let ended = offline(&program, command);
        assert!(ended.code == Some(5) && ended.stderr.contains("run-blocks.wandb"), "{ended}");
    }
    // An unreadable file does not stop the others from being listed.
    let broken = program.path("wandb/run-20200101_000000-broken/run-broken.wandb");
    fs::create_dir_all(&broken).unwrap();
    let listed = offline(&program, &["runs", "./wandb", "-f", "jsonl"]);
    assert!(listed.code == Some(5) && listed.stderr.contains("run-broken.wandb"), "{listed}");
    assert_eq!(listed.stdout.lines().count(), 4, "{listed}");
    assert_eq!(offline(&program, &["run", "./wandb/broken"]).code, Some(1));
    // An empty file is a run of which only the id is known.
    fs::write(&file, "").unwrap();
    let ended = offline(&program, &["run", "./wandb/blocks", "-f", "jsonl"]);
    assert!(ended.code == Some(5) && ended.stdout.contains(r#""id":"blocks""#), "{ended}");
    let ended = offline(&program, &["history", "./wandb/blocks", "--all"]);
    assert!(ended.code == Some(5) && ended.stderr.contains("does not name its run"), "{ended}");
}

#[test]
fn follow_reads_a_file_being_written() {
    let program = program("0.31.0", &["scalars", "failed", "blocks"]);
    let whole = done(&program, &["history", "./wandb/blocks", "--all", "-f", "jsonl"]);
    let file = program.path(format!("{}/run-blocks.wandb", folder(&program, "blocks")));
    let bytes = fs::read(&file).unwrap();
    // Cut in the middle of a record, like a partly flushed buffer.
    let (first, rest) = bytes.split_at(100_001);
    fs::write(&file, first).unwrap();
    let mut command = program.command(&["history", "./wandb/blocks", "--all", "--follow"]);
    let mut following = command.env_remove("WANDB_API_KEY").spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut received = vec![lines.next().unwrap().unwrap()];
    let mut appended = fs::OpenOptions::new().append(true).open(&file).unwrap();
    for piece in rest.chunks(40_000) {
        appended.write_all(piece).unwrap();
        appended.flush().unwrap();
    }
    received.extend(lines.map(Result::unwrap));
    let ended = following.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap().as_str()), (Some(0), ""));
    assert_eq!(rows(&received.join("\n")), rows(&whole));
}

/// The process of this run was killed, so the file never ends the run.
#[test]
fn follow_ends_at_the_maximum_step() {
    let program = program("0.31.0", &["killed"]);
    let some = &["history", "./wandb/killed", "--all", "--max-step", "3"];
    let read = offline(&program, &[some, &["-f", "jsonl"][..]].concat());
    assert_eq!((read.code, rows(&read.stdout).len()), (Some(5), 3), "its last record is cut: {read}");
    let followed = done(&program, &[some, &["--follow"][..]].concat());
    assert_eq!(rows(&followed), rows(&read.stdout));
}

/// The run has already ended, so following it ends too.
#[test]
fn follow_works_on_a_server() {
    let program = Program::new(server());
    team(&program.server);
    let whole = program.run(&["history", RUN, "--all", "-f", "jsonl"]);
    let followed = program.run(&["history", RUN, "--all", "--follow"]);
    assert_eq!(rows(&followed.stdout), rows(&whole.stdout));
    assert_eq!((followed.code, followed.stderr), (whole.code, whole.stderr));
    let nowhere = program.run(&["history", "local-team/vision/none", "--all", "--follow"]);
    assert_eq!(nowhere.code, Some(3), "{nowhere}");
}

/// The SDK's upload also merges two sessions into one run.
#[test]
fn sessions_of_a_resumed_run_are_merged() {
    let program = program("0.31.0", &["resumed"]);
    let synced =
        |name: &str| fs::read_to_string(fixture("0.31.0").join("resumed.synced").join(name)).unwrap();
    let history = done(&program, &["history", "./wandb/resumed", "--all", "-f", "jsonl"]);
    assert_eq!(rows(&history), rows(&synced("history.jsonl")));
    assert_eq!(rows(&history).last().unwrap().get("_step"), Some(&Value::Int(9)));
    let late = done(&program, &["history", "./wandb/resumed", "--all", "--min-step", "7", "-f", "jsonl"]);
    assert_eq!(late.lines().count(), 3);
    let run = done(&program, &["run", "./wandb/resumed", "-f", "jsonl"]);
    for part in [r#""history_line_count":10"#, r#""lr":0.2"#, r#""first":1"#, r#""second":2"#, r#""_step":9"#]
    {
        assert!(run.contains(part), "{part}: {run}");
    }
}
