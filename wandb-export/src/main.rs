//! The program `wandb-export`.

use std::process::ExitCode;

fn main() -> ExitCode {
    wandb_export::cli::main()
}
