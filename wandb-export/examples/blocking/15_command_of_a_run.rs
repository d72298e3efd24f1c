//! Shows the command line that started a run, as it can be pasted into a shell.

#![expect(clippy::print_stdout, reason = "it shows what it has found")]

use wandb_export::blocking::Api;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/abc123".to_owned());
    let api = Api::connect()?;

    match api.run(&path)?.command()? {
        Some(command) => println!("{command}"),
        None => println!("{path} does not tell"),
    }

    Ok(())
}
