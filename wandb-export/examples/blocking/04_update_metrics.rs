//! Changes metrics in the summary of a finished run and adds a histogram.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use wandb_export::Value;
use wandb_export::blocking::Api;
use wandb_export::model::Histogram;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/abc123".to_owned());
    let api = Api::connect()?;

    let run = api.run(&path)?;
    let samples: Vec<f64> = (0..1000).map(|number| f64::from(number * number % 997)).collect();
    let update = run.update().summary("accuracy", 0.9).summary("samples", Histogram::from_values(&samples)?);
    let updated = update.save()?;
    println!("{} changes", updated.changes.len());

    let run = api.run(&path)?;
    let summary = run.summary.as_ref().ok_or("the server keeps no summaries")?;
    for key in ["accuracy", "samples"] {
        println!("{key} = {}", summary.get(key).map_or("missing".to_owned(), Value::to_json));
    }
    Ok(())
}
