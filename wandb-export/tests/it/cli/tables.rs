//! The command `table`.

use insta::assert_snapshot;
use serde_json::json;
use wandb_local_server::NewRun;

use super::on_disk::{done, folder, offline, program as on_disk};
use crate::support::{LOGGED, Program, logged, recorded, server, sha256, table_object};

fn program() -> Program {
    let server = server();
    logged(&server);
    Program::new(server)
}

#[test]
fn table_is_written_in_every_format() {
    let program = program();
    let table =
        |options: &[&str]| program.run(&[&["table", LOGGED, "--key", "predictions"], options].concat());
    assert_snapshot!("terminal", table(&[]));
    assert_snapshot!("csv", table(&["-f", "csv", "--all"]));
    assert_snapshot!("jsonl", table(&["-f", "jsonl", "--step", "0"]));
    for format in ["parquet", "arrow"] {
        let file = format!("t.{format}");
        let ended = table(&["-o", &file]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended}");
        assert!(std::fs::metadata(program.path(file)).expect("a file").len() > 0);
    }
}

#[test]
fn histogram_is_written_as_bins() {
    let program = program();
    assert_snapshot!(program.run(&["table", LOGGED, "--key", "weights", "--all", "-f", "csv"]));
}

#[test]
fn missing_keys_lead_to_a_hint() {
    let program = program();
    assert_snapshot!("key_is_missing", program.run(&["table", LOGGED]));
    assert_snapshot!("key_is_unknown", program.run(&["table", LOGGED, "--key", "prediction"]));
    assert_snapshot!("key_is_no_table", program.run(&["table", LOGGED, "--key", "xyz", "--all"]));
}

#[test]
fn differences_end_with_code_5() {
    let server = server();
    let content = r#"{"columns": ["a"], "data": [[1]]}"#;
    let mut object = table_object("media/table/t.table.json", content, 1, 1);
    object["sha256"] = sha256("other").into();
    let run = NewRun::new("local-team", "vision", "t").rows([json!({"_step": 0, "t": object})]);
    server.store().add_run(run);
    server
        .store()
        .add_file("local-team/vision/t", "media/table/t.table.json", content.to_owned())
        .expect("a run");
    let program = Program::new(server);
    let ended = program.run(&["table", "local-team/vision/t", "--key", "t", "-f", "csv"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), "a\n1\n"));
    assert!(
        ended.stderr.starts_with("incomplete: table \"t\" at step 0 of local-team/vision/t: the SHA-256"),
        "{ended}"
    );
}

#[test]
fn table_file_needs_no_server() {
    let program = Program::new(server());
    let types = json!({"wb_type": "typedDict", "params": {"type_map": {
        "text": {"wb_type": "string"}, "n": {"wb_type": "number"}, "at": {"wb_type": "timestamp"}}}});
    let table = json!({"columns": ["text", "n", "at", "text"], "data": [["NaN", null, 1_714_564_800_250_i64, "x"]],
        "column_types": types});
    std::fs::write(program.path("t.table.json"), table.to_string()).expect("a file");
    let text = done(&program, &["table", "t.table.json", "-f", "csv"]);
    assert_eq!(text, "text,n,at,text#2\nNaN,,2024-05-01T12:00:00.25Z,x\n");
    let text = done(&program, &["table", "./t.table.json", "--raw", "-f", "jsonl"]);
    assert_eq!(text, "{\"text\":\"NaN\",\"n\":null,\"at\":1714564800250,\"text#2\":\"x\"}\n");
    let empty = json!({"columns": ["a", 5], "data": []}).to_string();
    std::fs::write(program.path("e.table.json"), empty).expect("a file");
    assert_eq!(done(&program, &["table", "e.table.json", "-f", "csv"]), "a,5\n");
    let ended = offline(&program, &["table", "none.table.json"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    let ended = offline(&program, &["table", "e.table.json", "--key", "x"]);
    assert_eq!(ended.code, Some(2), "{ended}");
}

#[test]
fn runs_on_disk_and_in_mirrors_have_the_same_table() {
    for version in ["0.10.33", "0.15.12", "0.19.11", "0.29.0", "0.31.0"] {
        let program = on_disk(version, &["media"]);
        let path = folder(&program, "media");
        let table = done(&program, &["table", &path, "--key", "table", "-f", "csv"]);
        assert_eq!(table, "a,b\n1,x\n2,y\n", "{version}");
        let bins = done(&program, &["table", &path, "--key", "nested.histogram", "--all", "-f", "csv"]);
        assert_eq!(bins.lines().count(), 7, "{version}: {bins}");
        assert!(bins.starts_with("_step,lower,upper,count\n0,"), "{version}: {bins}");
    }
    let program = program();
    let expected = program.run(&["table", LOGGED, "--key", "predictions", "--all", "-f", "csv"]);
    let mirror = program.over("async", &["mirror", "local-team/vision", "-o", "archive"]);
    assert_eq!(mirror.code, Some(0), "{mirror}");
    for key in ["predictions", "inc", "weights"] {
        let expected = program.run(&["table", LOGGED, "--key", key, "--all", "-f", "csv"]);
        let found = program.run(&["table", "./archive/logged", "--key", key, "--all", "-f", "csv"]);
        assert_eq!((found.code, found.stdout), (Some(0), expected.stdout), "{key}");
    }
    assert_eq!(expected.code, Some(0));
}

#[test]
fn recorded_table_is_read() {
    let program = Program::new(recorded());
    let ended = program.run(&["table", "local-team/demo/media", "--key", "predictions", "-f", "csv"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "id,text,score\n1,a,0.5\n2,ü,NaN\n"),
        "{ended}"
    );
    let bins = program.run(&["table", "local-team/demo/media", "--key", "weights", "--all", "-f", "jsonl"]);
    assert_eq!((bins.code, bins.stdout.lines().count()), (Some(0), 5 * 64), "{bins}");
}
