//! Lists the runs of a sweep.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use futures::TryStreamExt;
use wandb_export::Api;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/sw33p1d".to_owned());
    let api = Api::connect()?;

    let sweep = api.sweep(&path).await?;
    println!("{}: {:?} runs", sweep.name.as_deref().unwrap_or(&sweep.id), sweep.run_count);
    let mut runs = sweep.runs().stream();
    while let Some(run) = runs.try_next().await? {
        println!("{} {:?}", run.path(), run.state);
    }

    Ok(())
}
