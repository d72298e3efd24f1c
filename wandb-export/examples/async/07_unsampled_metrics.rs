//! Reads every logged row of a metric, either as a stream or all at once.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use futures::TryStreamExt;
use wandb_export::Api;

#[derive(serde::Deserialize)]
struct Row {
    #[serde(rename = "Loss")]
    loss: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/abc123".to_owned());
    let api = Api::connect()?;

    let run = api.run(&path).await?;
    let mut losses = Vec::new();
    let mut rows = run.scan_history().keys(["Loss"]).stream();
    while let Some(row) = rows.try_next().await? {
        losses.push(row.deserialize::<Row>()?.loss);
    }
    println!("{} losses, the last is {:?}", losses.len(), losses.last());

    let rows: Vec<Row> = run.scan_history().keys(["Loss"]).rows_as().await?;
    let diverged = rows.iter().filter(|row| row.loss.is_nan()).count();
    println!("{} losses, {diverged} of them NaN", rows.len());
    Ok(())
}
