//! Transient faults of servers and networks are retried until all rows arrive.

use wandb_export::{Api, HistorySource, Row};
use wandb_local_server::{ExportOptions, Fault, FaultKind, Faults, GeneratedRun, LocalServer, Port};

use crate::support::{asynchronous, on_both, server};

const PATH: &str = "e/p/long";

fn long_run(rows: u64) -> LocalServer {
    let server = server();
    server.store().generate_run(&GeneratedRun { columns: 2, ..GeneratedRun::new("e", "p", "long", rows) });
    server
}

async fn read(api: &Api, source: HistorySource) -> String {
    let history = api.scan_history(PATH).await.expect("a path").page_size(25).source(source);
    history.rows().await.expect("rows").iter().map(Row::to_json_line).collect()
}

fn fail(server: &LocalServer, faults: Vec<Fault>) {
    server.store().set_faults(Faults { faults, seed: 1, ..Faults::default() });
}

#[test]
fn each_kind_of_fault_is_retried() {
    let server = long_run(1_500);
    let faultless = asynchronous(&server, async |api| read(&api, HistorySource::Live).await);
    assert_eq!(faultless.lines().count(), 1_500);
    let needed = server.store().requests().len();
    let kinds = [
        FaultKind::TooManyRequests { reset: 0, retry_after: None },
        FaultKind::TooManyRequests { reset: 0, retry_after: Some(0) },
        FaultKind::Status(500),
        FaultKind::Status(502),
        FaultKind::Status(503),
        FaultKind::Reset,
        FaultKind::CutBody,
        FaultKind::Html(200),
        FaultKind::Html(502),
        FaultKind::DataNull("internal error".to_owned()),
    ];
    for kind in kinds {
        on_both(&server, async |api| {
            fail(&server, vec![Fault::chance(0.05, kind.clone())]);
            server.store().clear_requests();
            assert!(read(&api, HistorySource::Live).await == faultless, "{kind:?}: the rows differ");
            assert!(server.store().requests().len() > needed, "{kind:?}: no request has failed");
        });
    }
}

#[test]
fn mixed_faults_are_retried_for_exported_files() {
    let server = long_run(1_500);
    let mut options = ExportOptions::default();
    (options.rows_per_part, options.live_tail) = (50, 500);
    server.store().export_run(PATH, &options).expect("an export");
    let faultless = asynchronous(&server, async |api| read(&api, HistorySource::Exported).await);
    assert_eq!(faultless.lines().count(), 1_500);
    let kinds = [
        FaultKind::TooManyRequests { reset: 0, retry_after: None },
        FaultKind::Status(500),
        FaultKind::Reset,
        FaultKind::CutBody,
        FaultKind::Html(503),
    ];
    on_both(&server, async |api| {
        fail(&server, kinds.iter().map(|kind| Fault::chance(0.05, kind.clone())).collect());
        assert!(read(&api, HistorySource::Exported).await == faultless, "the rows differ");
        assert!(api.stats().retries > 0);
    });
    assert!(server.store().requests().iter().any(|request| {
        request.port == Port::Storage && request.status.is_some_and(|status| status >= 500)
    }));
}

#[test]
fn too_wide_windows_are_halved() {
    for most in [1, 30, 119] {
        let server = long_run(120);
        server.store().set_faults(Faults { page_limit: Some(most), ..Faults::default() });
        on_both(&server, async |api| {
            let rows = api.scan_history(PATH).await.expect("a path").rows().await.expect("rows");
            assert!(rows.iter().map(Row::step).eq((0..120).map(Some)), "at most {most} steps");
        });
    }
}
