//! Exported files joined with live rows give the same rows as the live query alone.

use std::collections::BTreeMap;

use wandb_export::sink::{Format, Output, SinkOptions};
use wandb_export::table::rows_of;
use wandb_export::{Api, HistorySource, Row, ScanHistory};
use wandb_local_server::{ExportOptions, LocalServer, NewRun, Port};

use crate::support::{asynchronous, on_both, server};

const PATH: &str = "e/p/exported";

const ROWS: i32 = 300;

/// A history with sparse columns of every Parquet type, and with gaps between steps, also before the first.
fn exported(rows_per_part: usize, live_tail: usize, list_live: bool) -> LocalServer {
    export(rows_per_part, live_tail, list_live, true)
}

/// Like [`exported`] without objects, so that files are read by column.
fn plain(rows_per_part: usize, live_tail: usize, list_live: bool) -> LocalServer {
    export(rows_per_part, live_tail, list_live, false)
}

fn export(rows_per_part: usize, live_tail: usize, list_live: bool, objects: bool) -> LocalServer {
    let server = server();
    let history = (0..ROWS).map(|n: i32| {
        let step = 20 + n * 3;
        let mut row = format!(
            r#"{{"_step":{step},"loss":{:?},"count":{}"#,
            1.0 / f64::from(n + 1),
            i64::MAX - i64::from(n)
        );
        if n % 2 == 0 {
            row.push_str(r#","even":true"#);
        }
        if n % 3 == 0 {
            row = row + r#","third":"№ "# + &n.to_string() + "\"";
        }
        if n % 50 == 49 && objects {
            row.push_str(r#","rare":{"a":1.5,"b":[1,2]}"#);
        }
        row + "}"
    });
    server.store().add_run(NewRun { history: history.collect(), ..NewRun::new("e", "p", "exported") });
    let mut options = ExportOptions::default();
    (options.rows_per_part, options.live_tail, options.list_live) = (rows_per_part, live_tail, list_live);
    server.store().export_run(PATH, &options).expect("an export");
    server
}

/// Rows with sorted keys, because the columns of a file are not in the logged order.
async fn read(history: ScanHistory) -> Vec<String> {
    let rows = history.rows().await.expect("rows");
    let text = |row: &Row| {
        let sorted: BTreeMap<_, _> = row.iter().map(|(key, value)| (key, value.to_json())).collect();
        format!("{sorted:?}")
    };
    rows.iter().map(text).collect()
}

async fn compare(api: &Api, what: &str, refine: impl Fn(ScanHistory) -> ScanHistory) -> usize {
    let history = refine(api.scan_history(PATH).await.expect("a path"));
    let live = read(history.clone()).await;
    let joined = read(history.source(HistorySource::Exported)).await;
    assert_eq!(joined, live, "{what}");
    live.len()
}

#[test]
fn exported_and_live_rows_join_without_gap_or_overlap() {
    for (rows_per_part, live_tail) in
        [(1_000, 0), (100, 0), (7, 13), (64, 200), (299, 1), (1, 295), (50, 300)]
    {
        for list_live in [true, false] {
            let server = exported(rows_per_part, live_tail, list_live);
            let what = format!("{rows_per_part} rows a part, {live_tail} live, listed: {list_live}");
            on_both(&server, async |api| {
                assert_eq!(compare(&api, &what, |history| history.page_size(200)).await, 300);
            });
            let files = live_tail < 300;
            let requests = server.store().requests();
            assert_eq!(requests.iter().any(|request| request.port == Port::Storage), files, "{what}");
        }
    }
}

#[test]
fn keys_and_steps_select_the_same_rows_from_files() {
    for (rows_per_part, live_tail) in [(1_000, 0), (40, 90)] {
        let server = exported(rows_per_part, live_tail, true);
        on_both(&server, async |api| {
            let count =
                async |what: &str, refine: fn(ScanHistory) -> ScanHistory| compare(&api, what, refine).await;
            assert_eq!(count("all of one", |history| history.keys(["even"])).await, 150);
            assert_eq!(count("all of two", |history| history.keys(["even", "third"])).await, 50);
            assert_eq!(count("any of two", |history| history.keys(["even", "third"]).any()).await, 200);
            assert_eq!(count("any of rare ones", |history| history.keys(["rare", "never"]).any()).await, 6);
            assert_eq!(count("all of none", |history| history.keys(["loss", "never"])).await, 0);
            assert_eq!(count("from", |history| history.min_step(500)).await, 140);
            assert_eq!(count("to", |history| history.max_step(50)).await, 10);
            let middle = |history: ScanHistory| history.min_step(620).max_step(680).keys(["loss"]);
            assert_eq!(count("between", middle).await, 20);
            assert_eq!(count("outside", |history| history.min_step(5_000)).await, 0);
        });
    }
}

#[test]
fn api_key_is_not_sent_to_storage() {
    let server = exported(50, 20, true);
    on_both(&server, async |api| {
        read(api.scan_history(PATH).await.expect("a path").source(HistorySource::Exported)).await;
    });
    let requests = server.store().requests();
    let (storage, api): (Vec<_>, Vec<_>) =
        requests.into_iter().partition(|request| request.port == Port::Storage);
    assert_eq!(storage.len(), 6 * 2, "six files, twice");
    assert!(storage.iter().all(|request| !request.authorization), "{storage:?}");
    assert!(!api.is_empty() && api.iter().all(|request| request.authorization), "{api:?}");
}

#[test]
fn server_without_exports_is_read_live() {
    let server = exported(50, 20, true);
    let missing = [("Run", "parquetHistory")];
    server.store().set_missing_fields(&missing).expect("a field of the schema");
    on_both(&server, async |api| {
        assert_eq!(compare(&api, "no exports", |history| history).await, 300);
    });
    assert!(server.store().requests().iter().all(|request| request.port == Port::Api));
}

#[test]
fn plain_columns_are_read_as_the_same_rows() {
    for (rows_per_part, live_tail) in [(1_000, 0), (100, 0), (7, 13), (64, 200), (299, 1), (1, 295)] {
        let server = plain(rows_per_part, live_tail, true);
        on_both(&server, async |api| {
            let what = format!("{rows_per_part} rows a part, {live_tail} live");
            let count = async |refine: fn(ScanHistory) -> ScanHistory| compare(&api, &what, refine).await;
            assert_eq!(count(|history| history).await, 300);
            assert_eq!(count(|history| history.keys(["even", "third"])).await, 50);
            assert_eq!(count(|history| history.keys(["even", "third", "never"]).any()).await, 200);
            assert_eq!(count(|history| history.keys(["loss", "never"])).await, 0);
            assert_eq!(count(|history| history.min_step(620).max_step(680).keys(["loss"])).await, 20);
            assert_eq!(count(|history| history.min_step(5_000)).await, 0);
        });
    }
}

#[test]
fn expired_signed_url_is_requested_again() {
    let server = plain(40, 0, true);
    // One fault per file.
    server.store().set_faults("403:next=8@storage".parse().expect("faults"));
    let requests =
        || server.store().requests().into_iter().filter(|request| request.port == Port::Storage).count();
    asynchronous(&server, async |api| {
        assert_eq!(compare(&api, "expired", |history| history).await, 300);
    });
    assert_eq!(requests(), 2 * 8);
    server.store().set_faults("403:1@storage".parse().expect("faults"));
    asynchronous(&server, async |api| {
        let history = api.scan_history(PATH).await.expect("a path").source(HistorySource::Exported);
        let error = history.rows().await.expect_err("forbidden for good").to_string();
        assert!(error.contains("exported history of e/p/exported"), "{error}");
    });
}

/// The records of a CSV file as maps, so that the order of columns does not matter.
fn records(text: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text);
    reader.deserialize().map(|record| record.expect("a record")).collect()
}

#[test]
fn columnar_export_writes_the_same_table() {
    for live_tail in [0, 60] {
        let server = plain(50, live_tail, true);
        on_both(&server, async |api| {
            for format in [Format::Csv, Format::Jsonl] {
                let folder = tempfile::tempdir().expect("a folder");
                let write = async |name: &str, source| {
                    let path = folder.path().join(name);
                    let sink = format.sink(Output::file(&path).expect("opens"), &SinkOptions::default());
                    let history = api.scan_history(PATH).await.expect("a path").source(source);
                    let report = history.write(sink.expect("a sink")).await.expect("written");
                    assert_eq!(report.rows, 300);
                    assert!(report.is_complete(), "{report:?}");
                    std::fs::read(path).expect("there")
                };
                let exported = write("exported", HistorySource::Exported).await;
                let live = write("live", HistorySource::Live).await;
                if format == Format::Csv {
                    assert_eq!(records(&exported), records(&live), "{live_tail} live");
                    continue;
                }
                let rows = |text: &[u8]| -> Vec<BTreeMap<String, String>> {
                    let lines = text.split_inclusive(|&byte| byte == b'\n');
                    let rows = lines.map(|line| Row::parse(line).expect("a row"));
                    rows.map(|row| row.iter().map(|(key, value)| (key.to_owned(), value.to_json())).collect())
                        .collect()
                };
                assert_eq!(rows(&exported), rows(&live), "{live_tail} live");
            }
        });
    }
}

#[test]
fn record_batches_of_files_have_live_types() {
    for live_tail in [0, 60] {
        let server = plain(50, live_tail, true);
        on_both(&server, async |api| {
            let read = async |source| {
                let history = api.scan_history(PATH).await.expect("a path").source(source);
                let batches = history.record_batches().await.expect("batches");
                let schema = batches.arrow_schema();
                let types =
                    schema.fields().iter().map(|field| (field.name().clone(), field.data_type().to_string()));
                let types: BTreeMap<_, _> = types.collect();
                let rows = batches.flat_map(|batch| rows_of(&batch.expect("a batch")).expect("rows"));
                let rows = rows.map(|row| {
                    let entries = row.iter().map(|(key, value)| (key.to_owned(), value.to_json()));
                    entries.collect::<BTreeMap<_, _>>()
                });
                (types, rows.collect::<Vec<_>>())
            };
            assert_eq!(
                read(HistorySource::Exported).await,
                read(HistorySource::Live).await,
                "{live_tail} live"
            );
        });
    }
}
