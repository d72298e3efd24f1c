//! `man`: the manual's pages.

use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::args::Arguments;
use super::exit::{Failure, Outcome};
use super::output::{Destination, say};
use crate::error::Error;

/// Write the manual: the main page, or a page a command
///
/// Needs neither a key nor a server.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export man | man -l -
  wandb-export man -o ~/.local/share/man/man1")]
pub(super) struct Options {
    /// The directory for wandb-export.1 and a page a command [default: the main page alone, on standard output]
    #[arg(short, long, value_name = "DIRECTORY")]
    output: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<Outcome, Failure> {
    let mut program = Arguments::command();
    program.build();
    match &options.output {
        None => Destination::stdout().write_text(&page(program)?)?,
        Some(directory) => {
            let making = |error| Error::io(format!("making the directory {}", directory.display()), error);
            std::fs::create_dir_all(directory).map_err(making)?;
            let pages = write(&program, "", directory)?;
            say(&format!("{pages} pages written to {}", directory.display()));
        }
    }
    Ok(Outcome::Done)
}

/// Writes the page of `command` and those of its subcommands; returns how many.
fn write(command: &Command, parents: &str, directory: &Path) -> Result<usize, Error> {
    let name = format!("{parents}{}", command.get_name());
    let page = page(command.clone().display_name(&name))?;
    Destination::file(directory.join(format!("{name}.1"))).write_text(&page)?;
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    below
        .map(|below| write(below, &format!("{name}-"), directory))
        .sum::<Result<usize, _>>()
        .map(|pages| pages + 1)
}

fn page(command: Command) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let writing = |error| Error::io(format!("writing the page of {name}"), error);
    Man::new(command).render(&mut text).map_err(writing)?;
    Ok(text)
}
