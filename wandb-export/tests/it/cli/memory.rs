//! Answers that are large stay within the memory they are given.

use wandb_local_server::Axis;

use crate::support::{Program, TRANSPORTS, server};

/// The memory that the program is given: a sixteenth of it is what an answer may have before it is asked for in parts.
const MEMORY: u64 = 8 << 20;

fn program(axis: Axis, rows: usize) -> Program {
    let server = server();
    server.store().generate_axis("local-team", "axes", "run", axis, rows);
    Program::new(server)
}

/// Runs a command over each transport, which has to write so many rows, and returns the most bytes of answers that were in
/// memory at once.
fn most_memory(program: &Program, arguments: &[&str], rows: usize) -> u64 {
    let common = ["-f", "jsonl", "-v", "--memory", "8MiB", "--no-progress"];
    let most = TRANSPORTS.map(|transport| {
        let ended = program.over(transport, &[arguments, &common].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(ended.stdout.lines().count(), rows);
        let (before, _) = ended.stderr.split_once(" of them in memory at once").expect("it says so");
        before.rsplit(' ').next().and_then(|number| number.parse::<u64>().ok()).expect("a number")
    });
    most[0].max(most[1])
}

fn export(program: &Program, arguments: &[&str], rows: usize) -> u64 {
    most_memory(program, &[&["history", "local-team/axes/run"], arguments].concat(), rows)
}

#[test]
fn large_cells_are_read_within_the_memory() {
    let program = program(Axis::Cells { bytes: 100_000 }, 400);
    let used = export(&program, &["--all"], 400);
    assert!(used <= MEMORY, "{used}");
}

#[test]
fn histograms_are_read_within_the_memory() {
    let program = program(Axis::Bins { bins: 5_000 }, 300);
    let used = export(&program, &["--all"], 300);
    assert!(used <= MEMORY, "{used}");
}

#[test]
fn cells_of_some_keys_are_read_within_the_memory() {
    let program = program(Axis::Cells { bytes: 100_000 }, 300);
    let used = export(&program, &["--all", "--keys", "text"], 300);
    assert!(used <= MEMORY, "{used}");
}

#[test]
fn system_metrics_are_read_while_they_arrive() {
    let program = program(Axis::System { keys: 80 }, 10_000);
    let used = export(&program, &["--all", "--stream", "system"], 10_000);
    assert!(used <= 2 << 20, "{used} of some 20 MB");
}

#[test]
fn samples_are_read_while_they_arrive() {
    let program = program(Axis::Cells { bytes: 20_000 }, 1_000);
    let used = export(&program, &["--samples", "1000"], 1_000);
    assert!(used <= 2 << 20, "{used} of some 20 MB");
}

#[test]
fn runs_with_long_summaries_come_in_short_pages() {
    let server = server();
    server.store().generate_summaries("local-team", "long", 40, 20_000);
    let program = Program::new(server);
    let used = most_memory(&program, &["runs", "local-team/long"], 40);
    assert!(used <= MEMORY, "{used}");
}

#[test]
fn keys_of_histories_are_not_listed() {
    let server = server();
    server.store().generate_keyed_runs("local-team", "keyed", 20, 2_000);
    let program = Program::new(server);
    for command in ["runs", "project"] {
        let used = most_memory(&program, &[command, "local-team/keyed"], 20);
        assert!(used < 200_000, "{command}: {used}");
    }
}

#[test]
fn memory_below_a_least_size_is_refused() {
    let program = program(Axis::Cells { bytes: 1 }, 1);
    let ended = program.run(&["history", "local-team/axes/run", "--memory", "100"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("at least 1MiB is needed"), "{}", ended.stderr);
}
