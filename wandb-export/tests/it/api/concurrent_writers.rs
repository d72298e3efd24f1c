//! Concurrent writers of one run in virtual time. `WANDB_SIMULATION_SEED=N` replays one schedule.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use wandb_export::client::{Client, RetryPolicy};
use wandb_export::simulation::{Faults, Simulation};
use wandb_export::transport::Request;
use wandb_export::update::Change;
use wandb_export::{Api, Error, PathDefaults, UpdateReport};

const PATH: &str = "team/project/run";

/// The run on the simulated server.
#[derive(Debug, Clone)]
struct StoredRun {
    config: String,
    summary: String,
    tags: Vec<String>,
}

fn initial_run() -> StoredRun {
    StoredRun {
        config: r#"{"_wandb": {"value": {}}, "lr": {"value": 0.1}}"#.to_owned(),
        summary: r#"{"loss": NaN, "_wandb": {"runtime": 1}}"#.to_owned(),
        tags: vec!["a".to_owned()],
    }
}

fn answer(stored: &Mutex<StoredRun>, request: &Request) -> http::Response<Bytes> {
    let body: Json = serde_json::from_slice(request.body()).expect("JSON");
    let mut stored = stored.lock().expect("no panic");
    let data = if body["operationName"] == "UpsertBucket" {
        let variables = &body["variables"];
        let text = |name: &str| variables[name].as_str().map(str::to_owned);
        stored.config = text("config").unwrap_or_else(|| stored.config.clone());
        stored.summary = text("summary").unwrap_or_else(|| stored.summary.clone());
        if let Some(tags) = variables["tags"].as_array() {
            stored.tags = tags.iter().map(|tag| tag.as_str().expect("a tag").to_owned()).collect();
        }
        json!({ "upsertBucket": { "bucket": { "id": "UnVuOjE=" } } })
    } else {
        json!({ "project": { "run": {
            "id": "UnVuOjE=", "state": "finished", "displayName": "n", "config": stored.config, "summaryMetrics": stored.summary,
            "readOnly": false, "notes": null, "group": null, "tags": stored.tags,
        } } })
    };
    http::Response::new(Bytes::from(json!({ "data": data }).to_string()))
}

/// Runs three writers of different keys, which begin at about the same time.
fn write(seed: u64, faults: Faults) -> (Vec<Result<UpdateReport, Error>>, StoredRun) {
    let state = Arc::new(Mutex::new(initial_run()));
    let served = Arc::clone(&state);
    let simulation = Simulation::new(seed, faults, move |request| answer(&served, request));
    let writer = |number: u64| {
        let client = Client::builder(simulation.transport(), "https://wandb.test".parse().expect("a URL"));
        let policy = RetryPolicy::default().with_max_attempts(30).with_max_attempts_if_persistent(30);
        let api = Api::with_client(client.retry(policy).seed(seed ^ number).build(), PathDefaults::default());
        async move {
            api.client().sleep(Duration::from_millis((seed.wrapping_mul(number + 7)) % 150)).await;
            let update = api.update(PATH).await?;
            let name = format!("w{number}");
            update.summary(name.clone(), number).config(name.clone(), number).add_tag(name).save().await
        }
    };
    let outcomes = simulation.run(join_all((0..3).map(writer))).unwrap_or_else(|stuck| panic!("{stuck}"));
    let stored = state.lock().expect("no panic").clone();
    (outcomes, stored)
}

fn seeds(count: u64) -> Vec<u64> {
    match std::env::var("WANDB_SIMULATION_SEED") {
        Ok(seed) => vec![seed.parse().expect("a number")],
        Err(_) => (0..count).collect(),
    }
}

/// The sorted keys of a JSON object.
fn keys(text: &str) -> Vec<String> {
    let value = wandb_export::Value::parse(text.as_bytes()).expect("JSON");
    let mut keys: Vec<_> = value.as_map().expect("an object").keys().map(str::to_owned).collect();
    keys.sort();
    keys
}

#[test]
fn writers_of_different_keys_lose_no_change() {
    let mut undone = 0;
    for seed in seeds(500) {
        let mut faults = Faults::none();
        faults.latency = Duration::from_millis(40)..Duration::from_millis(120);
        let (outcomes, stored) = write(seed, faults);
        for outcome in outcomes {
            let updated = outcome.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert_eq!((updated.changes.len(), updated.overruled.len()), (3, 0), "seed {seed}");
            undone += updated.reverted;
        }
        assert_eq!(keys(&stored.summary), ["_wandb", "loss", "w0", "w1", "w2"], "seed {seed}");
        assert_eq!(keys(&stored.config), ["_wandb", "lr", "w0", "w1", "w2"], "seed {seed}");
        assert_eq!(stored.tags.len(), 4, "seed {seed}: {:?}", stored.tags);
        assert!(
            stored.summary.starts_with(r#"{"loss": NaN, "_wandb": {"runtime": 1}"#),
            "seed {seed}: {}",
            stored.summary
        );
    }
    assert!(
        std::env::var("WANDB_SIMULATION_SEED").is_ok() || undone > 100,
        "only {undone} writes were undone"
    );
}

#[test]
fn faults_leave_only_requested_changes() {
    let (mut saved, mut failed) = (0, 0);
    for seed in seeds(500) {
        let odd = Bytes::from_static(br#"{"data": null, "errors": [{"message": "internal error"}]}"#);
        let (outcomes, stored) = write(seed, Faults::each(0.05, vec![odd]));
        for outcome in &outcomes {
            match outcome {
                Ok(updated) => {
                    saved += 1;
                    assert!(updated.overruled.is_empty(), "seed {seed}: {:?}", updated.overruled);
                    assert!(updated.changes.iter().all(is_new), "seed {seed}");
                }
                Err(Error::Unconfirmed { .. } | Error::ChangeReverted { .. }) => failed += 1,
                Err(error) => panic!("seed {seed}: {error}"),
            }
        }
        for (text, own) in [(&stored.summary, "loss"), (&stored.config, "lr")] {
            let keys = keys(text);
            assert!(
                keys.iter().any(|key| key == own) && keys.iter().any(|key| key == "_wandb"),
                "seed {seed}: {text}"
            );
            assert!(
                keys.iter().all(|key| key == own || key == "_wandb" || key.starts_with('w')),
                "seed {seed}: {text}"
            );
        }
        assert!(stored.tags.iter().any(|tag| tag == "a"), "seed {seed}: {:?}", stored.tags);
    }
    assert!(saved > 20 * failed, "{saved} were saved, {failed} failed");
}

fn is_new(change: &Change) -> bool {
    change.old.is_none() && change.new.is_some()
}
