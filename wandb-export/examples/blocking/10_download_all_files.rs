//! Downloads all files of a run into a folder, several at a time.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use wandb_export::blocking::Api;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/abc123".to_owned());
    let api = Api::connect()?;

    let downloads = api.run(&path)?.files().download("files")?;
    for file in &downloads.files {
        println!("{} -> {}: {}", file.name, file.path.display(), file.outcome);
    }
    for file in &downloads.failed {
        println!("{} is missing: {}", file.name, file.error);
    }

    Ok(())
}
