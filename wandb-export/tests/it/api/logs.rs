//! Logs are complete or report missing lines, for every pagination of the server.

use wandb_export::{Api, Issue};
use wandb_local_server::{LocalServer, NewRun, Quirks};

use crate::support::{on_both, server};

const RUN: &str = "e/p/logged";

fn logged(lines: usize) -> LocalServer {
    let server = server();
    let log = (0..lines).map(|number| format!("line {number}")).collect();
    server.store().add_run(NewRun { log, ..NewRun::new("e", "p", "logged") });
    server
}

async fn read(api: &Api) -> (Vec<String>, Vec<Issue>) {
    let mut console = api.run(RUN).await.expect("a run").console();
    let mut lines = Vec::new();
    while let Some(more) = console.next_lines().await.expect("lines") {
        assert!(!more.is_empty());
        lines.extend(more);
    }
    (lines, console.issues())
}

fn texts(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("line {number}")).collect()
}

fn messages(issues: &[Issue]) -> Vec<String> {
    issues.iter().map(ToString::to_string).collect()
}

#[test]
fn log_of_several_pages_is_whole() {
    let server = logged(12_345);
    on_both(&server, async |api| {
        let (lines, issues) = read(&api).await;
        assert_eq!((lines == texts(0..12_345), issues), (true, Vec::new()));
    });
}

#[test]
fn page_cut_by_size_is_not_the_last() {
    let server = logged(1_000);
    let quirks = Quirks { log_page_bytes: 700, ..Quirks::default() };
    server.store().set_quirks(quirks);
    on_both(&server, async |api| {
        let (lines, issues) = read(&api).await;
        assert_eq!((lines == texts(0..1_000), issues), (true, Vec::new()));
    });
}

#[test]
fn dropped_oldest_lines_are_reported() {
    let server = logged(100);
    let quirks = Quirks { log_lines_kept: 30, ..Quirks::default() };
    server.store().set_quirks(quirks);
    on_both(&server, async |api| {
        let (lines, issues) = read(&api).await;
        assert_eq!(lines, texts(70..100));
        assert_eq!(
            messages(&issues),
            [
                "e/p/logged: the server sent 30 of 100 log lines, from number 70 on; the run's file output.log may hold \
              the rest"
            ]
        );
    });
}

#[test]
fn refused_pagination_gives_the_newest_lines() {
    for untyped in [true, false] {
        let server = logged(10_500);
        server.store().set_missing_fields(&[("Run.logLines", "useImprovedPagination")]).expect("an argument");
        let quirks = Quirks { untyped_arguments: untyped, ..Quirks::default() };
        server.store().set_quirks(quirks);
        on_both(&server, async |api| {
            let (lines, issues) = read(&api).await;
            assert!(lines == texts(500..10_500), "{}", lines.len());
            assert_eq!(
                messages(&issues),
                [
                    "e/p/logged: the server sent 10000 of 10500 log lines, from number 500 on; the run's file output.log \
                  may hold the rest"
                ]
            );
        });
    }
}

#[test]
fn refused_pagination_gives_a_short_log_whole() {
    let server = logged(10_000);
    let missing = [("Run.logLines", "useImprovedPagination"), ("Run", "logLineCount")];
    server.store().set_missing_fields(&missing).expect("an argument and a field");
    on_both(&server, async |api| {
        let (lines, issues) = read(&api).await;
        assert_eq!((lines == texts(0..10_000), issues), (true, Vec::new()));
    });
}

#[test]
fn null_lines_are_counted() {
    let server = logged(10);
    let quirks = Quirks { null_entries: vec![("logLines", 4)], ..Quirks::default() };
    server.store().set_quirks(quirks);
    on_both(&server, async |api| {
        let (lines, issues) = read(&api).await;
        assert_eq!(lines.len(), 8);
        assert_eq!(
            messages(&issues),
            ["the server listed 2 empty entries among the log lines of e/p/logged"]
        );
    });
}

#[test]
fn empty_log_has_no_issues() {
    let server = logged(0);
    on_both(&server, async |api| {
        assert_eq!(read(&api).await, (Vec::new(), Vec::new()));
    });
}
