//! Standard output of each command.

use insta::assert_snapshot;
use wandb_local_server::NewRun;

use crate::support::{Program, RUN, server, team};

const PROJECT: &str = "local-team/vision";

fn program() -> Program {
    let server = server();
    team(&server);
    Program::new(server)
}

fn lines(program: &Program, arguments: &[&str]) -> Vec<String> {
    let ended = program.run(&[arguments, &["-f", "jsonl"]].concat());
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    ended.stdout.lines().map(str::to_owned).collect()
}

/// The values of one key, in the order of the rows.
fn column(program: &Program, arguments: &[&str], key: &str) -> Vec<serde_json::Value> {
    let rows = lines(program, arguments);
    rows.iter()
        .map(|row| serde_json::from_str::<serde_json::Value>(row).expect("a row of JSON")[key].take())
        .collect()
}

#[test]
fn whoami() {
    assert_snapshot!(program().run(&["whoami"]));
}

#[test]
fn whoami_for_programs() {
    assert_snapshot!(program().run(&["whoami", "-f", "jsonl"]));
}

#[test]
fn projects() {
    insta::with_settings!({ filters => [(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "[time]")] }, {
        assert_snapshot!(program().run(&["projects", "local-team", "-f", "jsonl"]));
    });
}

#[test]
fn projects_default_to_the_own_entity() {
    let program = program();
    program.server.store().add_project("local", "mine");
    assert_eq!(column(&program, &["projects"], "name"), ["mine"]);
}

#[test]
fn runs() {
    assert_snapshot!(program().run(&["runs", PROJECT, "-f", "csv"]));
}

#[test]
fn runs_as_a_table() {
    assert_snapshot!(program().run(&["runs", PROJECT, "--light"]));
}

#[test]
fn runs_are_filtered_sorted_and_limited() {
    let program = program();
    let ids = |arguments: &[&str]| column(&program, &[&["runs", PROJECT], arguments].concat(), "id");
    assert_eq!(ids(&[]), ["abc123", "abd124", "zzz999"]);
    assert_eq!(ids(&["--order", "-created_at"]), ["zzz999", "abd124", "abc123"]);
    assert_eq!(ids(&["--order", "-created_at", "--limit", "2"]), ["zzz999", "abd124"]);
    assert_eq!(ids(&["--limit", "0"]), [""; 0]);
    assert_eq!(ids(&["--filter", r#"{"state": "failed"}"#]), ["abd124"]);
    assert_eq!(ids(&["--filter", r#"{"config.lr.value": {"$gt": 0.05}}"#]), ["abc123", "zzz999"]);
    assert_eq!(ids(&["--filter", r#"{"tags": {"$in": ["paper"]}}"#]), ["abc123"]);
}

#[test]
fn run() {
    assert_snapshot!(program().run(&["run", RUN]));
}

#[test]
fn run_shows_every_field_in_full() {
    let program = program();
    let config: serde_json::Map<_, _> = (0..200).map(|n| (format!("key{n:03}"), n.into())).collect();
    let notes = "word ".repeat(50) + "end";
    let run = NewRun { notes: Some(notes.clone()), ..NewRun::new("local-team", "vision", "large") };
    program.server.store().add_run(run.config(&config.into()));
    let shown = program.run(&["run", "local-team/vision/large"]).stdout;
    assert!(shown.contains(&notes), "{shown}");
    assert_eq!(shown.lines().filter(|line| line.starts_with("config.key")).count(), 200);
}

#[test]
fn run_for_programs() {
    assert_snapshot!(program().run(&["run", RUN, "-f", "jsonl"]));
}

#[test]
fn project() {
    assert_snapshot!(program().run(&["project", PROJECT, "-f", "csv"]));
}

#[test]
fn history() {
    assert_snapshot!(program().run(&["history", RUN, "--all", "-f", "jsonl"]));
}

#[test]
fn history_as_a_table() {
    assert_snapshot!(program().run(&["history", RUN, "--all"]));
}

#[test]
fn history_of_an_empty_run() {
    let ended = program().run(&["history", "local-team/vision/zzz999", "--all", "-f", "jsonl"]);
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""));
}

#[test]
fn history_is_filtered_by_keys_and_steps() {
    let program = program();
    let steps = |arguments: &[&str]| column(&program, &[&["history", RUN], arguments].concat(), "_step");
    assert_eq!(steps(&["--samples", "3"]), [0, 12, 24]);
    assert_eq!(steps(&["--keys", "acc"]), [0, 5, 10, 15, 20]);
    assert_eq!(steps(&["--keys", "loss,acc", "--samples", "2"]), [0, 20]);
    assert_eq!(steps(&["--all", "--keys", "loss,acc"]), [0, 5, 10, 15, 20]);
    assert_eq!(steps(&["--all", "--any", "--keys", "note,extra,count"]), [3, 7, 9]);
    assert_eq!(steps(&["--all", "--min-step", "22"]), [22, 23, 24]);
    assert_eq!(steps(&["--all", "--max-step", "2"]), [0, 1]);
    assert_eq!(steps(&["--all", "--min-step", "20", "--max-step", "22", "--page-size", "1"]), [20, 21]);
    let everything: Vec<i64> = (0..25).collect();
    assert_eq!(steps(&[]), everything);
    for size in ["1", "7", "25", "1000"] {
        assert_eq!(steps(&["--all", "--page-size", size]), everything, "pages of {size}");
    }
}

#[test]
fn history_of_system_metrics() {
    let program = program();
    let system = ["history", RUN, "--stream", "system"];
    assert_snapshot!(program.run(&system));
    assert_eq!(column(&program, &[&system[..], &["--all"]].concat(), "system.cpu"), [12.5, 13.5, 14.5]);
}

#[test]
fn history_from_exported_files_is_the_same() {
    let program = program();
    let store = program.server.store();
    store.export_run(RUN, &wandb_local_server::ExportOptions::default()).expect("an export");
    let ask = |source| column(&program, &["history", RUN, "--all", "--source", source], "loss");
    assert_eq!(ask("exported"), ask("live"));
    assert!(store.requests().iter().any(|request| request.port == wandb_local_server::Port::Storage));
}

#[test]
fn verbose_prints_statistics() {
    let varying = r"\d+ bytes received, at most \d+ bytes in memory, waited [\d.]+ s";
    let filters = [(varying, "[n] bytes received, at most [m] bytes in memory, waited [t] s")];
    insta::with_settings!({ filters => filters }, {
        // The peak memory depends on the order in which responses arrive.
        assert_snapshot!(program().over("async", &["history", RUN, "--all", "-v", "-o", "h.parquet"]));
    });
}
