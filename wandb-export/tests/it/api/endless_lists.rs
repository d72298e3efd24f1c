//! Lists end even if the server's pagination does not, and received entries are kept.

use wandb_export::Issue;
use wandb_local_server::{EndlessList, LocalServer, NewRun, Quirks};

use crate::support::{on_both, server};

const ENDLESS: [EndlessList; 4] =
    [EndlessList::Circle, EndlessList::NoCursor, EndlessList::EmptyCursor, EndlessList::Repeats];

/// A project with 30 runs, the first of which has 30 files and 12 000 log lines.
fn project() -> LocalServer {
    let server = server();
    let store = server.store();
    for number in 0..30 {
        let log =
            if number == 0 { (0..12_000).map(|line| format!("line {line}")).collect() } else { Vec::new() };
        store.add_run(NewRun { log, ..NewRun::new("e", "p", &format!("run{number:02}")) });
        store.add_file("e/p/run00", &format!("{number:02}.txt"), "text").expect("a run");
        store.add_project("e", &format!("p{number:02}"));
    }
    server
}

fn endless(server: &LocalServer, kind: EndlessList) {
    server.store().set_quirks(Quirks { endless_lists: Some(kind), ..Quirks::default() });
    server.store().clear_requests();
}

fn unique<T: Ord + Clone>(all: &[T]) -> usize {
    all.iter().cloned().collect::<std::collections::BTreeSet<_>>().len()
}

/// Checks that a list broke off after few requests, without repeated entries, and with an issue that names it.
fn check<T: Ord + Clone>(
    kind: EndlessList,
    name: &str,
    entries: &[T],
    issues: &[Issue],
    server: &LocalServer,
) {
    assert!(!entries.is_empty() && unique(entries) == entries.len(), "{kind:?} {name}: repeated entries");
    let issues: Vec<_> = issues.iter().filter(|issue| !issue.is_note()).collect();
    assert_eq!(issues.len(), 1, "{kind:?} {name}: {issues:?}");
    assert!(issues[0].to_string().contains(name), "{kind:?} {name}: {issues:?}");
    let requests = server.store().requests().len();
    assert!(requests <= 20, "{kind:?} {name}: {requests} requests");
    server.store().clear_requests();
}

#[test]
fn endless_lists_end_with_an_issue() {
    let server = project();
    on_both(&server, async |api| {
        for kind in ENDLESS {
            endless(&server, kind);
            let runs = api.runs("e/p").await.expect("a path").page_size(10);
            let (runs, issues) = runs.open().collect().await.expect("runs");
            let ids: Vec<_> = runs.iter().map(|run| run.id.clone()).collect();
            if ids.len() < 30 {
                check(kind, "e/p", &ids, &issues, &server);
            }
            let run = api.run("e/p/run00").await.expect("a run");
            server.store().clear_requests();
            let (files, issues) = run.files().page_size(10).open().collect().await.expect("files");
            let names: Vec<_> = files.iter().map(|file| file.name.clone()).collect();
            check(kind, "files of e/p/run00", &names, &issues, &server);
            let (projects, issues) = api.open_projects("e").collect().await.expect("projects");
            let names: Vec<_> = projects.iter().map(|project| project.name.clone()).collect();
            check(kind, "projects of e", &names, &issues, &server);
        }
    });
}

#[test]
fn endless_logs_end_with_an_issue() {
    for numbered in [true, false] {
        let server = project();
        if !numbered {
            server
                .store()
                .set_missing_fields(&[("LogLine", "number"), ("Run", "logLineCount")])
                .expect("fields");
        }
        on_both(&server, async |api| {
            for kind in ENDLESS {
                endless(&server, kind);
                let run = api.run("e/p/run00").await.expect("a run");
                server.store().clear_requests();
                let mut console = run.console();
                let mut lines = Vec::new();
                while let Some(more) = console.next_lines().await.expect("lines") {
                    lines.extend(more);
                }
                let issues = console.issues();
                let first = &issues[..1];
                check(kind, "log lines of e/p/run00", &lines, first, &server);
                assert!(lines.len() >= 5_000, "{kind:?}: received lines are kept");
            }
        });
    }
}
