//! Large responses stay within `--memory`.

use wandb_local_server::{Axis, GeneratedArtifact};

use crate::support::{Program, TRANSPORTS, server};

/// The value of `--memory`. A response larger than a sixteenth of it is requested in parts.
const MEMORY: u64 = 8 << 20;

fn program(axis: Axis, rows: usize) -> Program {
    let server = server();
    server.store().generate_axis("local-team", "axes", "run", axis, rows);
    Program::new(server)
}

/// Runs a command with each transport, checks the number of rows, and returns the peak memory of responses in bytes.
fn peak_memory(program: &Program, arguments: &[&str], rows: usize) -> u64 {
    let common = ["-f", "jsonl", "-v", "--memory", "8MiB", "--no-progress"];
    let peaks = TRANSPORTS.map(|transport| {
        let ended = program.over(transport, &[arguments, &common].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(ended.stdout.lines().count(), rows);
        let (before, _) = ended.stderr.split_once(" bytes in memory").expect("statistics");
        before.rsplit(' ').next().and_then(|number| number.parse::<u64>().ok()).expect("a number")
    });
    peaks[0].max(peaks[1])
}

fn export(program: &Program, arguments: &[&str], rows: usize) -> u64 {
    peak_memory(program, &[&["history", "local-team/axes/run"], arguments].concat(), rows)
}

#[test]
fn large_cells_stay_within_memory() {
    let program = program(Axis::Cells { bytes: 100_000 }, 400);
    let used = export(&program, &["--all"], 400);
    assert!(used <= MEMORY, "{used}");
}

#[test]
fn histograms_stay_within_memory() {
    let program = program(Axis::Bins { bins: 5_000 }, 300);
    let used = export(&program, &["--all"], 300);
    assert!(used <= MEMORY, "{used}");
}

#[test]
fn selected_large_cells_stay_within_memory() {
    let program = program(Axis::Cells { bytes: 100_000 }, 300);
    let used = export(&program, &["--all", "--keys", "text"], 300);
    assert!(used <= MEMORY, "{used}");
}

#[test]
fn system_metrics_are_streamed() {
    let program = program(Axis::System { keys: 80 }, 10_000);
    let used = export(&program, &["--all", "--stream", "system"], 10_000);
    assert!(used <= 2 << 20, "{used} of some 20 MB");
}

#[test]
fn samples_are_streamed() {
    let program = program(Axis::Cells { bytes: 20_000 }, 1_000);
    let used = export(&program, &["--samples", "1000"], 1_000);
    assert!(used <= 2 << 20, "{used} of some 20 MB");
}

#[test]
fn long_summaries_are_read_in_short_pages() {
    let server = server();
    server.store().generate_summaries("local-team", "long", 40, 20_000);
    let program = Program::new(server);
    let used = peak_memory(&program, &["runs", "local-team/long"], 40);
    assert!(used <= MEMORY, "{used}");
}

#[test]
fn lists_do_not_request_history_keys() {
    let server = server();
    server.store().generate_keyed_runs("local-team", "keyed", 20, 2_000);
    let program = Program::new(server);
    for command in ["runs", "project"] {
        let used = peak_memory(&program, &[command, "local-team/keyed"], 20);
        assert!(used < 200_000, "{command}: {used}");
    }
}

#[test]
fn long_manifest_is_no_response_in_memory() {
    let server = server();
    let size = GeneratedArtifact::new(50_000, 16);
    server.store().generate_artifact("local-team", "p", "long", &size).expect("a version");
    let program = Program::new(server);
    let used = peak_memory(&program, &["artifact", "local-team/p/long", "--files"], 50_000);
    assert!(used < 200_000, "{used}");
}

#[test]
fn memory_below_the_minimum_is_rejected() {
    let program = program(Axis::Cells { bytes: 1 }, 1);
    let ended = program.run(&["history", "local-team/axes/run", "--memory", "100"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("expected at least 1MiB"), "{}", ended.stderr);
}
