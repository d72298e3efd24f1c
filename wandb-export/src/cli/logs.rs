//! `logs`: prints the console output of a run.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use wandb_core::text::printable_with_colours;

use super::exit::{Failure, Outcome};
use super::output::Destination;
use super::session::Session;
use crate::error::Error;

/// Print the console output of a run
///
/// Progress bars appear in their last state. Colours are kept; other control characters are escaped if the output is a
/// terminal. A server keeps about the last 100 000 lines of a run. Missing lines are reported on stderr; the run's file
/// output.log may have them.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export logs my-team/my-project/abc123
  wandb-export logs ./wandb/latest-run -o console.log")]
pub(super) struct Options {
    /// The run: entity/project/run, its URL, or a local path such as ./wandb/run-… or a .wandb file
    pub(super) path: String,

    /// File to write, or - for standard output
    #[arg(short, long, value_name = "FILE", default_value = "-", help_heading = "Output")]
    output: PathBuf,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let run = session.run(&options.path).await?;
    let mut output = Destination::file(options.output.clone()).open_output().map_err(Error::from)?;
    let mut console = run.console();
    let is_shown = options.output == Path::new("-") && std::io::stdout().is_terminal();
    while let Some(mut lines) = console.next_lines().await? {
        if is_shown {
            for line in &mut lines {
                *line = printable_with_colours(line).into_owned();
            }
        }
        let mut text = lines.join("\n");
        text.push('\n');
        output.write_all(text.as_bytes()).map_err(|error| Error::from(output.error(error)))?;
    }
    output.commit().map_err(Error::from)?;
    Ok(Session::report_issues(&console.issues()))
}
