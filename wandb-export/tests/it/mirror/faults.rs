//! Transient faults of servers and storages are retried, and no API key is sent to the storage.

use std::path::Path;
use std::time::Duration;

use wandb_core::blocking::block_on;
use wandb_export::Api;
use wandb_export::mirror::{Contents, MirrorReport, Part};
use wandb_export::transport::Settings;
use wandb_local_server::{Fault, FaultKind, Faults, LocalServer, Port};

use super::project::{PROJECT, files, fill};
use crate::support::{asynchronous, server, settings};

async fn mirror(api: &Api, folder: &Path) -> MirrorReport {
    api.mirror(PROJECT).await.expect("a path").sync(folder).await.expect("a mirror")
}

/// Runs `work` with both transports and a short stall timeout.
fn on_both(server: &LocalServer, work: impl AsyncFn(Api)) {
    let impatient = || {
        let impatient = Settings::default().with_stall_timeout(Duration::from_millis(150));
        settings(server).transport(impatient)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { work(impatient().connect().expect("a connection")).await });
    block_on(work(impatient().connect_blocking().expect("a connection").into_inner()));
}

#[test]
fn single_and_mixed_faults_are_retried() {
    let server = server();
    fill(&server);
    let calm = tempfile::tempdir().expect("a folder");
    let report = asynchronous(&server, async |api| mirror(&api, calm.path()).await);
    assert!(report.is_complete(), "{report:?}");
    let expected = files(calm.path());
    let kinds = [
        FaultKind::TooManyRequests { reset: 0, retry_after: None },
        FaultKind::Status(500),
        FaultKind::Status(503),
        FaultKind::Reset,
        FaultKind::CutBody,
        FaultKind::Stall,
    ];
    let each = kinds.iter().map(|kind| vec![Fault::chance(0.05, kind.clone())]);
    let all = kinds.iter().map(|kind| Fault::chance(0.05, kind.clone())).collect();
    for (seed, faults) in each.chain([all]).enumerate() {
        let is_all = faults.len() > 1;
        on_both(&server, async |api| {
            let faults = Faults { faults: faults.clone(), seed: seed as u64, ..Faults::default() };
            server.store().set_faults(faults);
            let folder = tempfile::tempdir().expect("a folder");
            let report = mirror(&api, folder.path()).await;
            assert!(report.is_complete(), "seed {seed}: {report:?}");
            assert!(files(folder.path()) == expected, "seed {seed}: the bytes differ");
            assert!(!is_all || api.stats().retries > 0);
        });
    }
    let requests = server.store().requests();
    let storage: Vec<_> = requests.iter().filter(|request| request.port == Port::Storage).collect();
    assert!(
        !storage.is_empty() && storage.iter().all(|request| !request.authorization),
        "no API key for the storage"
    );
}

#[test]
fn failing_joint_queries_fall_back_to_single_runs() {
    let server = server();
    fill(&server);
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    asynchronous(&server, async |api| mirror(&api, folders[0].path()).await);
    let faults = vec![Fault::chance(1.0, FaultKind::Status(500)).on("WholeRuns")];
    server.store().set_faults(Faults { faults, ..Faults::default() });
    let report = asynchronous(&server, async |api| mirror(&api, folders[1].path()).await);
    assert!(report.is_complete(), "{report:?}");
    assert!(files(folders[0].path()) == files(folders[1].path()));
}

#[test]
fn server_without_logs_and_sweeps_is_mirrored() {
    let server = server();
    fill(&server);
    let missing = [("Run", "logLines"), ("Project", "sweeps")];
    server.store().set_missing_fields(&missing).expect("fields of the schema");
    let folder = tempfile::tempdir().expect("a folder");
    let report = asynchronous(&server, async |api| mirror(&api, folder.path()).await);
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(report.projects[0].unsupported, ["Project.sweeps", "Run.logLines"]);
    let found = files(folder.path());
    assert!(found.contains_key("history/run-4.parquet") && found.contains_key("runs.parquet"));
    assert!(!found.keys().any(|name| name.starts_with("logs/")));
    server.store().clear_requests();
    let again = asynchronous(&server, async |api| mirror(&api, folder.path()).await);
    assert_eq!((again.projects[0].same, again.is_complete()), (10, true));
    assert_eq!(again.projects[0].unsupported, report.projects[0].unsupported);
    assert_eq!(server.store().requests().len(), 2, "missing fields are not requested again");
    assert!(files(folder.path()) == found);
}

#[test]
fn server_without_filters_is_mirrored() {
    let server = server();
    fill(&server);
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    asynchronous(&server, async |api| mirror(&api, folders[0].path()).await);
    let missing = [("Project.runs", "filters"), ("Project.runs", "order"), ("Project.runCount", "filters")];
    server.store().set_missing_fields(&missing).expect("arguments of the schema");
    let report = asynchronous(&server, async |api| mirror(&api, folders[1].path()).await);
    assert!(report.is_complete() && report.projects[0].new == 10, "{report:?}");
    let names = |folder: &tempfile::TempDir| files(folder.path()).into_keys().collect::<Vec<_>>();
    assert_eq!(names(&folders[0]), names(&folders[1]));
    server.store().remove_run(&format!("{PROJECT}/run-3")).expect("a run");
    let report = asynchronous(&server, async |api| mirror(&api, folders[1].path()).await);
    assert_eq!(report.projects[0].gone, ["run-3"], "{report:?}");
}

/// Mirrors only the part `runs`, which takes at most one request per run besides the joint queries.
async fn mirror_rows(api: &Api, folder: &Path) -> MirrorReport {
    let mirror = api.mirror("local-team/many").await.expect("a path");
    mirror.contents(Contents::only([Part::Runs])).sync(folder).await.expect("a mirror")
}

#[test]
fn refused_joint_queries_are_not_repeated() {
    let server = server();
    server.store().generate_runs("local-team", "many", 600);
    let faults = vec![Fault::chance(1.0, FaultKind::Status(422)).on("WholeRuns")];
    server.store().set_faults(Faults { faults, ..Faults::default() });
    let folder = tempfile::tempdir().expect("a folder");
    let report = asynchronous(&server, async |api| mirror_rows(&api, folder.path()).await);
    assert!(report.is_complete() && report.projects[0].new == 600, "{report:?}");
    // The limit is the number of requests in flight when the first one is refused.
    assert!(joint_query_sizes(&server).len() <= 8, "{:?}", joint_query_sizes(&server));
}

#[test]
fn joint_queries_start_small_and_grow() {
    let server = server();
    server.store().generate_runs("local-team", "many", 600);
    let folder = tempfile::tempdir().expect("a folder");
    asynchronous(&server, async |api| mirror_rows(&api, folder.path()).await);
    let sizes = joint_query_sizes(&server);
    assert_eq!((sizes[0], sizes.iter().max()), (4, Some(&32)), "{sizes:?}");
    assert_eq!(sizes.iter().sum::<u64>(), 600, "{sizes:?}");
}

/// The number of runs that each joint query requested.
fn joint_query_sizes(server: &LocalServer) -> Vec<u64> {
    let requests = server.store().requests();
    let joint = requests.iter().filter(|request| request.operation.as_deref() == Some("WholeRuns"));
    joint.filter_map(|request| request.variables.as_ref()?["perPage"].as_u64()).collect()
}

#[test]
fn refused_file_does_not_stop_the_others() {
    let server = server();
    fill(&server);
    let faults = vec![Fault::chance(1.0, FaultKind::Status(403)).on("run-2")];
    server.store().set_faults(Faults { faults, ..Faults::default() });
    let folder = tempfile::tempdir().expect("a folder");
    let report = asynchronous(&server, async |api| mirror(&api, folder.path()).await);
    let missing: Vec<_> = report.projects[0].missing.iter().map(|missing| missing.run.as_deref()).collect();
    assert_eq!(missing, [Some("run-2"), Some("run-2")], "its two files: {report:?}");
    assert_eq!(report.projects[0].new, 10);
}
