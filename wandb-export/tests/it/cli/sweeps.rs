//! The commands `sweep` and `compare`, and the option `--path`.

use insta::assert_snapshot;
use serde_json::json;
use wandb_local_server::{NewRun, NewSweep};

use crate::support::{Program, RUN, SWEEP, server, sweep, team};

fn program() -> Program {
    let server = server();
    sweep(&server);
    Program::new(server)
}

fn team_program() -> Program {
    let server = server();
    team(&server);
    Program::new(server)
}

#[test]
fn sweep_runs() {
    assert_snapshot!(program().run(&["sweep", SWEEP, "-f", "csv"]));
}

#[test]
fn sweep_best_run() {
    assert_snapshot!(program().run(&["sweep", SWEEP, "--best"]));
}

#[test]
fn sweep_best_run_by_another_metric() {
    let program = program();
    let best = |arguments: &[&str]| {
        let ended = program.run(&[&["sweep", SWEEP, "--path"], arguments].concat());
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        ended.stdout
    };
    assert_eq!(best(&["--best"]), "local-team/vision/r1\n");
    assert_eq!(best(&["--best", "--minimize"]), "local-team/vision/r0\n");
    assert_eq!(best(&["--best", "val.acc"]), "local-team/vision/r1\n");
    assert_eq!(best(&["--best", "loss", "--minimize"]), "local-team/vision/r3\n");
    assert_eq!(best(&["--best=loss", "--maximize"]), "local-team/vision/r0\n");
}

#[test]
fn sweep_paths_are_printed_alone() {
    let program = program();
    let expected = (0..7).map(|n| format!("local-team/vision/r{n}\n")).collect::<Vec<_>>().concat();
    let ended = program.run(&["sweep", SWEEP, "--path"]);
    assert_eq!((ended.code, ended.stdout, ended.stderr.as_str()), (Some(0), expected.clone(), ""));
    assert_eq!(program.run(&["sweep", SWEEP, "--path", "-o", "paths.txt"]).code, Some(0));
    assert_eq!(std::fs::read_to_string(program.path("paths.txt")).expect("the file"), expected);
}

#[test]
fn missing_metric_or_goal_is_a_usage_error() {
    let program = program();
    let config = "method: random\n".to_owned();
    program.server.store().add_sweep(NewSweep { config, ..NewSweep::new("local-team", "vision", "aimless") });
    let refused = [
        program.run(&["sweep", SWEEP, "--best", "loss"]),
        program.run(&["sweep", "local-team/vision/aimless", "--best"]),
        program.run(&["sweep", SWEEP, "--maximize"]),
        program.run(&["sweep", SWEEP, "--best", "--maximize", "--minimize"]),
        program.run(&["sweep", SWEEP, "--path", "-f", "csv"]),
    ];
    assert!(refused.iter().all(|ended| ended.code == Some(2) && ended.stdout.is_empty()));
    assert_snapshot!(refused.map(|ended| ended.to_string()).join("\n"));
}

#[test]
fn not_found_sweep_and_best_run() {
    let program = program();
    let missing = [
        program.run(&["sweep", "local-team/vision/sweep"]),
        program.run(&["sweep", SWEEP, "--best", "lost", "--minimize"]),
        program.run(&["sweep", "local-team/sweeps/sw33p"]),
    ];
    assert!(missing.iter().all(|ended| ended.code == Some(3) && ended.stdout.is_empty()));
    assert_snapshot!(missing.map(|ended| ended.to_string()).join("\n"));
}

#[test]
fn best_run_needs_summaries() {
    let program = program();
    program.server.store().set_missing_fields(&[("Run", "summaryMetrics")]).expect("a field of the schema");
    let ended = program.run(&["sweep", SWEEP, "--best"]);
    assert_eq!(ended.code, Some(5));
    let expected = "error: the runs of sweep local-team/vision/sw33p cannot be ranked by val.acc: the server does not have \
                    Run.summaryMetrics\n";
    assert_eq!(ended.stderr, expected);
}

#[test]
fn old_server_lists_sweep_runs() {
    let program = program();
    let missing = [("Sweep", "runCount"), ("Sweep", "method"), ("Sweep", "displayName")];
    program.server.store().set_missing_fields(&missing).expect("fields of the schema");
    let ended = program.run(&["sweep", SWEEP, "-f", "jsonl"]);
    assert_eq!((ended.code, ended.stdout.lines().count()), (Some(0), 7));
    assert_eq!(ended.stderr, "sweep local-team/vision/sw33p: finished, to maximize val.acc\n");
}

#[test]
fn compare() {
    let runs = ["compare", RUN, "local-team/vision/abd124"];
    let program = team_program();
    let shown = [
        program.run(&runs),
        program
            .run(&[&runs[..], &["local-team/vision/zzz999", "--all", "--summary", "-f", "jsonl"]].concat()),
    ];
    assert_snapshot!(shown.map(|ended| ended.to_string()).join("\n"));
}

#[test]
fn compare_distinguishes_null_from_missing() {
    let program = program();
    for (id, config) in [("a", json!({ "x": null })), ("b", json!({}))] {
        program.server.store().add_run(NewRun::new("e", "p", id).config(&config));
    }
    let ended = program.run(&["compare", "e/p/a", "e/p/b"]);
    assert_eq!(ended.stdout, "key  a     b\nx    null\n", "{ended}");
    let ended = program.run(&["compare", "e/p/a", "e/p/b", "-f", "jsonl"]);
    assert_eq!(ended.stdout, "{\"key\":\"x\",\"a\":null}\n");
    let ended = program.run(&["compare", "e/p/b", "e/p/a", "-f", "csv"]);
    assert_eq!(ended.stdout, "key,b,a\nx,,\n", "{ended}");
}

#[test]
fn compare_notes_equal_runs() {
    let program = program();
    let ended = program.run(&["compare", "local-team/vision/other", RUN]);
    assert_eq!(ended.code, Some(3), "{ended}");
    for id in ["a", "b"] {
        program.server.store().add_run(NewRun::new("e", "p", id));
    }
    let ended = program.run(&["compare", "e/p/a", "e/p/b", "-f", "jsonl"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    assert_eq!(ended.stderr, "note: the runs do not differ\n");
}

#[test]
fn compare_needs_two_existing_runs() {
    let program = team_program();
    assert_eq!(program.run(&["compare", RUN]).code, Some(2));
    assert_eq!(program.run(&["compare", RUN, RUN]).code, Some(2));
    let ended = program.run(&["compare", RUN, "local-team/vision/abd125"]);
    assert_eq!(ended.code, Some(3));
    assert!(ended.stderr.contains("did you mean the run local-team/vision/abd124"), "{ended}");
}

#[test]
fn run_path_is_printed_in_full() {
    let program = team_program();
    let address = format!("{}/local-team/vision/runs/abc123/overview?nw=x", program.server.base_url());
    for form in [RUN, "local-team/vision:abc123", "/local-team/vision/runs/abc123", &address] {
        let ended = program.run(&["run", form, "--path"]);
        assert_eq!((ended.code, ended.stdout), (Some(0), format!("{RUN}\n")), "{form}");
    }
    assert_eq!(program.run(&["run", "local-team/vision/nothing", "--path"]).code, Some(3));
}
