//! `man`: generates the manual pages.

use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::args::Arguments;
use super::exit::{Failure, Outcome};
use super::output::{Destination, say};
use crate::error::Error;

/// Generate manual pages: the main page, or one per command
///
/// This needs neither an API key nor a server.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export man | man -l -
  wandb-export man -o ~/.local/share/man/man1")]
pub(super) struct Options {
    /// Directory for wandb-export.1 and one page per command [default: only the main page, on standard output]
    #[arg(short, long, value_name = "DIRECTORY")]
    output: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<Outcome, Failure> {
    let mut program = Arguments::command();
    program.build();
    match &options.output {
        None => Destination::stdout().write_text(&render_page(program)?)?,
        Some(directory) => {
            let creating =
                |error| Error::io(format!("creating the directory {}", directory.display()), error);
            std::fs::create_dir_all(directory).map_err(creating)?;
            let pages = write_pages(&program, "", directory)?;
            say(&format!("{pages} pages written to {}", directory.display()));
        }
    }
    Ok(Outcome::Done)
}

/// Writes the pages of `command` and its subcommands, and returns their number.
fn write_pages(command: &Command, parents: &str, directory: &Path) -> Result<usize, Error> {
    let name = format!("{parents}{}", command.get_name());
    let page = render_page(command.clone().display_name(&name))?;
    Destination::file(directory.join(format!("{name}.1"))).write_text(&page)?;
    let subcommands = command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help");
    subcommands
        .map(|subcommand| write_pages(subcommand, &format!("{name}-"), directory))
        .sum::<Result<usize, _>>()
        .map(|pages| pages + 1)
}

fn render_page(command: Command) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let writing = |error| Error::io(format!("writing the page of {name}"), error);
    Man::new(command).render(&mut text).map_err(writing)?;
    Ok(text)
}
