//! Runs on disk in both forms of the library, without a server.

use wandb_core::blocking::block_on;
use wandb_export::{Api, ErrorKind, blocking};

/// A run that SDK 0.31 has written.
fn place(run: &str) -> String {
    format!("{}/../xtask/fixtures/offline/0.31.0/{run}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn steps_that_are_none_are_refused() {
    let scalars = place("offline-run-20261124_154034-scalars");
    let history = block_on(Api::offline().history(&scalars)).expect("a run");
    let error = block_on(history.all().min_step(5).max_step(5).rows()).expect_err("no step is asked for");
    assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    let history = blocking::Api::offline().history(&scalars).expect("a run");
    let error = history.all().min_step(5).max_step(3).rows().expect_err("no step is asked for");
    assert!(error.to_string().contains("empty range of steps: the maximum (3) must be"), "{error}");
}

#[test]
fn a_run_knows_its_alerts_artifacts_and_fork() {
    let api = blocking::Api::offline();
    let scalars = api.run(&place("offline-run-20261124_154034-scalars")).expect("a run");
    assert_eq!(scalars.alerts()[0].title, "An alert");
    assert_eq!((&*scalars.artifacts()[0].name, scalars.branch()), ("small", None));
    let forked = api.run(&place("offline-run-20261124_155307-forked")).expect("a run");
    let branch = forked.branch().expect("it goes on from another");
    assert_eq!((&*branch.run, &*branch.metric, branch.value), ("resumed", "_step", 3.0));
    assert!(forked.alerts().is_empty() && forked.artifacts().is_empty());
}
