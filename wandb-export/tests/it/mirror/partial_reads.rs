//! Mirrors with missing or damaged parts, and invalid local paths.

use super::project::PROJECT;
use super::reading::{mirrored, offline, program};

#[test]
fn missing_parts_are_reported() {
    let program = program();
    let path = format!("{PROJECT}/run-3");
    program
        .server
        .store()
        .set_stored_digest(&path, "media/1.bin", "AAAAAAAAAAAAAAAAAAAAAA==")
        .expect("a file");
    program.server.store().set_digest(&path, "media/1.bin", "").expect("a file");
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
    // A part that was later excluded is older than the rest.
    program.server.store().append_history(&path, vec![r#"{"_step":30,"loss":1}"#.to_owned()]).expect("a run");
    program.over("async", &["mirror", PROJECT, "-o", "here", "--include", "runs"]);
    let older = offline(&program, &["history", "./here/run-3", "--all", "-f", "jsonl"]);
    assert_eq!((older.code, older.stdout.lines().count()), (Some(5), 21), "{older}");
    assert!(
        older.stderr.contains("history: the mirror's copy is older than the run's last change"),
        "{older}"
    );
    // A run that was deleted on the server can still be read.
    program.server.store().remove_run(&format!("{PROJECT}/run-5")).expect("a run");
    program.over("async", &["mirror", PROJECT, "-o", "here"]);
    let gone = offline(&program, &["run", "./here/run-5", "-f", "jsonl"]);
    assert!(gone.code == Some(0) && gone.stdout.contains("quiet-river-5"), "{gone}");
}

#[test]
fn damage_is_reported_and_the_rest_is_read() {
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
        (&["run", "./here/run-2"], 5, "runs.jsonl is missing or unreadable"),
        (&["runs", "./here"], 5, "manifest.jsonl: 1 unreadable lines, each for one run"),
        (&["run", "./here/run-8"], 3, "there is no run at ./here/run-8"),
    ];
    for (arguments, code, text) in cases {
        let ended = offline(&program, arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended}");
        assert!(ended.stderr.contains(text), "{arguments:?}: {ended}");
    }
    // A manifest is untrusted input.
    edit(
        "here/manifest.jsonl",
        r#""name":"media/0.bin","#,
        r#""name":"media/0.bin","here":"../../../secret","#,
    );
    let ended = offline(&program, &["files", "./here/run-1"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.stderr.contains("files of the run run-1 outside the mirror"), "{ended}");
    edit("here/manifest.jsonl", r#""format":1"#, r#""format":1000"#);
    let ended = offline(&program, &["runs", "./here"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.stderr.contains("later version of this program (format 1000)"), "{ended}");
}

#[test]
fn ambiguous_and_invalid_paths_are_rejected() {
    let program = program();
    program.server.store().add_project("local-team", "con");
    program.over("async", &["mirror", "local-team", "-o", "all"]);
    mirrored(&program, PROJECT);
    let absolute = program.path("here/run-3").display().to_string();
    let cases: [(&[&str], i32, &str); 14] = [
        (&["runs", "./all"], 2, "which of the 2 projects in ./all? name the folder of one: ./all/_con~"),
        (&["run", "./all/run-3"], 0, ""),
        (&["run", "./all/archive/none"], 3, "there is no run at ./all/archive/none"),
        (&["runs", "./all/archive"], 0, ""),
        (&["run", "./all/archive/run-3"], 0, ""),
        (&["run", &absolute], 0, ""),
        (&["run", "./here"], 2, "which of the 10 runs in ./here? write ./here/run-0, or ./here/run-1, or "),
        (&["run", "./here/run-30"], 3, "there is no run at ./here/run-30"),
        (&["run", "./here/history"], 3, "there is no run at ./here/history"),
        (&["sweep", "./here/none"], 3, "no run in that folder is in sweep none"),
        (&["sweep", "./here/sw1", "--best"], 3, "no run"),
        (
            &["history", "./here/run-3", "--all", "--follow"],
            2,
            "is in a mirror, which gets no new rows by itself",
        ),
        (
            &["history", "./here/run-3", "--all", "--source", "exported"],
            2,
            "a run on disk has no exported history",
        ),
        (&["set", "./here/run-3", "--tag", "x"], 2, ""),
    ];
    for (arguments, code, text) in cases {
        let ended = offline(&program, arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended}");
        assert!(ended.stderr.contains(text), "{arguments:?}: {ended}");
    }
}

#[test]
fn unfinished_mirror_can_be_read() {
    use wandb_local_server::{Fault, FaultKind, Faults};

    let program = program();
    let late = || Fault::chance(1.0, FaultKind::Latency(std::time::Duration::from_millis(1_500)));
    let slow =
        |on| program.server.store().set_faults(Faults { faults: vec![late().on(on)], ..Faults::default() });
    for (on, code, runs) in [("WholeRuns", 5, None), ("ListSweeps", 0, Some(10))] {
        slow(on);
        let mut writer = program.command(&["mirror", PROJECT, "-o", "here"]).spawn().expect("the program");
        while !program.path("here/.wandb-export/journal").exists() {
            assert_eq!(writer.try_wait().expect("a state"), None, "it has to be running");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let read = offline(&program, &["runs", "./here", "-f", "jsonl"]);
        assert_eq!(writer.try_wait().expect("a state"), None, "it is still running");
        assert_eq!(read.code, Some(code), "{read}");
        assert_eq!(read.stderr.contains("the mirror is not finished yet"), code == 5, "{read}");
        assert!(runs.is_none_or(|runs| read.stdout.lines().count() == runs), "{read}");
        assert!(writer.wait().expect("an end").success());
    }
}
