//! Saving and loading recordings.

use std::path::Path;

use serde_json::{Value, json};
use wandb_local_server::{NewRun, NewSweep, Options};

use crate::client::Client;

const FIELDS: &str = "name displayName state config summaryMetrics tags createdAt history(samples: 99) events \
    logLineCount files { edges { node { name md5 updatedAt } } } sweepName projectId";

fn everything(client: &Client) -> Value {
    client.run("hard/name ..", FIELDS)
}

fn seed(client: &Client) {
    let mut run = NewRun::new("e", "p", "hard/name ..").config(&json!({"i": i64::MIN}));
    run.history =
        vec![r#"{"_step":0,"x":NaN,"line separator":"\u2028 "}"#.into(), r#"{"_step":9,"x":1e400}"#.into()];
    run.events = vec!["{}".into()];
    run.log = vec!["2026-01-01T00:00:00 hello".into()];
    run.sweep = Some("s".into());
    let store = client.server.store();
    store.add_run(run);
    store.add_sweep(NewSweep::new("e", "p", "s"));
    store.add_file("e/p/hard/name ..", "../../evil dir/ü.txt", "bytes").unwrap();
}

fn with_data(directory: &Path) -> Client {
    let mut options = Options::default();
    options.data_dir = Some(directory.to_owned());
    Client::with(options)
}

#[test]
fn data_directory_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let client = with_data(&data);
    seed(&client);
    let before = everything(&client);
    assert_eq!(before["files"]["edges"][0]["node"]["name"], "../../evil dir/ü.txt");
    client.server.stop().unwrap();
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is written elsewhere");

    let client = with_data(&data);
    assert_eq!(everything(&client), before);
    let query = "{ project(name: \"p\", entityName: \"e\") { sweep(sweepName: \"s\") { runCount } } }";
    assert_eq!(client.data(query, &Value::Null)["project"]["sweep"]["runCount"], 1);
}

#[test]
fn archive_round_trips_byte_for_byte() {
    let directory = tempfile::tempdir().unwrap();
    let (archive, again) = (directory.path().join("a.tar.zst"), directory.path().join("b.tar.zst"));
    let client = Client::start();
    seed(&client);
    client.server.store().pack(&archive).unwrap();
    let mut options = Options::default();
    options.fixtures = Some(archive.clone());
    let loaded = Client::with(options);
    assert_eq!(everything(&loaded), everything(&client));
    loaded.server.store().pack(&again).unwrap();
    assert_eq!(std::fs::read(&archive).unwrap(), std::fs::read(&again).unwrap());
}

#[test]
fn missing_recording_is_an_error() {
    let mut options = Options::default();
    options.fixtures = Some("no/such/recording.tar.zst".into());
    let error = wandb_local_server::LocalServer::start(options).unwrap_err().to_string();
    assert!(error.contains("no/such/recording.tar.zst"), "{error}");
}
