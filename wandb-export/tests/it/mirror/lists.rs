//! Mirrors with incomplete lists: a run is not gone because a list lacks it.

use std::path::Path;

use wandb_export::Api;
use wandb_export::mirror::{Contents, MirrorReport, Part};
use wandb_local_server::{LocalServer, NewRun, NewSweep, Quirks};

use crate::support::{on_both, server};

fn project() -> LocalServer {
    let server = server();
    for number in 0..5 {
        server.store().add_run(NewRun::new("e", "p", &format!("run{number}")));
    }
    for name in ["sw1", "sw2", "sw3"] {
        server.store().add_sweep(NewSweep::new("e", "p", name));
    }
    server
}

async fn mirror(api: &Api, folder: &Path) -> MirrorReport {
    let mirror = api.mirror("e/p").await.expect("a path");
    mirror.contents(Contents::only([Part::Runs, Part::Sweeps])).sync(folder).await.expect("a mirror")
}

fn missing(report: &MirrorReport) -> Vec<&str> {
    report.projects[0].missing.iter().map(|missing| missing.what.as_str()).collect()
}

#[test]
fn unlisted_run_is_not_gone() {
    let server = project();
    on_both(&server, async |api| {
        server.store().set_quirks(Quirks::default());
        server.store().add_run(NewRun::new("e", "p", "run3"));
        let folder = tempfile::tempdir().expect("a folder");
        assert!(mirror(&api, folder.path()).await.is_complete());
        let hidden_runs = vec!["run3".to_owned(), "run4".to_owned()];
        server.store().set_quirks(Quirks { hidden_runs, ..Quirks::default() });
        server.store().rename_run("e/p/run4", "renamed").expect("a run");
        let report = mirror(&api, folder.path()).await;
        let project = &report.projects[0];
        assert_eq!((&project.gone, project.same + project.changed), (&Vec::new(), 5), "{report:?}");
        assert!(report.is_complete(), "unlisted runs are fetched by id: {report:?}");
        server.store().remove_run("e/p/run3").expect("a run");
        let report = mirror(&api, folder.path()).await;
        assert_eq!(report.projects[0].gone, ["run3"], "{report:?}");
    });
}

#[test]
fn unlisted_new_runs_are_missing() {
    let server = project();
    server.store().set_quirks(Quirks { hidden_runs: vec!["run4".to_owned()], ..Quirks::default() });
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let report = mirror(&api, folder.path()).await;
        assert_eq!(
            missing(&report),
            ["e/p: the server counts 5 runs but listed only 4 of them; run the command again"]
        );
    });
}

#[test]
fn empty_entries_are_missing() {
    let server = project();
    server.store().set_quirks(Quirks { null_entries: vec![("runs", 3), ("sweeps", 3)], ..Quirks::default() });
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let report = mirror(&api, folder.path()).await;
        let said = ["runs", "sweeps"]
            .map(|list| format!("the server listed 1 empty entries among the {list} of e/p"));
        assert_eq!(missing(&report), said);
    });
}
