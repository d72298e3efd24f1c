//! Downloads have a window apart from requests to the server.

use std::time::Duration;

use wandb_core::blocking::block_on;
use wandb_export::{Api, ApiBuilder};
use wandb_local_server::{DirectUrls, Fault, FaultKind, Faults, LocalServer, NewRun, Port, StorageBehaviour};

use crate::support::{server, settings, tree};

const PATH: &str = "local-team/vision/many";

/// A run with `count` files on a storage that answers late.
fn late_files(count: usize, latency: Duration) -> LocalServer {
    let server = server();
    server.store().add_run(NewRun::new("local-team", "vision", "many"));
    for number in 0..count {
        server.store().add_file(PATH, &format!("{number}"), number.to_string()).expect("a run");
    }
    let late = vec![Fault::chance(1.0, FaultKind::Latency(latency)).at(Port::Storage)];
    server.store().set_faults(Faults { faults: late, ..Faults::default() });
    server
}

/// Runs `work` over each transport.
fn on_both(settings: impl Fn() -> ApiBuilder, work: impl AsyncFn(Api)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { work(settings().connect().expect("a connection")).await });
    block_on(work(settings().connect_blocking().expect("a connection").into_inner()));
}

#[test]
fn downloads_and_requests_have_separate_limits() {
    let server = late_files(60, Duration::from_millis(60));
    on_both(
        || settings(&server).concurrency(2).downloads(12),
        async |api| {
            let folder = tempfile::tempdir().expect("a folder");
            let files = api.run(PATH).await.expect("a run").files().page_size(7);
            server.store().clear_requests();
            let downloads = files.download(folder.path()).await.expect("downloads");
            assert!(downloads.failed.is_empty(), "{:?}", downloads.failed);
            assert_eq!(tree(folder.path()).len(), 60);
            let storage = server.store().most_in_flight(Port::Storage);
            assert!((9..=12).contains(&storage), "{storage} downloads at once");
            assert!(server.store().most_in_flight(Port::Api) <= 2);
        },
    );
}

#[test]
fn several_downloads_share_one_window() {
    let server = late_files(40, Duration::from_millis(40));
    on_both(
        || settings(&server).downloads(5),
        async |api| {
            let folders = [(); 3].map(|()| tempfile::tempdir().expect("a folder"));
            let run = api.run(PATH).await.expect("a run");
            server.store().clear_requests();
            let all = folders.iter().map(|folder| run.files().download(folder.path()));
            for downloads in futures_util::future::join_all(all).await {
                assert!(downloads.expect("downloads").failed.is_empty());
            }
            assert!(folders.iter().all(|folder| tree(folder.path()).len() == 40));
            assert!(server.store().most_in_flight(Port::Storage) <= 5);
        },
    );
}

#[test]
fn files_from_the_server_count_as_requests() {
    let server = late_files(20, Duration::ZERO);
    let mut closed = StorageBehaviour::default();
    closed.direct = DirectUrls::Refused;
    server.store().set_storage(closed);
    let late = vec![Fault::chance(1.0, FaultKind::Latency(Duration::from_millis(30))).at(Port::Api)];
    server.store().set_faults(Faults { faults: late, ..Faults::default() });
    on_both(
        || settings(&server).concurrency(3).downloads(20),
        async |api| {
            let folder = tempfile::tempdir().expect("a folder");
            let run = api.run(PATH).await.expect("a run");
            server.store().clear_requests();
            let downloads = run.files().download(folder.path()).await.expect("downloads");
            assert!(downloads.failed.is_empty(), "{:?}", downloads.failed);
            let requests = server.store().requests();
            let through = requests.iter().filter(|it| it.port == Port::Api && it.operation.is_none()).count();
            assert!(through > 0, "some files come through the server");
            assert!(server.store().most_in_flight(Port::Api) <= 3);
        },
    );
}

#[test]
fn next_page_is_requested_while_files_are_fetched() {
    let server = late_files(30, Duration::from_millis(50));
    on_both(
        || settings(&server).downloads(3),
        async |api| {
            let folder = tempfile::tempdir().expect("a folder");
            let files = api.run(PATH).await.expect("a run").files().page_size(10);
            server.store().clear_requests();
            let downloads = files.download(folder.path()).await.expect("downloads");
            let names: Vec<_> = downloads.files.iter().map(|file| file.name.clone()).collect();
            let mut sorted: Vec<usize> = names.iter().map(|name| name.parse().expect("a number")).collect();
            sorted.sort_unstable();
            assert!(sorted.into_iter().eq(0..30), "{names:?}");
            let requests = server.store().requests();
            let last_page = requests.iter().rposition(|it| it.operation.as_deref() == Some("RunFiles"));
            let mut storage = requests.iter().enumerate().filter(|(_, it)| it.port == Port::Storage);
            let (tenth, _) = storage.nth(9).expect("thirty files");
            assert!(last_page.expect("pages") < tenth, "the last page waited for the files of the first");
        },
    );
}

#[test]
fn one_request_and_one_download_at_once_are_enough() {
    let server = late_files(20, Duration::from_millis(1));
    for direct in [DirectUrls::Served, DirectUrls::Refused] {
        let mut behaviour = StorageBehaviour::default();
        behaviour.direct = direct;
        server.store().set_storage(behaviour);
        on_both(
            || settings(&server).concurrency(1).downloads(1),
            async |api| {
                let folder = tempfile::tempdir().expect("a folder");
                let files = api.run(PATH).await.expect("a run").files().page_size(3);
                let downloads = files.download(folder.path()).await.expect("downloads");
                assert_eq!((downloads.files.len(), downloads.failed.len()), (20, 0));
            },
        );
    }
}
