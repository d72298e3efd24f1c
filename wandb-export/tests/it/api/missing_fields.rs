//! Fields that older servers lack are left out and reported.

use wandb_local_server::LocalServer;

use crate::support::{RUN, gapped_run, on_both, server, team};

fn without_fields(fields: &[(&str, &str)]) -> LocalServer {
    let server = server();
    team(&server);
    server.store().set_missing_fields(fields).expect("fields of the schema");
    server
}

#[test]
fn run_omits_fields_that_the_server_lacks() {
    let server = without_fields(&[("Run", "summaryMetrics"), ("Run", "tags"), ("Run", "historyLineCount")]);
    on_both(&server, async |api| {
        let run = api.run(RUN).await.expect("a run");
        let issues: Vec<_> = run.issues().iter().map(ToString::to_string).collect();
        let lacking = ["Run.historyLineCount", "Run.summaryMetrics", "Run.tags"];
        assert_eq!(issues, lacking.map(|field| format!("the server does not have {field}")));
        assert_eq!((run.id.as_str(), run.name.as_deref()), ("abc123", Some("bright-sun-1")));
        assert!(run.summary.is_none() && run.tags.is_none() && run.history_line_count.is_none());
        assert!(run.config.is_some());
    });
}

#[test]
fn listed_runs_report_missing_fields() {
    let server = without_fields(&[("Run", "summaryMetrics")]);
    on_both(&server, async |api| {
        let runs = api.runs("local-team/vision").await.expect("a path").collect().await.expect("runs");
        assert_eq!(runs.len(), 3);
        for run in runs {
            let issues: Vec<_> = run.issues().iter().map(ToString::to_string).collect();
            assert_eq!(issues, ["the server does not have Run.summaryMetrics"]);
        }
    });
}

#[test]
fn gaps_are_crossed_without_a_known_last_step() {
    for fields in [&[("Run", "historyKeys")][..], &[("Run", "historyKeys"), ("Run", "historyLineCount")]] {
        let server = without_fields(fields);
        gapped_run(&server, "e/p/gaps", 100);
        assert_read_whole(&server);
    }
}

fn assert_read_whole(server: &LocalServer) {
    on_both(server, async |api| {
        let mut reader = api.scan_history("e/p/gaps").await.expect("a path").open().await.expect("a reader");
        while reader.next_batch().await.expect("rows").is_some() {}
        let end = reader.finish().await.expect("an end");
        assert_eq!((end.rows, end.is_complete()), (100, true), "{end:?}");
    });
}
