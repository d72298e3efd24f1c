//! The commands `artifacts` and `artifact`.

use insta::assert_snapshot;
use serde_json::Value;
use wandb_local_server::NewArtifact;

use crate::support::{PROJECT, Program, TRANSPORTS, artifacts, server, tree};

const DATA: &str = "local-team/vision/data:v1";

fn program() -> Program {
    let server = server();
    artifacts(&server);
    Program::new(server)
}

/// Runs a command in JSON Lines, and returns its exit code and rows.
fn rows(program: &Program, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let ended = program.run(&[arguments, &["-f", "jsonl"]].concat());
    let rows = ended.stdout.lines().map(|row| serde_json::from_str(row).expect("a row of JSON"));
    (ended.code, rows.collect())
}

fn column(rows: &[Value], key: &str) -> Vec<String> {
    rows.iter().map(|row| row[key].as_str().unwrap_or_default().to_owned()).collect()
}

/// Hides times, ids and addresses.
fn with_filters(check: impl FnOnce()) {
    let filters = vec![
        (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "[time]"),
        (r"QXJ0aWZhY3Q[\w+/=]*", "[id]"),
        (r"[0-9a-f]{32}", "[digest]"),
        (r"[0-9a-f]{20}", "[commit]"),
    ];
    insta::with_settings!({ filters => filters }, { check() });
}

#[test]
fn one_version_is_shown_with_its_lineage() {
    let program = program();
    with_filters(|| assert_snapshot!(program.run(&["artifact", DATA])));
}

#[test]
fn files_of_a_version_are_a_table() {
    let program = program();
    with_filters(|| assert_snapshot!(program.run(&["artifact", DATA, "--files"])));
    let (code, files) = rows(&program, &["artifact", DATA, "--files", "--path", "*.csv"]);
    assert_eq!((code, column(&files, "path")), (Some(0), vec!["train/b.csv".to_owned()]));
}

#[test]
fn versions_are_listed_in_every_format() {
    let program = program();
    let (code, versions) = rows(&program, &["artifacts", PROJECT]);
    let mut names = column(&versions, "name");
    names.sort();
    assert_eq!((code, names.join(" ")), (Some(0), "data:v0 data:v1 resnet:v0".to_owned()));
    for format in ["table", "csv", "parquet", "arrow"] {
        let file = format!("versions.{format}");
        let ended = program.run(&["artifacts", PROJECT, "-f", format, "-o", &file]);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert!(std::fs::metadata(program.path(&file)).expect("a file").len() > 0);
    }
    let (_, models) = rows(&program, &["artifacts", PROJECT, "--type", "model"]);
    assert_eq!(column(&models, "name"), ["resnet:v0"]);
    let (_, best) = rows(&program, &["artifacts", PROJECT, "--alias", "best", "--name", "d*"]);
    assert_eq!(column(&best, "name"), ["data:v1"]);
    let (_, raw) = rows(&program, &["artifacts", PROJECT, "--tag", "raw"]);
    assert_eq!(column(&raw, "name"), ["data:v0"]);
}

#[test]
fn artifacts_of_a_run_have_a_relation() {
    let program = program();
    let (code, found) = rows(&program, &["artifacts", "local-team/vision/user"]);
    assert_eq!(code, Some(0));
    assert_eq!(column(&found, "relation"), ["logged", "used"]);
    assert_eq!(column(&found, "name"), ["resnet:v0", "data:v1"]);
}

/// The names and outcomes in a table of CSV.
fn outcomes(table: &str) -> Vec<String> {
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    table.lines().skip(1).map(cells).map(|cells| format!("{} {}", cells[0], cells[3])).collect()
}

#[test]
fn download_of_a_version_is_complete() {
    let program = program();
    for transport in TRANSPORTS {
        let download = ["artifact", DATA, "--download", "-o", transport, "-f", "csv"];
        let ended = program.over(transport, &download);
        let expected = ["a.txt fetched", "copy/a.txt copied", "train/b.csv fetched"];
        assert_eq!((ended.code, outcomes(&ended.stdout)), (Some(0), expected.map(str::to_owned).to_vec()));
        assert_eq!(tree(&program.path(transport)).len(), 3);
        let part = format!("{transport}-part");
        let ended =
            program.over(transport, &["artifact", DATA, "--download", "-o", &part, "--path", "train/"]);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert_eq!(tree(&program.path(&part)).keys().collect::<Vec<_>>(), ["train/b.csv"]);
    }
    let missing = program.run(&["artifact", DATA, "--download", "-o", "none", "--path", "x"]);
    assert_eq!(missing.code, Some(3), "{missing}");
}

#[test]
fn download_of_a_run_has_logged_and_used_versions() {
    let program = program();
    let ended = program.over("async", &["artifacts", "local-team/vision/user", "--download", "-o", "out"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    let found = tree(&program.path("out"));
    let names = ["data/v1/a.txt", "data/v1/copy/a.txt", "data/v1/train/b.csv", "resnet/v0/model.h5"];
    assert_eq!(found.keys().collect::<Vec<_>>(), names);
}

#[test]
fn incomplete_downloads_are_reported() {
    let program = program();
    let artifact = NewArtifact::new("local-team", "vision", "broken", "dataset")
        .file("a", "right")
        .file("b", "here")
        .file("c", "gone")
        .reference("d", "s3://bucket/d", "etag", Some(4));
    let store = program.server.store();
    let path = store.add_artifact(artifact).expect("a version");
    store.set_artifact_file(&path, "a", "wrong").expect("a file");
    store.remove_artifact_file(&path, "c").expect("a file");
    store.set_artifact_size(&path, 17, 5).expect("a version");
    let ended = program.over("blocking", &["artifact", &path, "--download", "-o", "out", "--retries", "0"]);
    assert_eq!(ended.code, Some(5), "{ended}");
    with_filters(|| assert_snapshot!(ended.stderr));
}

#[test]
fn unknown_artifacts_and_paths_have_exit_codes() {
    let program = program();
    assert_eq!(program.run(&["artifact", "local-team/vision/none"]).code, Some(3));
    assert_eq!(program.run(&["artifacts", "local-team/none"]).code, Some(3));
    assert_eq!(program.run(&["artifact", "a/b/c/d/e"]).code, Some(2));
    assert_eq!(program.run(&["artifact", "./data"]).code, Some(2));
    assert_eq!(program.run(&["artifact", DATA, "--path", "x"]).code, Some(2));
    assert_eq!(program.run(&["artifacts", PROJECT, "--name", "[a"]).code, Some(2));
}
