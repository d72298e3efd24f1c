//! Text files of local runs: those that SDKs before 0.10 wrote instead of a log, and those that complete a damaged log.

use std::fs;

use wandb_export::Value;

use super::on_disk::{done, folder, offline, program, rows};

/// Looks up a nested value. Returns null if it does not exist.
fn get<'v>(value: &'v Value, path: &[&str]) -> &'v Value {
    path.iter().fold(value, |value, key| value.get(key).unwrap_or(&Value::Null))
}

#[test]
fn folders_without_logs_are_read() {
    for version in ["0.8.36", "0.9.7"] {
        let program = program(version, &["lines", "lines_failed", "lines_killed"]);
        let folder = folder(&program, "lines");
        let written = fs::read_to_string(program.path(format!("{folder}/wandb-history.jsonl"))).unwrap();
        for place in ["./wandb/lines", &folder] {
            let history = done(&program, &["history", place, "--all", "-f", "jsonl"]);
            assert_eq!(rows(&history).len(), 21, "{version}");
            assert_eq!(rows(&history)[20].get("_step"), Some(&Value::Int(100)), "{version}");
            let keys = |text: &str| rows(text).iter().map(|row| row.as_map().unwrap().len()).sum::<usize>();
            assert_eq!(keys(&history), keys(&written), "{version}");
        }
        let some = [
            "history",
            "./wandb/lines",
            "--all",
            "--keys",
            "nested.deep.er",
            "--max-step",
            "15",
            "-f",
            "jsonl",
        ];
        let some = done(&program, &some);
        assert_eq!(some, "{\"_step\":5,\"nested.deep.er\":2.5}\n{\"_step\":11,\"nested.deep.er\":5.5}\n");
        assert_eq!(
            rows(&done(&program, &["history", "./wandb/lines", "--samples", "4", "-f", "jsonl"])).len(),
            4
        );
        let system = ["history", "./wandb/lines", "--all", "--stream", "system", "-f", "jsonl"];
        assert!(done(&program, &system).contains("\"system.cpu\":"), "{version}");
        let run = rows(&done(&program, &["run", "./wandb/lines", "-f", "jsonl"])).remove(0);
        for (path, expected) in [
            (&["name"][..], Value::from("A plain run")),
            (&["state"], "finished".into()),
            (&["project"], "offline".into()),
            (&["job_type"], "train".into()),
            (&["history_line_count"], Value::Int(21)),
            (&["config", "tiny"], Value::Float(1e-5)),
            (&["config", "yes"], Value::Bool(true)),
            (&["config", "word"], "yes".into()),
            (&["config", "list"], Value::parse(br#"[1,2.5,"three",null]"#).unwrap()),
            (&["config", "optimizer", "name"], "adam".into()),
            (&["summary", "from-user"], "text".into()),
            (&["summary", "deep", "er"], Value::Float(1.5)),
            (&["summary", "_step"], Value::Int(100)),
        ] {
            assert_eq!(get(&run, path), &expected, "{version} {path:?}");
        }
        assert!(get(&run, &["created_at"]).as_str().unwrap().starts_with("2026-11-28T"), "{version}");
        assert_eq!(done(&program, &["logs", "./wandb/lines"]), "plain line\nnearly done\n");
        assert!(done(&program, &["command", "./wandb/lines"]).ends_with("train.py --run lines\n"));
        let listed = done(&program, &["runs", "./wandb", "-f", "jsonl"]);
        let states: Vec<_> = rows(&listed).iter().map(|run| get(run, &["state"]).clone()).collect();
        assert_eq!(states, ["finished", "failed", "finished"].map(Value::from), "{version}");
        let files = done(&program, &["files", "./wandb/lines", "-f", "jsonl"]);
        assert!(files.contains("\"output.log\""), "{files}");
        let followed = offline(&program, &["history", "./wandb/lines", "--all", "--follow"]);
        assert!(followed.code == Some(2) && followed.stderr.contains("no .wandb file"), "{followed}");
    }
}

#[test]
fn truncated_text_rows_are_an_issue() {
    let program = program("0.9.7", &["lines"]);
    let folder = folder(&program, "lines");
    let file = program.path(format!("{folder}/wandb-history.jsonl"));
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, &text[..text.len() - 20]).unwrap();
    for command in
        [&["history", "./wandb/lines", "--all", "-f", "jsonl"][..], &["run", "./wandb/lines", "-f", "jsonl"]]
    {
        let ended = offline(&program, command);
        assert!(ended.code == Some(5) && ended.stderr.contains("line 21 is not a row"), "{ended}");
    }
    // Without a summary file, the summary is computed from the remaining rows.
    fs::remove_file(program.path(format!("{folder}/wandb-summary.json"))).unwrap();
    fs::write(program.path(format!("{folder}/config.yaml")), "lr: [").unwrap();
    let ended = offline(&program, &["run", "./wandb/lines", "-f", "jsonl"]);
    assert!(
        ended.code == Some(5) && ended.stderr.contains("config.yaml: cannot be read: not valid YAML"),
        "{ended}"
    );
    let run = rows(&ended.stdout).remove(0);
    assert_eq!(get(&run, &["summary", "row"]), &Value::Int(19));
    assert_eq!(get(&run, &["summary", "nested", "inner"]), &Value::Int(-17));
}

/// The state depends on times inside the files. Modification times would be new in a copy.
#[test]
fn copied_run_is_not_running() {
    let killed = program("0.31.0", &["killed"]);
    let run = offline(&killed, &["run", "./wandb/killed", "-f", "jsonl"]);
    assert_eq!(get(&rows(&run.stdout)[0], &["state"]), &"crashed".into(), "{run}");
    let program = program("0.9.7", &["lines"]);
    let file = program.path(format!("{}/wandb-metadata.json", folder(&program, "lines")));
    let metadata = fs::read_to_string(&file).unwrap().replace("\"finished\"", "\"running\"");
    let metadata = metadata.replace("\"exitcode\": 0", "\"exitcode\": null");
    fs::write(&file, metadata).unwrap();
    let state =
        || get(&rows(&done(&program, &["run", "./wandb/lines", "-f", "jsonl"]))[0], &["state"]).clone();
    assert_eq!(state(), "crashed".into());
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let summary = format!("{{\"_step\": 101, \"_timestamp\": {now}}}");
    fs::write(program.path(format!("{}/wandb-summary.json", folder(&program, "lines"))), summary).unwrap();
    assert_eq!(state(), "running".into());
}

#[test]
fn text_files_complete_a_damaged_log() {
    let program = program("0.31.0", &["scalars", "blocks"]);
    let folder = folder(&program, "scalars");
    let log = program.path(format!("{folder}/run-scalars.wandb"));
    let whole = fs::read(&log).unwrap();
    let run = |code| {
        let ended = offline(&program, &["run", "./wandb/scalars", "-f", "jsonl"]);
        assert_eq!(ended.code, Some(code), "{ended}");
        (rows(&ended.stdout).remove(0), ended.stderr)
    };
    let (all, stderr) = run(0);
    assert_eq!(stderr, "");
    fs::write(
        program.path(format!("{folder}/files/config.yaml")),
        "wandb_version: 1\n_wandb:\n  value:\n    cli_version: 0.31.0\nlr:\n  desc: null\n  value: 0.5\nonly:\n  value: here\n",
    )
    .unwrap();
    let summary = r#"{"loss": 0.25, "beside": NaN, "_step": 2000000, "_wandb": {"runtime": 5}}"#;
    fs::write(program.path(format!("{folder}/files/wandb-summary.json")), summary).unwrap();
    // A whole log needs no text files.
    assert_eq!(run(0), (all.clone(), String::new()));
    let printed = fs::read_to_string(program.path(format!("{folder}/files/output.log"))).unwrap();
    for length in [0, 7, 2_000, whole.len() - 1_500] {
        fs::write(&log, &whole[..length]).unwrap();
        let (cut, stderr) = run(5);
        assert!(
            stderr.contains("note: ")
                && stderr.contains("; config.yaml and wandb-summary.json filled the gaps"),
            "{stderr}"
        );
        for (path, expected) in [
            (&["id"][..], Value::from("scalars")),
            (&["config", "lr"], Value::Float(0.5)),
            (&["config", "only"], "here".into()),
            (&["summary", "loss"], Value::Float(0.25)),
            (&["summary", "_step"], Value::Int(2_000_000)),
        ] {
            assert_eq!(get(&cut, path), &expected, "{length} {path:?}");
        }
        let logs = offline(&program, &["logs", "./wandb/scalars"]);
        assert_eq!((logs.code, &logs.stdout), (Some(5), &printed), "{length}");
        assert!(length > 2_000 || logs.stderr.contains("output.log filled the gaps"), "{length}: {logs}");
        let history = offline(&program, &["history", "./wandb/scalars", "--all", "-f", "jsonl"]);
        assert_eq!(history.code, Some(5), "{length}: {history}");
    }
    // A log without an end is not damaged: its values win, and the files only add to them.
    let last = whole.len() - 30;
    let mut end = last;
    while offline(&program, &["history", "./wandb/scalars", "--all"]).code != Some(0) {
        end -= 1;
        assert!(end + 2_000 > last);
        fs::write(&log, &whole[..end]).unwrap();
    }
    let (running, stderr) = run(0);
    assert_eq!(get(&running, &["config", "lr"]), get(&all, &["config", "lr"]));
    assert_eq!(get(&running, &["config", "only"]), &"here".into());
    assert!(stderr.contains("filled the gaps"), "{stderr}");
    // Without any log.
    fs::remove_file(&log).unwrap();
    let (texts, stderr) = run(5);
    assert!(stderr.contains("has no .wandb file, so the rows of the run are missing"), "{stderr}");
    assert_eq!(get(&texts, &["config", "only"]), &"here".into());
    let history = offline(&program, &["history", "./wandb/scalars", "--all", "-f", "jsonl"]);
    assert!(history.code == Some(5) && history.stdout.is_empty(), "{history}");
    assert_eq!(offline(&program, &["logs", "./wandb/scalars"]).stdout, printed);
}

#[test]
fn invalid_log_is_reported() {
    let program = program("0.31.0", &["failed", "blocks"]);
    let folder = folder(&program, "failed");
    let log = program.path(format!("{folder}/run-failed.wandb"));
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    for (text, hint) in
        [(pointer, ", but a Git LFS pointer; run `git lfs pull`"), ("hello\n", "is not a .wandb file")]
    {
        fs::write(&log, text).unwrap();
        fs::remove_dir_all(program.path(format!("{folder}/files"))).ok();
        for command in
            [&["run", "./wandb/failed"][..], &["history", &folder, "--all"], &["logs", "./wandb/failed"]]
        {
            let ended = offline(&program, command);
            assert!(ended.code == Some(1) && ended.stderr.contains("is not a .wandb file"), "{ended}");
            assert!(ended.stderr.contains(hint), "{ended}");
        }
        let listed = offline(&program, &["runs", "./wandb", "-f", "jsonl"]);
        assert!(listed.code == Some(5) && listed.stderr.contains(hint), "{listed}");
        assert_eq!(rows(&listed.stdout).len(), 2);
    }
    // The files beside it are still read.
    fs::create_dir_all(program.path(format!("{folder}/files"))).unwrap();
    fs::write(program.path(format!("{folder}/files/config.yaml")), "lr:\n  value: 0.5\n").unwrap();
    let ended = offline(&program, &["run", "./wandb/failed", "-f", "jsonl"]);
    assert!(ended.code == Some(5) && ended.stderr.contains("is not a .wandb file"), "{ended}");
    assert_eq!(get(&rows(&ended.stdout)[0], &["config", "lr"]), &Value::Float(0.5));
    assert_eq!(offline(&program, &["history", "./wandb/failed", "--all"]).code, Some(1));
}
