//! Sets many keys of a run's summary at once, including a nested one, and removes one.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use wandb_export::blocking::Api;
use wandb_export::{Map, Value};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/abc123".to_owned());
    let api = Api::connect()?;

    let mut entries = Map::new();
    entries.insert("key", "a value");
    entries.insert("final", Value::parse(br#"{"epoch": 12, "scores": [0.5, NaN]}"#)?);
    let run = api.run(&path)?;
    run.update().summary_entries(entries).summary(["best", "epoch"], 12).remove_summary("note").save()?;

    let run = api.run(&path)?;
    for (key, value) in run.summary.iter().flat_map(Map::iter) {
        println!("{key} = {}", value.to_json());
    }
    Ok(())
}
