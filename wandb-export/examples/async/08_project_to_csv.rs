//! Writes the name, config and summary of every run of a project to a CSV file.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use wandb_export::sink::{Format, Output, SinkOptions};
use wandb_export::{Api, RunColumns};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project".to_owned());
    let api = Api::connect()?;

    for run in api.runs(&path).await?.collect().await? {
        let settings = run.config.as_ref().map_or(0, |config| config.values().len());
        println!("{}: {settings} settings", run.name.as_deref().unwrap_or(&run.id));
    }

    let csv = Format::Csv.sink(Output::file("project.csv")?, &SinkOptions::default())?;
    let report = api.runs(&path).await?.columns(RunColumns::Metrics).write(csv).await?;
    println!("{} runs", report.rows);
    Ok(())
}
