//! Downloads one file of a run into the current folder.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use wandb_export::Api;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/abc123".to_owned());
    let api = Api::connect()?;

    let file = api.run(&path).await?.file("model-best.h5").await?.download(".").await?;
    println!("{} has {} bytes", file.path.display(), std::fs::metadata(&file.path)?.len());

    Ok(())
}
