//! Tables that runs have logged, and histograms as tables.

use serde_json::{Value as Json, json};
use wandb_export::{Api, Error, ErrorKind, Issue, Row, Table};
use wandb_local_server::{LocalServer, NewRun};

use crate::support::{LOGGED, blocking, logged, on_both, server, table_object};

const PATH: &str = "local-team/vision/tables";

/// A server with a run that has logged one object, and a file that the object may refer to.
fn with_object(object: &Json, content: &str) -> LocalServer {
    let server = server();
    let run = NewRun::new("local-team", "vision", "tables");
    server.store().add_run(run.rows([json!({"_step": 3, "t": object})]).summary(&json!({"t": object})));
    server.store().add_file(PATH, "media/table/t.table.json", content.to_owned()).expect("a run");
    server
}

fn lines(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.to_json_line().trim_end().to_owned()).collect()
}

/// Reads a table to its end. Returns its rows and issues.
async fn read(table: Table) -> Result<(Vec<String>, Vec<Issue>), Error> {
    let mut reader = table.open().await?;
    let mut rows = Vec::new();
    while let Some(batch) = reader.next_batch().await? {
        rows.extend(lines(&batch));
    }
    Ok((rows, reader.issues()))
}

async fn table(api: &Api, path: &str, key: &str) -> Table {
    api.run(path).await.expect("a run").table(key)
}

#[test]
fn newest_table_is_the_default() {
    let server = server();
    logged(&server);
    on_both(&server, async |api| {
        let predictions = async || table(&api, LOGGED, "predictions").await;
        let (newest, issues) = read(predictions().await).await.expect("a table");
        assert_eq!(issues, []);
        assert_eq!(
            newest,
            [
                r#"{"id":1,"text":"a","score":"NaN"}"#,
                r#"{"id":9007199254740993,"text":"ü, \"q\"","score":2.5}"#,
            ]
        );
        let (at, _) = read(predictions().await.step(0)).await.expect("a table");
        assert_eq!(at, [r#"{"id":1,"text":"a","score":0.5}"#]);
        let (all, issues) = read(predictions().await.all_steps()).await.expect("tables");
        assert_eq!((all.len(), &issues[..]), (3, &[][..]));
        assert_eq!(all[0], r#"{"_step":0,"id":1,"text":"a","score":0.5}"#);
        assert!(all[2].starts_with(r#"{"_step":5,"id":9007199254740993"#), "{all:?}");
        let missing = read(predictions().await.step(2)).await.expect_err("no table");
        assert_eq!(missing.to_string(), format!("{LOGGED} has logged no table \"predictions\" at step 2"));
        let missing = read(table(&api, LOGGED, "loss").await).await.expect_err("no table");
        assert_eq!(missing.kind(), ErrorKind::NotFound);
    });
}

#[test]
fn increments_are_joined_in_order() {
    let server = server();
    logged(&server);
    on_both(&server, async |api| {
        let increments = async || table(&api, LOGGED, "inc").await;
        let (rows, issues) = read(increments().await).await.expect("a table");
        assert_eq!((rows, issues), ([1, 2, 3].map(|x| format!(r#"{{"x":{x}}}"#)).to_vec(), vec![]));
        let (rows, _) = read(increments().await.step(0)).await.expect("a table");
        assert_eq!(rows.len(), 2);
        let (rows, _) = read(increments().await.step(5)).await.expect("a table");
        assert_eq!(rows.len(), 3);
        let (rows, _) = read(increments().await.all_steps()).await.expect("a table");
        assert_eq!(rows.last().map(String::as_str), Some(r#"{"_step":5,"x":3}"#));
    });
}

#[test]
fn lost_increments_are_reported() {
    let object = |number: u64, rows: u64| {
        let content = r#"{"columns": ["x"], "data": [[1]]}"#;
        let mut object = table_object("media/table/t.table.json", content, rows, 1);
        object["_type"] = "incremental-table-file".into();
        object["increment_num"] = number.into();
        object
    };
    let server = server();
    let rows = [json!({"_step": 0, "t": object(0, 1)}), json!({"_step": 1, "t": object(3, 4)})];
    server.store().add_run(NewRun::new("local-team", "vision", "tables").rows(rows));
    let content = r#"{"columns": ["x"], "data": [[1]]}"#;
    server.store().add_file(PATH, "media/table/t.table.json", content.to_owned()).expect("a run");
    on_both(&server, async |api| {
        let (rows, issues) = read(table(&api, PATH, "t").await).await.expect("a table");
        assert_eq!(rows.len(), 2);
        let texts: Vec<_> = issues.iter().map(Issue::to_string).collect();
        assert_eq!(texts.len(), 2, "{texts:?}");
        assert!(texts[0].contains("the increments 1, 2 are missing"), "{texts:?}");
        assert!(texts[1].contains("the table has 1 rows, and should have 3"), "{texts:?}");
    });
}

#[test]
fn histograms_have_a_row_for_each_bin() {
    let server = server();
    logged(&server);
    on_both(&server, async |api| {
        let weights = async || table(&api, LOGGED, "weights").await;
        let (newest, issues) = read(weights().await).await.expect("a histogram");
        assert_eq!(issues, []);
        let bins = [
            r#"{"_step":5,"lower":0,"upper":0.5,"count":3}"#,
            r#"{"_step":5,"lower":0.5,"upper":1,"count":4}"#,
        ];
        assert_eq!(newest, bins);
        let (all, _) = read(weights().await.all_steps()).await.expect("histograms");
        assert_eq!(all.len(), 4);
        assert_eq!(all[0], r#"{"_step":0,"lower":0,"upper":0.5,"count":1}"#);
    });
}

#[test]
fn differences_from_the_history_are_issues() {
    let content = r#"{"columns": ["a"], "data": [[1], [2, 3]]}"#;
    let mut object = table_object("media/table/t.table.json", "another file", 7, 2);
    object["size"] = 999.into();
    let server = with_object(&object, content);
    on_both(&server, async |api| {
        let (rows, issues) = read(table(&api, PATH, "t").await).await.expect("a table");
        assert_eq!(rows, [r#"{"a":1}"#, r##"{"a":2,"#2":3}"##]);
        let texts: Vec<_> = issues.iter().map(Issue::to_string).collect();
        let start = format!("table \"t\" of {PATH}: ");
        assert!(texts.iter().all(|text| text.starts_with(&start)), "{texts:?}");
        for (text, part) in texts.iter().zip([
            "has 41 bytes, and the run says 999",
            "SHA-256",
            "1 columns, and should have 2",
            "2 rows, and should have 7",
            "1 rows have more or fewer cells",
        ]) {
            assert!(text.contains(part), "{text}");
        }
        assert!(issues.iter().all(|issue| matches!(issue, Issue::TableInexact { .. }) && !issue.is_note()));
        assert_eq!(texts.len(), 5, "{texts:?}");
    });
}

#[test]
fn damaged_file_names_its_differences() {
    let object = table_object("media/table/t.table.json", r#"{"columns": ["a"], "data": [[1], [2]]}"#, 2, 1);
    let server = with_object(&object, r#"{"columns": ["a"], "data": [[1], "#);
    on_both(&server, async |api| {
        let error = read(table(&api, PATH, "t").await).await.expect_err("damaged");
        let text = error.with_causes();
        assert!(text.contains("the run says 38; the SHA-256 digest"), "{text}");
        assert!(text.contains("byte 33: expected"), "{text}");
        assert!(matches!(error, Error::TableFile { .. }) && error.kind() == ErrorKind::Failed);
    });
}

#[test]
fn missing_file_is_an_error_only_if_it_is_the_only_one() {
    let server = server();
    let content = r#"{"columns": ["a"], "data": [[1]]}"#;
    let object = |path: &str| table_object(path, content, 1, 1);
    let rows = [
        json!({"_step": 0, "t": object("media/table/gone.table.json")}),
        json!({"_step": 1, "t": object("media/table/t.table.json")}),
        json!({"_step": 2, "t": {"_type": "joined-table", "artifact_path": "wandb-artifact://x/t.joined-table.json"}}),
    ];
    server.store().add_run(NewRun::new("local-team", "vision", "tables").rows(rows));
    server.store().add_file(PATH, "media/table/t.table.json", content.to_owned()).expect("a run");
    on_both(&server, async |api| {
        let at = async |step| read(table(&api, PATH, "t").await.step(step)).await;
        let gone = at(0).await.expect_err("no file");
        assert!(matches!(gone, Error::NoSuchFile { .. }), "{gone}");
        let joined = at(2).await.expect_err("no file");
        assert_eq!(
            joined.to_string(),
            "t is not stored with the run, but in an artifact: wandb-artifact://x/t.joined-table.json"
        );
        let (rows, issues) = read(table(&api, PATH, "t").await.all_steps()).await.expect("a table");
        assert_eq!(rows, [r#"{"_step":1,"a":1}"#]);
        assert_eq!(issues.len(), 2);
        assert!(issues.iter().all(|issue| matches!(issue, Issue::TableMissing { .. })), "{issues:?}");
        assert!(
            issues[0].to_string().starts_with(&format!("table \"t\" at step 0 of {PATH}: ")),
            "{}",
            issues[0]
        );
    });
}

#[test]
fn old_tables_are_inside_the_history() {
    let object = json!({"_type": "table", "columns": ["a", "b"], "data": [[1, "x"], [2, null]]});
    let server = with_object(&object, "");
    on_both(&server, async |api| {
        let (rows, issues) = read(table(&api, PATH, "t").await).await.expect("a table");
        assert_eq!(
            (rows, issues),
            (vec![r#"{"a":1,"b":"x"}"#.to_owned(), r#"{"a":2,"b":null}"#.to_owned()], vec![])
        );
    });
}

#[test]
fn large_table_is_complete() {
    let rows: Vec<_> =
        (0..30_000).map(|n| json!([n, format!("text {n} {}", "x".repeat(60)), f64::from(n) / 7.0])).collect();
    let content = json!({"columns": ["n", "text", "x"], "data": rows}).to_string();
    assert!(content.len() > 2 << 20);
    let server = with_object(&table_object("media/table/t.table.json", &content, 30_000, 3), &content);
    on_both(&server, async |api| {
        let (found, issues) = read(table(&api, PATH, "t").await).await.expect("a table");
        assert_eq!(issues, []);
        assert_eq!(found.len(), rows.len());
        for (line, row) in found.iter().zip(&rows) {
            let line: Json = serde_json::from_str(line).expect("JSON");
            assert_eq!(json!([line["n"], line["text"], line["x"]]), *row);
        }
    });
}

#[test]
fn record_batches_have_the_columns_of_empty_tables() {
    let content = r#"{"columns": ["a", "b"], "data": []}"#;
    let server = with_object(&table_object("media/table/t.table.json", content, 0, 2), content);
    let run = blocking(&server).run(PATH).expect("a run");
    let batches = run.table("t").record_batches().expect("batches");
    let names: Vec<_> = batches.arrow_schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(run.table("t").open().expect("a table").columns(), ["a", "b"]);
    assert_eq!(run.table("t").iter().count(), 0);
}

#[test]
fn rows_become_structs() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Prediction {
        id: u64,
        text: String,
        score: f64,
    }
    let server = server();
    logged(&server);
    let run = blocking(&server).run(LOGGED).expect("a run");
    let rows: Vec<Prediction> = run.table("predictions").rows_as().expect("rows");
    assert_eq!((rows[1].id, rows[1].score), (9_007_199_254_740_993, 2.5));
    assert!(rows[0].score.is_nan() && rows[0].text == "a");
}

#[test]
fn local_file_needs_no_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.table.json");
    let content = json!({"columns": ["at", "x"], "data": [[0, 1]], "ncols": 2, "nrows": 2,
        "column_types": {"wb_type": "typedDict", "params": {"type_map": {"at": {"wb_type": "timestamp"}}}}});
    std::fs::write(&path, content.to_string()).expect("a file");
    wandb_export::blocking::block_on(async {
        let api = Api::offline();
        let (rows, issues) = read(api.table_file(&path)).await.expect("a table");
        assert_eq!(rows, [r#"{"at":"1970-01-01T00:00:00Z","x":1}"#]);
        assert_eq!(issues.len(), 1);
        assert!(issues[0].to_string().starts_with(&path.display().to_string()), "{}", issues[0]);
        let (rows, _) = read(api.table_file(&path).raw()).await.expect("a table");
        assert_eq!(rows, [r#"{"at":0,"x":1}"#]);
        let error = read(api.table_file(folder.path().join("none"))).await.expect_err("no file");
        assert!(matches!(error, Error::Io { .. }), "{error}");
    });
}
