//! Seed data: artifacts of a project, linked into a registry.

use serde_json::json;
use wandb_local_server::{LocalServer, NewArtifact, NewRun};

/// The project of [`artifacts`].
pub(crate) const PROJECT: &str = "local-team/vision";

/// Adds two versions of a dataset and a model, which one run logged and another used.
pub(crate) fn artifacts(server: &LocalServer) {
    let store = server.store();
    for run in ["maker", "user"] {
        store.add_run(NewRun::new("local-team", "vision", run));
    }
    let data = || NewArtifact::new("local-team", "vision", "data", "dataset").run("maker");
    store
        .add_artifact(data().file("a.txt", "alpha").file("train/b.csv", "1,2\n").tag("raw"))
        .expect("a version");
    let second = data()
        .file("a.txt", "alpha")
        .file("copy/a.txt", "alpha")
        .file("train/b.csv", "1,2\n3,4\n")
        .alias("best")
        .metadata(&json!({ "rows": 2, "split": { "train": 0.9 } }));
    store.add_artifact(second).expect("a version");
    let model =
        NewArtifact::new("local-team", "vision", "resnet", "model").file("model.h5", vec![7; 100_000]);
    store.add_artifact(model.run("user")).expect("a version");
    store.use_artifact("local-team/vision/user", "local-team/vision/data:v1").expect("a run and a version");
}
