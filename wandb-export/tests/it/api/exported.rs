//! Exported files joined with live rows: what the live query alone would give.

use std::collections::BTreeMap;

use wandb_export::{Api, History, Row, Source};
use wandb_local_server::{ExportOptions, LocalServer, NewRun, Port};

use crate::support::{on_both, server};

const PATH: &str = "e/p/exported";

const ROWS: i32 = 300;

/// Sparse columns of every type that a Parquet file holds, steps with gaps, beginning late.
fn exported(rows_per_part: usize, live_tail: usize, list_live: bool) -> LocalServer {
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
        if n % 50 == 49 {
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

/// Rows with their keys in order, as the columns of a file are not in the order in which a row was logged.
async fn read(history: History) -> Vec<String> {
    let rows = history.rows().await.expect("rows");
    let text = |row: &Row| {
        let sorted: BTreeMap<_, _> = row.iter().map(|(key, value)| (key, value.to_json())).collect();
        format!("{sorted:?}")
    };
    rows.iter().map(text).collect()
}

async fn compare(api: &Api, what: &str, refine: impl Fn(History) -> History) -> usize {
    let history = refine(api.history(PATH).await.expect("a path").all());
    let live = read(history.clone()).await;
    let joined = read(history.source(Source::Exported)).await;
    assert_eq!(joined, live, "{what}");
    live.len()
}

#[test]
fn no_row_is_lost_or_doubled_wherever_the_files_end() {
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
fn keys_and_steps_choose_the_same_rows_from_files() {
    for (rows_per_part, live_tail) in [(1_000, 0), (40, 90)] {
        let server = exported(rows_per_part, live_tail, true);
        on_both(&server, async |api| {
            let count = async |what: &str, refine: fn(History) -> History| compare(&api, what, refine).await;
            assert_eq!(count("all of one", |history| history.keys(["even"])).await, 150);
            assert_eq!(count("all of two", |history| history.keys(["even", "third"])).await, 50);
            assert_eq!(count("any of two", |history| history.keys(["even", "third"]).any()).await, 200);
            assert_eq!(count("any of rare ones", |history| history.keys(["rare", "never"]).any()).await, 6);
            assert_eq!(count("all of none", |history| history.keys(["loss", "never"])).await, 0);
            assert_eq!(count("from", |history| history.min_step(500)).await, 140);
            assert_eq!(count("to", |history| history.max_step(50)).await, 10);
            let middle = |history: History| history.min_step(620).max_step(680).keys(["loss"]);
            assert_eq!(count("between", middle).await, 20);
            assert_eq!(count("outside", |history| history.min_step(5_000)).await, 0);
        });
    }
}

#[test]
fn the_api_key_stays_with_the_api() {
    let server = exported(50, 20, true);
    on_both(&server, async |api| {
        read(api.history(PATH).await.expect("a path").all().source(Source::Exported)).await;
    });
    let requests = server.store().requests();
    let (storage, api): (Vec<_>, Vec<_>) =
        requests.into_iter().partition(|request| request.port == Port::Storage);
    assert_eq!(storage.len(), 6 * 2, "six files, twice");
    assert!(storage.iter().all(|request| !request.authorization), "{storage:?}");
    assert!(!api.is_empty() && api.iter().all(|request| request.authorization), "{api:?}");
}

#[test]
fn a_server_that_exports_nothing_is_read_live() {
    let server = exported(50, 20, true);
    let missing = [("Run", "parquetHistory")];
    server.store().set_missing_fields(&missing).expect("a field of the schema");
    on_both(&server, async |api| {
        assert_eq!(compare(&api, "no exports", |history| history).await, 300);
    });
    assert!(server.store().requests().iter().all(|request| request.port == Port::Api));
}
