//! Data larger than the memory of the program.

use std::fs;
use std::process::Child;
use std::time::Duration;

use serde_json::json;
use wandb_export::{Row, Value};
use wandb_local_server::{ExportOptions, NewRun};

use crate::support::{Ended, Program, server};

/// Peak resident memory of the program in bytes, polled until it succeeds. Other systems than Linux give 0.
fn peak(mut child: Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let kilobytes = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
        peak = peak.max(kilobytes.and_then(|number| number.trim().parse().ok()).unwrap_or(0) * 1024);
        match child.try_wait().expect("a child") {
            Some(status) => {
                assert!(status.success(), "{status}");
                return peak;
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

#[test]
fn large_exported_cells_stay_within_memory() {
    let program = Program::new(server());
    let text = "abcdefgh".repeat(60_000);
    let row = |step: u32| format!(r#"{{"_step":{step},"cell":{{"text":"{step} {text}"}}}}"#);
    let history = (0..200).map(row).collect();
    program.server.store().add_run(NewRun { history, ..NewRun::new("e", "p", "r") });
    program.server.store().export_run("e/p/r", &ExportOptions::default()).expect("an export");
    let arguments = ["history", "e/p/r", "--all", "--source", "exported", "-f", "jsonl", "-o", "out.jsonl"];
    let mut command = program.command(&arguments);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let peak = peak(command.spawn().expect("the program"));
    let written = fs::metadata(program.path("out.jsonl")).expect("a file").len();
    assert!(written > 90 << 20, "{written} bytes");
    assert!(peak < 100 << 20, "{} MiB for {} MiB", peak >> 20, written >> 20);
}

/// Length of a text that makes the runs of a folder too large for memory.
const NOTE: usize = 400_000;

const RUNS: u32 = 30;

/// The sort key of a run, which differs from the order of creation.
fn rank(number: u32) -> u32 {
    number * 7 % RUNS
}

fn ids(ended: &Ended) -> Vec<String> {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let id = |line: &str| {
        let row = Row::parse(line.as_bytes()).expect("a row");
        row.get("id").and_then(Value::as_str).expect("an id").to_owned()
    };
    ended.stdout.lines().map(id).collect()
}

/// Orders, limits and filters of a list of runs.
const CHOICES: [&[&str]; 5] = [
    &[],
    &["--order", "-created_at", "--limit", "28"],
    &["--order", "-summary_metrics.rank"],
    &["--order", "+summary_metrics.rank", "--limit", "3"],
    &["--filter", r#"{"summary_metrics.rank": {"$gte": 4}}"#],
];

#[test]
fn large_mirror_lists_runs_like_the_server() {
    let program = Program::new(server());
    for number in 0..RUNS {
        let note = "x".repeat(NOTE);
        program.server.store().add_run(NewRun {
            created_at: Some(format!("2024-03-01T10:00:{number:02}Z").parse().expect("a time")),
            ..NewRun::new("e", "p", &format!("run-{number:02}"))
                .summary(&json!({ "rank": rank(number), "note": note }))
        });
    }
    let mirrored = program.over("async", &["mirror", "e/p", "-o", "here"]);
    assert_eq!(mirrored.code, Some(0), "{mirrored}");
    for choice in CHOICES {
        let listed = |place| program.over("async", &[&["runs", place, "-f", "jsonl"], choice].concat());
        let (found, expected) = (listed("./here"), listed("e/p"));
        assert_eq!(ids(&found), ids(&expected), "{choice:?}");
        assert!(found.stdout == expected.stdout, "{choice:?}: other fields");
    }
}

#[test]
fn large_folder_of_runs_is_sorted() {
    let program = Program::new(server());
    for number in 0..RUNS {
        let folder = format!("wandb/run-202403{:02}_100000-run-{number:02}/files", number + 1);
        fs::create_dir_all(program.path(&folder)).expect("a folder");
        let summary = json!({ "rank": rank(number), "note": "x".repeat(NOTE) }).to_string();
        fs::write(program.path(format!("{folder}/wandb-summary.json")), summary).expect("a file");
    }
    let of = |number: u32| format!("run-{number:02}");
    let mut by_rank: Vec<u32> = (0..RUNS).collect();
    by_rank.sort_by_key(|number| rank(*number));
    for (choice, expected) in [
        (CHOICES[2], by_rank.iter().rev().copied().collect::<Vec<_>>()),
        (CHOICES[3], by_rank[..3].to_vec()),
        (CHOICES[4], (0..RUNS).filter(|number| rank(*number) >= 4).collect()),
    ] {
        let mut found = program.over("async", &[&["runs", "./wandb", "-f", "jsonl"], choice].concat());
        // Exit code 5, because the folders lack their logs.
        assert_eq!(found.code.replace(0), Some(5), "{}", found.stderr);
        assert_eq!(ids(&found), expected.into_iter().map(of).collect::<Vec<_>>(), "{choice:?}");
        assert!(found.stdout.lines().all(|line| line.len() > NOTE), "{choice:?}: fields are missing");
    }
}
