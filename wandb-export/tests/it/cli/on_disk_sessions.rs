//! Local folders with several sessions, projects and runs, and their paths.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};

use wandb_export::Value;

use super::on_disk::{done, folder, offline, program, rows};
use crate::support::{Program, server, team};

/// A program with sessions in the format of SDKs before 0.10. Each has a day, an id, a project, steps, and a value of
/// all rows.
fn sessions(sessions: &[(u8, &str, &str, std::ops::Range<i64>, &str)]) -> Program {
    let program = Program::new(server());
    for (day, id, project, steps, value) in sessions {
        let folder = program.path(format!("wandb/run-201901{day:02}_120000-{id}"));
        fs::create_dir_all(&folder).unwrap();
        let line = |step: i64| {
            let odd = if step % 2 == 1 { format!(",\"{value}\":{step}") } else { String::new() };
            format!("{{\"from\":\"{value}\",\"_step\":{step}{odd}}}\n")
        };
        fs::write(folder.join("wandb-history.jsonl"), steps.clone().map(line).collect::<String>()).unwrap();
        let metadata = format!("{{\"project\":\"{project}\",\"state\":\"finished\",\"exitcode\":0}}");
        fs::write(folder.join("wandb-metadata.json"), metadata).unwrap();
        let summary = format!("{{\"_step\":{},\"from\":\"{value}\"}}", steps.end - 1);
        fs::write(folder.join("wandb-summary.json"), summary).unwrap();
    }
    program
}

/// The session that each step's row comes from.
fn origins(text: &str) -> Vec<(i64, String)> {
    let origin = |row: &Value| row.get("from").and_then(Value::as_str).unwrap().to_owned();
    rows(text).iter().map(|row| (row.get("_step").and_then(Value::as_i64).unwrap(), origin(row))).collect()
}

#[test]
fn latest_session_with_a_step_wins() {
    let program =
        sessions(&[(1, "a", "p", 0..10, "one"), (2, "a", "p", 5..8, "two"), (3, "a", "p", 7..12, "three")]);
    let history = |options: &[&str]| {
        let ended = offline(&program, &[&["history", "./wandb/a", "--all", "-f", "jsonl"], options].concat());
        assert_eq!(ended.code, Some(0), "{ended}");
        assert!(
            ended.stderr.contains("note: ") && ended.stderr.contains("the later session counts"),
            "{ended}"
        );
        ended.stdout
    };
    let expected = [(0..5, "one"), (5..7, "two"), (7..12, "three")];
    let expected: Vec<_> = expected
        .into_iter()
        .flat_map(|(steps, from)| steps.map(move |step| (step, from.to_owned())))
        .collect();
    assert_eq!(origins(&history(&[])), expected);
    assert_eq!(origins(&history(&["--min-step", "4", "--max-step", "9"])), expected[4..9]);
    // The latest row of a step may lack keys of an earlier one.
    let ones = rows(&history(&["--keys", "one"]));
    assert_eq!(
        ones.iter().map(|row| row.get("_step").unwrap().clone()).collect::<Vec<_>>(),
        [1, 3].map(Value::Int)
    );
    let run = offline(&program, &["run", "./wandb/a", "-f", "jsonl"]);
    assert!(run.code == Some(0) && run.stdout.contains("\"history_line_count\":12"), "{run}");
    assert!(run.stdout.contains("\"from\":\"three\""), "{run}");
    assert_eq!(rows(&offline(&program, &["runs", "./wandb", "-f", "jsonl"]).stdout).len(), 1);
    let samples = offline(&program, &["history", "./wandb/a", "--samples", "3", "-f", "jsonl"]);
    assert_eq!(origins(&samples.stdout).len(), 3);
}

#[test]
fn sessions_of_an_older_sdk_are_merged() {
    let program = program("0.19.11", &["resumed"]);
    assert_eq!(rows(&offline(&program, &["runs", "./wandb", "-f", "jsonl"]).stdout).len(), 1);
    let ended = offline(&program, &["history", "./wandb/resumed", "--all", "-f", "jsonl"]);
    assert!(ended.code == Some(0) && ended.stderr.contains("starts at step 0"), "{ended}");
    let rows = rows(&ended.stdout);
    let steps: Vec<_> = rows.iter().map(|row| row.get("_step").and_then(Value::as_i64).unwrap()).collect();
    assert_eq!(steps, [0, 1, 2, 3, 4]);
    assert!(rows.iter().all(|row| row.get("more").is_some()), "{ended}");
    // While a run is followed, the steps of its last session are not known yet.
    let followed = offline(&program, &["history", "./wandb/resumed", "--all", "--follow"]);
    assert!(followed.code == Some(5) && followed.stderr.contains("were skipped"), "{followed}");
    assert_eq!(self::rows(&followed.stdout), rows);
}

#[test]
fn id_in_two_projects_needs_its_project() {
    let program = sessions(&[
        (1, "a", "p", 0..4, "one"),
        (2, "a", "q", 0..3, "two"),
        (3, "a", "q", 3..5, "three"),
        (4, "b", "q", 0..2, "four"),
    ]);
    let ended = offline(&program, &["history", "./wandb/a", "--all"]);
    assert_eq!(ended.code, Some(2), "{ended}");
    assert!(
        ended.stderr.contains("which of the 2 runs in ./wandb? write ./wandb/p/a, or ./wandb/q/a"),
        "{ended}"
    );
    let ended = offline(&program, &["run", "./wandb"]);
    assert!(ended.stderr.contains("write ./wandb/p/a, or ./wandb/q/a, or ./wandb/b"), "{ended}");
    let history = |place: &str| origins(&done(&program, &["history", place, "--all", "-f", "jsonl"])).len();
    assert_eq!([history("./wandb/p/a"), history("./wandb/q/a"), history("./wandb/local/q/a")], [4, 5, 5]);
    assert_eq!([history("./wandb/b"), history("./wandb/q/b")], [2, 2]);
    assert_eq!(offline(&program, &["run", "./wandb/p/b"]).code, Some(3));
    done(&program, &["compare", "./wandb/p/a", "./wandb/q/a", "-f", "jsonl"]);
    let filtered = done(&program, &["runs", "./wandb", "--filter", r#"{"project": "q"}"#, "-f", "jsonl"]);
    let ids: Vec<_> = rows(&filtered).iter().map(|run| run.get("id").unwrap().clone()).collect();
    assert_eq!(ids, ["a", "b"].map(Value::from), "{filtered}");
    // The rows of a table name their run.
    assert_eq!(done(&program, &["project", "./wandb", "-o", "x.csv"]), "");
    let csv = fs::read_to_string(program.path("x.csv")).unwrap();
    let lines: Vec<_> = csv.lines().collect();
    assert!(lines[0].starts_with("id,project,folder,"), "{csv}");
    assert!(lines[1].starts_with("a,p,./wandb/run-20190101_120000-a,"), "{csv}");
    assert!(lines[2].starts_with("a,q,./wandb/run-20190103_120000-a,"), "{csv}");
}

#[test]
fn listed_runs_can_be_named() {
    let program = program("0.31.0", &["scalars", "failed"]);
    // Rename the files, and copy one into a separate folder.
    let [_, scalars] = ["failed", "scalars"].map(|id| {
        let file = program.path(format!("{}/run-{id}.wandb", folder(&program, id)));
        fs::rename(&file, file.with_file_name("backup.wandb")).unwrap();
        file
    });
    let alone = program.path("alone/one.wandb");
    fs::create_dir_all(alone.parent().unwrap()).unwrap();
    fs::copy(scalars.with_file_name("backup.wandb"), &alone).unwrap();
    for (place, count) in [("./wandb", 2), ("./alone", 1)] {
        let listed = rows(&done(&program, &["runs", place, "-f", "jsonl"]));
        assert_eq!(listed.len(), count);
        for run in listed {
            let id = run.get("id").and_then(Value::as_str).unwrap();
            let named = done(&program, &["run", &format!("{place}/{id}"), "-f", "jsonl"]);
            assert_eq!(rows(&named)[0].get("id"), run.get("id"));
        }
    }
}

#[test]
fn local_path_without_dot_gets_a_hint() {
    let program = program("0.31.0", &["scalars"]);
    team(&program.server);
    let folder = folder(&program, "scalars");
    let path = &folder[2..];
    for path in [path, "wandb", "wandb/scalars"] {
        let mut command = program.command(&["history", path, "--all"]);
        command.env_remove("WANDB_API_KEY");
        let ended = program.end(command);
        let hint = format!("hint: to read local runs, write ./{path}\n");
        assert!(ended.code == Some(2) && ended.stderr.ends_with(&hint), "{ended}");
        assert!(!ended.stderr.contains("WANDB_API_KEY"), "{ended}");
        // With an API key, it is a path on the server, which has no such run.
        let ended = program.run(&["run", path]);
        assert!([Some(2), Some(3)].contains(&ended.code) && ended.stderr.contains(&hint), "{ended}");
    }
    let ended = program.run(&["runs", "local-team/vision"]);
    assert!(ended.code == Some(0) && !ended.stderr.contains("hint"), "{ended}");
}

/// The last session has no rows yet, so its first step is not known.
#[test]
fn rows_out_of_step_order_are_an_issue() {
    let program = program("0.19.11", &["resumed"]);
    let mut folders: Vec<_> =
        fs::read_dir(program.path("wandb")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let log = folders[1].join("run-resumed.wandb");
    let whole = fs::read(&log).unwrap();
    // The log ends after the record that starts the run.
    fs::write(&log, &whole[..600]).unwrap();
    let mut command = program.command(&["history", "./wandb/resumed", "--all", "--follow"]);
    let mut following = command.env_remove("WANDB_API_KEY").spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut rows: Vec<_> = lines.by_ref().take(5).map(Result::unwrap).collect();
    fs::OpenOptions::new().append(true).open(&log).unwrap().write_all(&whole[600..]).unwrap();
    rows.extend(lines.map(Result::unwrap));
    let ended = following.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), rows.len()), (Some(5), 10));
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert!(stderr.contains("5 rows are not in step order"), "{stderr}");
}
