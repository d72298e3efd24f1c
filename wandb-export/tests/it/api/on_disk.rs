//! Local runs in both forms of the library, without a server.

use wandb_core::blocking::block_on;
use wandb_export::{Api, ErrorKind, blocking};

/// The path of a run written by SDK 0.31.
fn local_run(run: &str) -> String {
    format!("{}/../xtask/fixtures/offline/0.31.0/{run}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn empty_step_ranges_are_rejected() {
    let scalars = local_run("offline-run-20261124_154034-scalars");
    let history = block_on(Api::offline().scan_history(&scalars)).expect("a run");
    let error = block_on(history.min_step(5).max_step(5).rows()).expect_err("an empty range");
    assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    let history = blocking::Api::offline().scan_history(&scalars).expect("a run");
    let error = history.clone().max_step(0).rows().expect_err("an empty range");
    assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    let error = history.min_step(5).max_step(3).rows().expect_err("an empty range");
    assert!(error.to_string().contains("empty range of steps: the maximum (3) must be"), "{error}");
}

#[test]
fn local_run_has_alerts_artifacts_and_branch() {
    let api = blocking::Api::offline();
    let scalars = api.run(&local_run("offline-run-20261124_154034-scalars")).expect("a run");
    assert_eq!(scalars.alerts()[0].title, "An alert");
    assert_eq!((&*scalars.artifacts()[0].name, scalars.branch()), ("small", None));
    let forked = api.run(&local_run("offline-run-20261124_155307-forked")).expect("a run");
    let branch = forked.branch().expect("a branch");
    assert_eq!((&*branch.run, &*branch.metric, branch.value), ("resumed", "_step", 3.0));
    assert!(forked.alerts().is_empty() && forked.artifacts().is_empty());
}
