//! `completions`: generates completion scripts for shells.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::args::Arguments;
use super::exit::{Failure, Outcome};
use super::output::Destination;

/// Generate shell completions
///
/// This needs neither an API key nor a server.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export completions bash > ~/.local/share/bash-completion/completions/wandb-export
  wandb-export completions fish > ~/.config/fish/completions/wandb-export.fish")]
pub(super) struct Options {
    /// The shell to generate completions for
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(options: &Options) -> Result<Outcome, Failure> {
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    let mut text = Vec::new();
    clap_complete::generate(options.shell, &mut command, name, &mut text);
    Destination::stdout().write_text(&text)?;
    Ok(Outcome::Done)
}
