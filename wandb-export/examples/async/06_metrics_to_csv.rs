//! Writes the metrics of a run to a CSV file, which appears only once it is complete.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use wandb_export::Api;
use wandb_export::sink::{Format, Output, SinkOptions};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/abc123".to_owned());
    let api = Api::connect()?;

    let csv = Format::Csv.sink(Output::file("metrics.csv")?, &SinkOptions::default())?;
    let report = api.run(&path).await?.history().write(csv).await?;
    println!("{} rows", report.rows);
    println!("complete: {}", report.is_complete());
    Ok(())
}
