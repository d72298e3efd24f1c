//! Older servers: what they do not have is left out, and told.

use wandb_local_server::LocalServer;

use crate::support::{RUN, gapped_run, on_both, server, team};

fn lacking(fields: &[(&str, &str)]) -> LocalServer {
    let server = server();
    team(&server);
    server.store().set_missing_fields(fields).expect("fields of the schema");
    server
}

#[test]
fn a_run_without_what_the_server_lacks() {
    let server = lacking(&[("Run", "summaryMetrics"), ("Run", "tags"), ("Run", "historyLineCount")]);
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
fn what_is_lacking_is_asked_for_once() {
    let server = lacking(&[("Run", "summaryMetrics")]);
    on_both(&server, async |api| {
        server.store().clear_requests();
        api.run(RUN).await.expect("a run");
        let learning = server.store().requests().len();
        api.run(RUN).await.expect("a run");
        assert_eq!((learning, server.store().requests().len()), (2, 3));
    });
}

#[test]
fn a_run_of_a_listing_tells_what_the_listing_lacked() {
    let server = lacking(&[("Run", "summaryMetrics")]);
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
fn without_a_last_step_every_row_is_found_over_all_gaps() {
    for fields in [&[("Run", "historyKeys")][..], &[("Run", "historyKeys"), ("Run", "historyLineCount")]] {
        let server = lacking(fields);
        gapped_run(&server, "e/p/gaps", 100);
        found_whole(&server);
    }
}

fn found_whole(server: &LocalServer) {
    on_both(server, async |api| {
        let mut reader = api.history("e/p/gaps").await.expect("a path").all().open().await.expect("a reader");
        while reader.next_batch().await.expect("rows").is_some() {}
        let end = reader.finish().await.expect("an end");
        assert_eq!((end.rows, end.is_complete()), (100, true), "{end:?}");
    });
}
