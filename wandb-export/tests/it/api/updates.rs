//! Updates of runs over real connections.

use serde_json::json;
use wandb_export::model::Histogram;
use wandb_export::update::RunDocument;
use wandb_export::{Api, ApiKey, Error, ErrorKind, Value, ops};
use wandb_local_server::{Fault, FaultKind, Faults, LocalServer, NewRun, Options, RunState, User};

use crate::support::{asynchronous, blocking, on_both, server, settings, team};

const CONFIG: &str = r#"{"lr": {"value": 1e-3, "desc": "rate"}, "_wandb": {"value": {"t": [1,2]}}, "net": {"value": {"depth": 3}}}"#;
const SUMMARY: &str =
    r#"{"loss": NaN, "big": 9007199254740993, "best": {"loss": 0.5}, "_wandb": {"runtime": 1.0}}"#;

/// Adds a run whose texts are known to the byte.
fn run(server: &LocalServer, name: &str) -> String {
    let mut run = NewRun::new("local-team", "vision", name);
    CONFIG.clone_into(&mut run.config);
    run.summary = Some(SUMMARY.to_owned());
    run.tags = vec!["draft".to_owned()];
    server.store().add_run(run);
    format!("local-team/vision/{name}")
}

async fn document(api: &Api, path: &str) -> RunDocument {
    let path = api.run_path(path).await.expect("a path");
    api.client().call(ops::GetRunDocument::new(path)).await.expect("a run").answer
}

#[test]
fn update_changes_only_the_requested_fields() {
    let server = server();
    on_both(&server, async |api| {
        let path = run(&server, "changed");
        let histogram = Histogram::with_bins(&[1.0, 2.0, 2.0], 2).expect("a histogram");
        let update = api.update(&path).await.expect("a path");
        let updated = update
            .summary("loss", 0.25)
            .summary(["best", "acc"], 1.0)
            .summary("errors", histogram)
            .remove_summary("big")
            .config(["net", "depth"], 4)
            .config("seed", i64::MAX)
            .name("ünïcode \u{1F600}")
            .notes("two\nlines")
            .group("g")
            .add_tag("checked")
            .remove_tag("draft")
            .save()
            .await
            .expect("a change");
        assert_eq!((updated.changes.len(), updated.reverted, updated.overruled.len()), (11, 0, 0));
        let found = document(&api, &path).await;
        assert_eq!(
            found.summary,
            concat!(
                r#"{"loss": 0.25, "best": {"loss": 0.5, "acc": 1.0}, "_wandb": {"runtime": 1.0}, "errors": "#,
                r#"{"_type":"histogram","values":[1,2],"bins":[1.0,1.5,2.0]}}"#,
            )
        );
        assert_eq!(
            found.config,
            concat!(
                r#"{"lr": {"value": 1e-3, "desc": "rate"}, "_wandb": {"value": {"t": [1,2]}}, "net": {"value": {"depth": 4}}, "#,
                r#""seed": {"value":9223372036854775807,"desc":null}}"#,
            )
        );
        assert_eq!(
            (found.name.as_deref(), found.notes.as_deref()),
            (Some("ünïcode \u{1F600}"), Some("two\nlines"))
        );
        assert_eq!((found.group.as_deref(), found.tags), (Some("g"), Some(vec!["checked".to_owned()])));
    });
}

#[test]
fn unchanged_values_are_not_written() {
    let server = server();
    on_both(&server, async |api| {
        let path = run(&server, "same");
        server.store().clear_requests();
        let update = api.update(&path).await.expect("a path").summary("big", 9_007_199_254_740_993_i64);
        assert!(update.clone().add_tag("draft").save().await.expect("no change").changes.is_empty());
        let preview = update.summary("loss", 1).preview().await.expect("a preview");
        assert_eq!(preview.len(), 1);
        assert!(preview[0].old.as_ref().is_some_and(Value::is_non_finite));
        let operations: Vec<_> =
            server.store().requests().into_iter().filter_map(|request| request.operation).collect();
        assert_eq!(operations, ["RunDocument", "RunDocument"]);
        assert_eq!(document(&api, &path).await.summary, SUMMARY);
    });
}

#[test]
fn write_with_a_lost_response_is_not_repeated() {
    let server = server();
    on_both(&server, async |api| {
        let path = run(&server, "lost");
        server.store().clear_requests();
        let faults = vec![Fault::next(1, FaultKind::CutBody).on("UpsertBucket")];
        server.store().set_faults(Faults { faults, ..Faults::default() });
        let update = api.update(&path).await.expect("a path").summary("loss", 1);
        let updated = update.save().await.expect("a change");
        assert_eq!((updated.changes.len(), updated.reverted), (1, 0));
        let operations: Vec<_> =
            server.store().requests().into_iter().filter_map(|request| request.operation).collect();
        assert_eq!(operations, ["RunDocument", "UpsertBucket", "RunDocument"]);
    });
}

#[test]
fn failed_write_is_retried_on_the_current_state() {
    let server = server();
    for kind in [FaultKind::Status(503), FaultKind::Reset] {
        on_both(&server, async |api| {
            let path = run(&server, "failed");
            let faults = vec![Fault::next(2, kind.clone()).on("UpsertBucket")];
            server.store().set_faults(Faults { faults, ..Faults::default() });
            let update = api.update(&path).await.expect("a path").config("lr", 2);
            let updated = update.save().await.expect("a change");
            assert_eq!((updated.changes.len(), updated.reverted), (1, 0), "no change was undone");
            assert!(document(&api, &path).await.config.contains(r#""lr": {"value": 2, "desc": "rate"}"#));
        });
    }
}

#[test]
fn unconfirmed_write_is_an_error() {
    let server = server();
    let path = run(&server, "unconfirmed");
    let faults = vec![Fault::chance(1.0, FaultKind::Status(500)).on("UpsertBucket")];
    server.store().set_faults(Faults { faults, ..Faults::default() });
    let error = blocking(&server).update(&path).expect("a path").summary("loss", 1).save().unwrap_err();
    assert!(matches!(error, Error::Unconfirmed { .. }), "{error}");
    let text = error.to_string();
    assert!(text.starts_with("local-team/vision/unconfirmed may or may not have been changed ("), "{text}");
}

#[test]
fn read_only_key_is_rejected_before_writing() {
    let mut options = Options::default();
    let guest = "guest0123456789abcdef0123456789abcdef0123";
    options.users.push(User { read_only: true, ..User::new("guest", guest) });
    let server = LocalServer::start(options).expect("a free port");
    let path = run(&server, "fixed");
    let api = settings(&server)
        .api_key(ApiKey::parse(guest).expect("a key"))
        .connect_blocking()
        .expect("a connection");
    let change = || api.update(&path).expect("a path").summary("loss", 1);
    let error = change().save().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().contains("read-only"), "{error}");
    assert!(
        !server.store().requests().iter().any(|request| request.operation.as_deref() == Some("UpsertBucket"))
    );
    server.store().set_missing_fields(&[("Run", "readOnly")]).expect("a field");
    let error = change().save().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "the server denies it: {error}");
}

#[test]
fn invalid_changes_are_rejected() {
    let server = server();
    asynchronous(&server, async |api| {
        let path = run(&server, "odd");
        let update = || async { api.update(&path).await.expect("a path") };
        let internal = update().await.config("_wandb", json!({ "a": 1 })).save().await.unwrap_err();
        assert_eq!(internal.kind(), ErrorKind::Usage);
        let inside = update().await.summary(["big", "x"], 1).save().await.unwrap_err();
        assert_eq!(
            inside.with_causes(),
            "changing local-team/vision/odd: summary: big.x cannot be changed, because big is 9007199254740993, not an object"
        );
        let missing =
            api.update("local-team/vision/none").await.expect("a path").name("n").save().await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        let found = document(&api, &path).await;
        assert_eq!((found.summary.as_str(), found.config.as_str()), (SUMMARY, CONFIG));
    });
}

#[test]
fn update_reports_a_running_run() {
    let server = server();
    team(&server);
    let path = run(&server, "running");
    server.store().set_run_state(&path, RunState::Running).expect("a run");
    let updated = blocking(&server).run(&path).expect("a run").update().name("n").save().expect("a change");
    assert!(updated.is_running);
}
