//! Sweeps and comparisons in both forms.

use serde_json::json;
use wandb_export::model::{Goal, SweepMetric};
use wandb_export::{Api, ComparedSection, ErrorKind, Value};
use wandb_local_server::{NewRun, NewSweep};

use crate::support::{RUN, SWEEP, asynchronous, blocking, on_both, server, sweep, team};

fn ids(runs: &[wandb_export::Run]) -> Vec<&str> {
    runs.iter().map(|run| run.id.as_str()).collect()
}

#[test]
fn sweep_has_the_fields_of_the_server() {
    let server = server();
    sweep(&server);
    on_both(&server, async |api| {
        let sweep = api.sweep(SWEEP).await.expect("a sweep");
        assert_eq!(sweep.path().to_string(), SWEEP);
        assert_eq!(sweep.url(), format!("{}/local-team/vision/sweeps/sw33p", server.base_url()));
        assert_eq!((sweep.id.as_str(), sweep.name.as_deref()), ("sw33p", Some("learning rates")));
        assert_eq!((sweep.method.as_deref(), sweep.state.as_deref()), (Some("grid"), Some("FINISHED")));
        assert_eq!((sweep.run_count, sweep.run_count_expected), (Some(7), Some(9)));
        assert_eq!(sweep.metric(), Some(SweepMetric::new("val.acc", Goal::Maximize)));
        let settings = sweep.settings().expect("YAML");
        assert_eq!(settings.get("method").and_then(Value::as_str), Some("grid"));
        for form in ["/local-team/vision/sweeps/sw33p", "local-team/vision:sw33p", &sweep.url()] {
            assert_eq!(api.sweep_path(form).await.expect("a path"), *sweep.path(), "{form}");
        }
    });
}

#[test]
fn filter_keeps_only_runs_of_the_sweep() {
    let server = server();
    sweep(&server);
    on_both(&server, async |api| {
        let sweep = api.sweep(SWEEP).await.expect("a sweep");
        let all = sweep.runs().collect().await.expect("runs");
        assert_eq!(ids(&all), ["r0", "r1", "r2", "r3", "r4", "r5", "r6"]);
        let late = sweep.runs().filter(r#"{"config.n.value": {"$gte": 5}}"#).expect("a filter");
        assert_eq!(ids(&late.collect().await.expect("runs")), ["r5", "r6"]);
    });
}

#[test]
fn runs_without_a_number_rank_last() {
    let server = server();
    sweep(&server);
    on_both(&server, async |api| {
        let sweep = api.sweep(SWEEP).await.expect("a sweep");
        assert_eq!(sweep.best_run().await.expect("an answer").expect("a run").id, "r1");
        let ranked = sweep.ranked("val.acc", Goal::Maximize).await.expect("runs");
        assert_eq!(ids(&ranked), ["r1", "r2", "r3", "r0", "r4", "r5", "r6"]);
        let ranked = sweep.ranked("loss", Goal::Minimize).await.expect("runs");
        assert_eq!(ids(&ranked), ["r3", "r4", "r2", "r0", "r1", "r5", "r6"]);
        assert!(sweep.best_run_by("lost", Goal::Minimize).await.expect("an answer").is_none());
    });
}

#[test]
fn both_forms_agree_on_sweeps_and_comparisons() {
    let server = server();
    sweep(&server);
    let expected = asynchronous(&server, async |api: Api| {
        let sweep = api.sweep(SWEEP).await.expect("a sweep");
        let ranked = sweep.ranked("loss", Goal::Maximize).await.expect("runs");
        let best = sweep.best_run_by("loss", Goal::Maximize).await.expect("an answer").expect("a run");
        assert_eq!(best.id, ranked[0].id);
        let comparison = api.compare(["local-team/vision/r0", "local-team/vision/r1"]).await;
        (ids(&ranked).join(" "), comparison.expect("a comparison"))
    });
    let api = blocking(&server);
    let sweep = api.sweep(SWEEP).expect("a sweep");
    let ranked: Vec<_> = sweep.ranked("loss", Goal::Maximize).expect("runs");
    let ranked: Vec<_> = ranked.iter().map(|run| run.id.as_str()).collect();
    let comparison = api.compare(["local-team/vision/r0", "local-team/vision/r1"]).expect("a comparison");
    assert_eq!((ranked.join(" "), comparison), expected);
    assert_eq!(sweep.best_run().expect("an answer").expect("a run").id, "r1");
    assert_eq!(sweep.runs().iter().count(), 7);
    assert_eq!(api.sweep_path(SWEEP).expect("a path"), *sweep.path());
}

#[test]
fn sweep_without_metric_needs_one() {
    let server = server();
    for (id, config) in [("none", "method: random\n"), ("broken", "metric: [")] {
        let config = config.to_owned();
        server.store().add_sweep(NewSweep { config, ..NewSweep::new("e", "p", id) });
    }
    on_both(&server, async |api| {
        for (id, reason) in [("none", "names no metric"), ("broken", "not valid YAML")] {
            let sweep = api.sweep(&format!("e/p/{id}")).await.expect("a sweep");
            let error = sweep.best_run().await.expect_err("no metric");
            assert_eq!(error.kind(), ErrorKind::Usage);
            assert!(error.to_string().contains(reason), "{error}");
            assert!(sweep.objective(Some("loss"), None).is_err(), "the goal is not known");
            let objective = sweep.objective(Some("loss"), Some(Goal::Minimize)).expect("both are named");
            assert_eq!(objective, SweepMetric::new("loss", Goal::Minimize));
        }
    });
}

#[test]
fn old_server_has_fewer_sweep_fields() {
    let server = server();
    sweep(&server);
    let missing =
        ["displayName", "method", "description", "createdAt", "updatedAt", "runCount", "runCountExpected"];
    let missing = missing.map(|field| ("Sweep", field));
    server.store().set_missing_fields(&missing).expect("fields of the schema");
    on_both(&server, async |api| {
        let sweep = api.sweep(SWEEP).await.expect("a sweep");
        assert_eq!((sweep.run_count, sweep.name.as_deref(), sweep.issues().len()), (None, None, 7));
        assert_eq!(sweep.best_run().await.expect("an answer").expect("a run").id, "r1");
    });
}

#[test]
fn comparison_keeps_the_requested_order() {
    let server = server();
    team(&server);
    on_both(&server, async |api| {
        let compared = api.compare(["local-team/vision/zzz999", "local-team/vision:abd124", RUN]).await;
        let compared = compared.expect("a comparison");
        assert_eq!(compared.columns(), ["red-tide-3", "dark-moon-2", "bright-sun-1"]);
        let keys: Vec<_> = compared.entries().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["lr", "optimizer.betas", "optimizer.name"]);
        let lr = compared.entries().next().expect("an entry");
        let values = [0.5, 0.01, 0.1].map(|lr| Some(Value::Float(lr)));
        assert_eq!(
            (lr.section, lr.values.as_slice(), lr.differs()),
            (ComparedSection::Config, &values[..], true)
        );
        assert_eq!(compared.issues().len(), 0);
    });
}

#[test]
fn comparison_needs_two_different_existing_runs() {
    let server = server();
    team(&server);
    on_both(&server, async |api| {
        let kind = async |paths: &[&str]| api.compare(paths).await.expect_err("no comparison").kind();
        assert_eq!(kind(&[]).await, ErrorKind::Usage);
        assert_eq!(kind(&[RUN]).await, ErrorKind::Usage);
        assert_eq!(kind(&[RUN, "local-team/vision:abc123"]).await, ErrorKind::Usage);
        assert_eq!(kind(&[RUN, "local-team/vision/nothing"]).await, ErrorKind::NotFound);
    });
}

#[test]
fn many_runs_are_compared() {
    let server = server();
    let paths: Vec<_> = (0..40).map(|n| format!("e/many/run{n:02}")).collect();
    for n in 0..40 {
        server
            .store()
            .add_run(NewRun::new("e", "many", &format!("run{n:02}")).config(&json!({ "n": n / 39 })));
    }
    on_both(&server, async |api| {
        let compared = api.compare(&paths).await.expect("a comparison").differing();
        let values: Vec<_> = compared.entries().flat_map(|entry| entry.values.clone()).collect();
        assert_eq!((values.len(), &values[38], &values[39]), (40, &Some(0i64.into()), &Some(1i64.into())));
    });
}
