//! Mirrors of histories with repeated steps, or with fewer rows than counted.

use serde_json::json;
use wandb_local_server::{LocalServer, NewRun, RowLimits};

use crate::support::{Ended, Program, server};

const RUN: &str = "local-team/archive/twice";

/// A run with `steps` steps, each of which was logged by two sessions.
fn twice(steps: u32) -> LocalServer {
    let server = server();
    let events = (0..20).map(|at| json!({"_runtime": at, "system.cpu": at}).to_string()).collect();
    let rows =
        (0..steps).flat_map(|step| [json!({"_step": step, "x": 1}), json!({"_step": step, "x": step % 2})]);
    server.store().add_run(NewRun { events, ..NewRun::new("local-team", "archive", "twice").rows(rows) });
    server
}

/// Mirrors the project, and counts the rows of the run in the mirror.
fn mirror(program: &Program, more: &[&str]) -> (Ended, usize) {
    let mirror = [&["mirror", "local-team/archive", "-o", "archive"], more].concat();
    let mirrored = program.over("async", &mirror);
    let rows = program.over("blocking", &["history", "./archive/twice", "--all", "-f", "jsonl"]);
    (mirrored, rows.stdout.lines().count())
}

#[test]
fn repeated_steps_are_mirrored_whole() {
    // Small runs are fetched in joint queries, long ones alone.
    for steps in [50, 3_000] {
        let program = Program::new(twice(steps));
        let (mirrored, rows) = mirror(&program, &[]);
        assert_eq!((mirrored.code, rows), (Some(0), steps as usize * 2), "{}", mirrored.stderr);
    }
}

#[test]
fn short_history_is_mirrored_as_inexact() {
    for steps in [50, 3_000] {
        let server = twice(steps);
        let counted = steps as usize * 2 + 5;
        let limits = RowLimits { counted: Some(counted), ..RowLimits::default() };
        server.store().limit_rows(RUN, limits).expect("a run");
        let program = Program::new(server);
        let (mirrored, rows) = mirror(&program, &["--exclude", "system"]);
        assert_eq!((mirrored.code, rows), (Some(5), steps as usize * 2), "{}", mirrored.stderr);
        let says = format!("the server counts {counted} rows of history but sent only {}", steps * 2);
        assert!(mirrored.stderr.contains(&says), "{}", mirrored.stderr);
    }
}

#[test]
fn short_system_metrics_are_mirrored_as_inexact() {
    let server = twice(3);
    let limits = RowLimits { counted: Some(33), ..RowLimits::default() };
    server.store().limit_rows(RUN, limits).expect("a run");
    let (mirrored, _) = mirror(&Program::new(server), &["--exclude", "history"]);
    assert_eq!(mirrored.code, Some(5));
    assert!(mirrored.stderr.contains("33 rows of system metrics but sent only 20"), "{}", mirrored.stderr);
}
