//! Lists are complete or report missing entries, although their pages are not a snapshot.

use std::collections::BTreeSet;

use wandb_export::{Api, Issue};
use wandb_local_server::{LocalServer, NewRun, NewSweep, Quirks};

use crate::support::{on_both, server};

/// A project with `runs` runs, all in one sweep.
fn project(runs: usize) -> LocalServer {
    let server = server();
    for number in 0..runs {
        let created_at = Some(format!("2024-03-01T10:{:02}:{:02}Z", number / 60, number % 60));
        server.store().add_run(NewRun {
            created_at: created_at.map(|at| at.parse().expect("a time")),
            sweep: Some("sw1".to_owned()),
            ..NewRun::new("e", "p", &format!("run{number:03}"))
        });
    }
    server.store().add_sweep(NewSweep::new("e", "p", "sw1"));
    server
}

/// Lists the ids of the runs in pages of 10, and the issues.
async fn list(api: &Api) -> (Vec<String>, Vec<Issue>) {
    let runs = api.runs("e/p").await.expect("a path").page_size(10);
    let (runs, issues) = runs.open().collect().await.expect("runs");
    (runs.into_iter().map(|run| run.id.clone()).collect(), issues)
}

fn texts(issues: &[Issue]) -> Vec<String> {
    issues.iter().map(ToString::to_string).collect()
}

/// Sets quirks again, so that they are the same for both transports.
fn reset_quirks(server: &LocalServer, quirks: &Quirks) {
    server.store().set_quirks(quirks.clone());
    server.store().clear_requests();
}

#[test]
fn unchanging_list_is_read_once() {
    let server = project(45);
    on_both(&server, async |api| {
        reset_quirks(&server, &Quirks::default());
        let (ids, issues) = list(&api).await;
        assert_eq!((ids.len(), issues, server.store().requests().len()), (45, Vec::new(), 5));
    });
}

#[test]
fn moving_runs_are_found_on_a_second_pass() {
    let server = project(45);
    let quirks = Quirks { moving_runs: 3, ..Quirks::default() };
    on_both(&server, async |api| {
        reset_quirks(&server, &quirks);
        let (ids, issues) = list(&api).await;
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 45, "{ids:?}");
        assert_eq!(ids.len(), 45, "no run is repeated");
        assert_eq!(
            texts(&issues),
            [
                "e/p: the list changed while it was read; 3 runs were found by reading it again and come last, out of order"
            ]
        );
        assert!(issues.iter().all(Issue::is_note));
    });
}

#[test]
fn unlisted_runs_are_reported_missing() {
    let server = project(25);
    let quirks = Quirks { hidden_runs: vec!["run007".to_owned(), "run008".to_owned()], ..Quirks::default() };
    on_both(&server, async |api| {
        reset_quirks(&server, &quirks);
        let (ids, issues) = list(&api).await;
        assert_eq!(ids.len(), 23);
        assert_eq!(
            texts(&issues),
            ["e/p: the server counts 25 runs but listed only 23 of them; run the command again"]
        );
        let sweep = api.sweep("e/p/sw1").await.expect("a sweep");
        let (runs, issues) = sweep.runs().open().collect().await.expect("runs");
        assert_eq!((runs.len(), issues.len()), (23, 1), "{issues:?}");
    });
}

#[test]
fn limited_list_requests_only_what_it_needs() {
    let server = project(45);
    let quirks = Quirks { hidden_runs: vec!["run007".to_owned()], ..Quirks::default() };
    on_both(&server, async |api| {
        reset_quirks(&server, &quirks);
        let runs = api.runs("e/p").await.expect("a path").limit(20);
        let (runs, issues) = runs.open().collect().await.expect("runs");
        assert_eq!((runs.len(), issues, server.store().requests().len()), (20, Vec::new(), 1));
    });
}

#[test]
fn uncounted_list_is_not_checked() {
    let server = project(25);
    server.store().set_missing_fields(&[("Project", "runCount")]).expect("a field");
    on_both(&server, async |api| {
        reset_quirks(&server, &Quirks { hidden_runs: vec!["run007".to_owned()], ..Quirks::default() });
        let (ids, issues) = list(&api).await;
        assert_eq!((ids.len(), issues), (24, Vec::new()));
    });
}

#[test]
fn null_entries_are_counted_in_every_list() {
    let server = project(9);
    let store = server.store();
    for number in 0..9 {
        store.add_project("e", &format!("other{number}"));
        store.add_file("e/p/run000", &format!("{number}.txt"), "text").expect("a run");
    }
    let lists = ["runs", "files", "models"];
    on_both(&server, async |api| {
        reset_quirks(
            &server,
            &Quirks { null_entries: lists.map(|list| (list, 4)).to_vec(), ..Quirks::default() },
        );
        let (ids, issues) = list(&api).await;
        let mut all = texts(&issues);
        let run = api.run("e/p/run000").await.expect("a run");
        let (files, issues) = run.files().page_size(4).open().collect().await.expect("files");
        all.extend(texts(&issues));
        let (projects, issues) = api.open_projects("e").collect().await.expect("projects");
        all.extend(texts(&issues));
        assert_eq!((ids.len(), files.len(), projects.len()), (7, 7, 8));
        let expected = ["runs of e/p", "files of e/p/run000", "projects of e"];
        assert_eq!(all, expected.map(|list| format!("the server listed 2 empty entries among the {list}")));
    });
}

#[test]
fn writing_runs_returns_the_issues_of_the_list() {
    use wandb_export::sink::{Format, Output, SinkOptions};
    let server = project(25);
    on_both(&server, async |api| {
        reset_quirks(&server, &Quirks { hidden_runs: vec!["run007".to_owned()], ..Quirks::default() });
        let folder = tempfile::tempdir().expect("a folder");
        let output = Output::file(folder.path().join("runs.csv")).expect("a file");
        let sink = Format::Csv.sink(output, &SinkOptions::default()).expect("a sink");
        let exported = api.runs("e/p").await.expect("a path").write(sink).await.expect("an export");
        assert_eq!((exported.rows, exported.issues.len()), (24, 1));
    });
}
