//! Runs with many different config and summary keys, and deeply nested rows.

use serde_json::{Map, Value, json};
use wandb_local_server::NewRun;

use crate::support::{Program, server};

const PROJECT: &str = "local-team/wide";

/// Runs with `unique` config keys each that no other run has.
fn program(runs: usize, unique: usize) -> Program {
    let server = server();
    for run in 0..runs {
        let keys = (0..unique).map(|key| (format!("r{run}-{key}"), json!(run * unique + key)));
        let config: Map<String, Value> = keys.chain([("lr".to_owned(), json!(0.5))]).collect();
        let summary = json!({ "acc": run, format!("best{run}"): 1 });
        let new = NewRun::new("local-team", "wide", &format!("run{run}")).config(&Value::Object(config));
        server.store().add_run(new.summary(&summary));
    }
    Program::new(server)
}

#[test]
fn less_common_keys_of_runs_share_a_column() {
    let program = program(3, 2);
    let ended = program.run(&["project", PROJECT, "-f", "csv", "--max-columns", "4"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines[0], "name,config.lr,summary.acc,rest");
    let rest = r#""{""config"":{""r0-0"":0,""r0-1"":1},""summary"":{""best0"":1}}""#;
    assert!(lines[1].ends_with(&format!(",0.5,0,{rest}")), "{ended}");
    assert_eq!(lines.len(), 4, "{ended}");
    let note = "note: column \"rest\": holds the less common keys, 9 at least, as JSON text";
    assert!(ended.stderr.contains(note), "{ended}");
    let all = program.run(&["project", PROJECT, "-f", "csv", "--max-columns", "12"]);
    assert_eq!((all.code, all.stderr.as_str()), (Some(0), ""), "{all}");
    assert!(all.stdout.starts_with("name,config.lr,config.r0-0,config.r0-1,"), "{all}");
}

#[test]
fn run_table_fits_the_column_limit_of_spreadsheets() {
    let program = program(60, 300);
    for format in ["csv", "parquet"] {
        let name = format!("project.{format}");
        let ended = program.run(&["project", PROJECT, "-o", &name, "--nested", "dotted"]);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert!(ended.stderr.contains("the 16383 most common keys have columns"), "{ended}");
    }
    let text = std::fs::read_to_string(program.path("project.csv")).expect("a file");
    assert_eq!(text.lines().next().map(|header| header.split(',').count()), Some(16_384));
}

#[test]
fn mirror_keeps_less_common_keys_as_json() {
    let program = program(60, 300);
    let ended = program.over("async", &["mirror", PROJECT, "-o", "here"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(ended.stderr.contains("runs.parquet: column \"rest\""), "{ended}");
    let runs = program.run(&["runs", PROJECT, "-f", "jsonl"]);
    let mirrored = std::fs::read_to_string(program.path("here/runs.jsonl")).expect("a file");
    assert!(mirrored == runs.stdout);
}

#[test]
fn deeply_nested_objects_become_json_text() {
    let server = server();
    let deep = format!("{}1{}", r#"{"a":"#.repeat(220), "}".repeat(220));
    let run = NewRun::new("local-team", "wide", "deep");
    server.store().add_run(NewRun { history: vec![format!(r#"{{"_step":0,"deep":{deep}}}"#)], ..run });
    let program = Program::new(server);
    let path = format!("{PROJECT}/deep");
    for (format, nested) in
        [("parquet", "struct"), ("arrow", "struct"), ("parquet", "dotted"), ("csv", "dotted")]
    {
        let name = format!("{nested}.{format}");
        let ended = program.run(&["history", &path, "--all", "-o", &name, "--nested", nested]);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert!(ended.stderr.contains("nested too deeply"), "{ended}");
    }
    let lines = program.run(&["history", &path, "--all", "-f", "jsonl"]);
    assert_eq!(lines.stdout, format!("{{\"_step\":0,\"deep\":{deep}}}\n"), "{lines}");
}
