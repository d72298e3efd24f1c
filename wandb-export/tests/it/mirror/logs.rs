//! Logs in a mirror are complete or noted as short.

use std::path::Path;

use wandb_export::Api;
use wandb_export::mirror::{Contents, MirrorReport, Part};
use wandb_local_server::{LocalServer, NewRun, Quirks};

use crate::support::{on_both, server};

/// A project whose runs have a short, a long and no log.
fn logged() -> LocalServer {
    let server = server();
    for (name, lines) in [("long", 3_000), ("short", 20), ("silent", 0)] {
        let log = (0..lines).map(|number| format!("line {number}")).collect();
        server.store().add_run(NewRun { log, ..NewRun::new("e", "p", name) });
    }
    server
}

async fn mirror(api: &Api, folder: &Path) -> MirrorReport {
    let mirror = api.mirror("e/p").await.expect("a path").contents(Contents::only([Part::Runs, Part::Logs]));
    mirror.sync(folder).await.expect("a mirror")
}

fn lines(folder: &Path, run: &str) -> String {
    let text = std::fs::read_to_string(folder.join(format!("logs/{run}.log"))).expect("a log");
    let (first, last) = (text.lines().next().expect("a line"), text.lines().last().expect("a line"));
    format!("{} lines, {first} to {last}", text.lines().count())
}

fn missing(report: &MirrorReport) -> Vec<String> {
    let missing = report.projects.iter().flat_map(|project| &project.missing);
    missing.map(|missing| format!("{}: {}", missing.run.as_deref().unwrap_or("-"), missing.what)).collect()
}

#[test]
fn page_cut_by_size_is_not_the_whole_log() {
    let server = logged();
    let quirks = Quirks { log_page_bytes: 100, ..Quirks::default() };
    server.store().set_quirks(quirks);
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let report = mirror(&api, folder.path()).await;
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(lines(folder.path(), "long"), "3000 lines, line 0 to line 2999");
        assert_eq!(lines(folder.path(), "short"), "20 lines, line 0 to line 19");
        assert!(!folder.path().join("logs/silent.log").exists());
    });
}

#[test]
fn short_logs_are_noted() {
    let server = logged();
    let quirks = Quirks { log_lines_kept: 15, ..Quirks::default() };
    server.store().set_quirks(quirks);
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let said = [("long", 3_000, 2_985), ("short", 20, 5)].map(|(run, counted, first)| {
            format!(
                "{run}: e/p/{run}: the server sent 15 of {counted} log lines, from number {first} on; the run's file \
                 output.log may hold the rest"
            )
        });
        assert_eq!(missing(&mirror(&api, folder.path()).await), said);
        assert_eq!(lines(folder.path(), "long"), "15 lines, line 2985 to line 2999");
        assert!(!mirror(&api, folder.path()).await.is_complete(), "the next mirror says so, too");
        let offline = Api::offline();
        let mut console =
            offline.run(folder.path().join("long").to_str().expect("UTF-8")).await.expect("a run").console();
        while console.next_lines().await.expect("lines").is_some() {}
        assert_eq!(console.issues().len(), 1, "{:?}", console.issues());
    });
}

#[test]
fn refused_pagination_mirrors_the_newest_lines() {
    let server = logged();
    let long = (0..10_001).map(|number| format!("line {number}")).collect();
    server.store().add_run(NewRun { log: long, ..NewRun::new("e", "p", "long") });
    server.store().set_missing_fields(&[("Run.logLines", "useImprovedPagination")]).expect("an argument");
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let report = mirror(&api, folder.path()).await;
        assert_eq!(
            missing(&report),
            [
                "long: e/p/long: the server sent 10000 of 10001 log lines, from number 1 on; the run's file output.log may \
              hold the rest"
            ]
        );
        assert_eq!(lines(folder.path(), "long"), "10000 lines, line 1 to line 10000");
        assert_eq!(lines(folder.path(), "short"), "20 lines, line 0 to line 19");
    });
}

#[test]
fn missing_lines_are_requested_again() {
    let server = logged();
    on_both(&server, async |api| {
        server.store().set_quirks(Quirks { null_entries: vec![("logLines", 7)], ..Quirks::default() });
        let folder = tempfile::tempdir().expect("a folder");
        let report = mirror(&api, folder.path()).await;
        assert_eq!(missing(&report).len(), 2, "{report:?}");
        server.store().set_quirks(Quirks::default());
        let report = mirror(&api, folder.path()).await;
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(lines(folder.path(), "long"), "3000 lines, line 0 to line 2999");
    });
}
