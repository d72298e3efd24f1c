//! Prints the command line that started a run, ready to paste into a shell.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use wandb_export::Api;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/abc123".to_owned());
    let api = Api::connect()?;

    match api.run(&path).await?.command().await? {
        Some(command) => println!("{command}"),
        None => println!("{path} has no recorded command"),
    }

    Ok(())
}
