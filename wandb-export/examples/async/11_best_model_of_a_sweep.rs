//! Finds the best run of a sweep and downloads its model.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use wandb_export::Api;
use wandb_export::files::ExistingFilePolicy;
use wandb_export::model::Goal;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/sw33p1d".to_owned());
    let api = Api::connect()?;

    let sweep = api.sweep(&path).await?;
    let best = sweep.best_run_by("val_acc", Goal::Maximize).await?.ok_or("no run has logged val_acc")?;
    let val_acc = best.summary.as_ref().and_then(|summary| summary.get("val_acc")?.as_f64());
    println!("{} has val_acc {val_acc:?}", best.path());
    let model = best.file("model-best.h5").await?.download_with(".", ExistingFilePolicy::Replace).await?;
    println!("its model is {}", model.path.display());

    Ok(())
}
