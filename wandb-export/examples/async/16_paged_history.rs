//! Reads the whole history of the columns in a first sample, in pages of 100 steps.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use std::collections::BTreeSet;

use futures::TryStreamExt;
use wandb_export::Api;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/abc123".to_owned());
    let api = Api::connect()?;

    let run = api.run(&path).await?;
    let samples = run.history().rows().await?;
    let columns: BTreeSet<_> = samples.iter().flat_map(wandb_export::Row::keys).collect();
    println!("{columns:?}");

    let every_row = run.scan_history().keys(columns).page_size(100);
    let mut rows = every_row.stream();
    while let Some(row) = rows.try_next().await? {
        print!("{}", row.to_json_line());
    }

    Ok(())
}
