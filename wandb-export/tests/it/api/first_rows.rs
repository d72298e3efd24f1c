//! First rows of histories.

use serde_json::json;
use wandb_export::{Api, Row};
use wandb_local_server::{ExportOptions, LocalServer, NewRun};

use crate::support::{on_both, server};

const PATH: &str = "e/p/few";

/// Adds a run of 4 000 steps, every tenth of which has `epoch`.
fn fill(server: &LocalServer) {
    let row = |step: u32| match step % 10 {
        0 => json!({ "_step": step, "loss": 1.0 / f64::from(step + 1), "epoch": step / 10 }),
        _ => json!({ "_step": step, "loss": 1.0 / f64::from(step + 1) }),
    };
    server.store().add_run(NewRun::new("e", "p", "few").rows((0..4_000).map(row)));
}

fn steps(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| row.step().expect("a step")).collect()
}

/// Number of windows requested since the requests were cleared.
fn windows(server: &LocalServer) -> usize {
    let pages = ["HistoryPage", "SampledHistoryPage", "RunHistoryPage", "RunSampledHistoryPage"];
    let requests = server.store().requests();
    requests.iter().filter(|it| it.operation.as_deref().is_some_and(|name| pages.contains(&name))).count()
}

async fn first(api: &Api, rows: u64) -> wandb_export::ScanHistory {
    api.scan_history(PATH).await.expect("a path").limit(rows)
}

#[test]
fn first_rows_request_only_the_needed_pages() {
    let server = server();
    fill(&server);
    on_both(&server, async |api| {
        for (rows, most) in [(1, 1), (10, 1), (1_000, 1), (1_500, 2)] {
            server.store().clear_requests();
            let got = first(&api, rows).await.rows().await.expect("rows");
            assert_eq!(steps(&got), (0..i64::try_from(rows).expect("few")).collect::<Vec<_>>());
            assert!((1..=most).contains(&windows(&server)), "{rows}: {} windows", windows(&server));
        }
        let all = first(&api, 10_000).await.rows().await.expect("rows");
        assert_eq!(all.len(), 4_000);
        let sparse = first(&api, 30).await.keys(["epoch"]).rows().await.expect("rows");
        assert_eq!(steps(&sparse), (0..30).map(|row| row * 10).collect::<Vec<_>>());
        let late = first(&api, 3).await.min_step(3_998).rows().await.expect("rows");
        assert_eq!(steps(&late), [3_998, 3_999]);
        let mut reader = first(&api, 7).await.open().await.expect("a history");
        let mut rows = 0;
        while let Some(batch) = reader.next_batch().await.expect("rows") {
            rows += batch.len();
        }
        assert_eq!(rows, 7);
        assert!(reader.finish().await.expect("an end").is_complete());
    });
}

#[test]
fn first_samples_are_the_first_of_all_samples() {
    let server = server();
    fill(&server);
    on_both(&server, async |api| {
        let history = api.history(PATH).await.expect("a path").samples(100);
        let all = history.clone().rows().await.expect("rows");
        let first = history.limit(5).rows().await.expect("rows");
        assert_eq!(steps(&first), steps(&all)[..5]);
    });
}

#[test]
fn first_rows_of_exported_files_are_the_same() {
    let server = server();
    fill(&server);
    server.store().export_run(PATH, &ExportOptions::default()).expect("a run");
    on_both(&server, async |api| {
        let history = first(&api, 12).await.source(wandb_export::HistorySource::Exported);
        assert_eq!(steps(&history.rows().await.expect("rows")), (0..12).collect::<Vec<_>>());
    });
}
