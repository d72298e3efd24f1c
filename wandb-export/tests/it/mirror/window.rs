//! The files of many runs are downloaded under one window.

use std::time::Duration;

use wandb_export::mirror::MirrorReport;
use wandb_export::{Api, ApiBuilder};
use wandb_local_server::{Fault, FaultKind, Faults, LocalServer, NewRun, Port};

use super::project::files;
use crate::support::{server, settings};

const PROJECT: &str = "local-team/small";

/// A project of small runs with a file each, on a storage that answers late.
fn fill(server: &LocalServer) {
    for number in 0..60_usize {
        let id = format!("run{number}");
        server.store().add_run(NewRun {
            history: (0..3).map(|step| format!(r#"{{"_step":{step},"loss":0.5}}"#)).collect(),
            ..NewRun::new("local-team", "small", &id)
        });
        let path = format!("{PROJECT}/{id}");
        server.store().add_file(&path, "model.bin", vec![7; 1_000 + number]).expect("a run");
    }
    let late = vec![Fault::chance(1.0, FaultKind::Latency(Duration::from_millis(60))).at(Port::Storage)];
    server.store().set_faults(Faults { faults: late, ..Faults::default() });
}

fn mirror(settings: ApiBuilder, folder: &tempfile::TempDir) -> MirrorReport {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let api: Api = settings.connect().expect("a connection");
        api.mirror(PROJECT).await.expect("a path").sync(folder.path()).await.expect("a mirror")
    })
}

#[test]
fn files_of_small_runs_share_the_window() {
    let server = server();
    fill(&server);
    let narrow = tempfile::tempdir().expect("a folder");
    assert!(mirror(settings(&server).concurrency(1).downloads(1), &narrow).is_complete());
    assert_eq!(server.store().most_in_flight(Port::Storage), 1);
    let wide = tempfile::tempdir().expect("a folder");
    server.store().clear_requests();
    assert!(mirror(settings(&server).concurrency(2).downloads(16), &wide).is_complete());
    let (api, storage) =
        (server.store().most_in_flight(Port::Api), server.store().most_in_flight(Port::Storage));
    assert!(api <= 2 && (11..=16).contains(&storage), "{api} requests and {storage} downloads at once");
    assert!(files(narrow.path()) == files(wide.path()), "the bytes depend on the window");
}
