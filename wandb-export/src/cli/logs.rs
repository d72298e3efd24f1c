//! `logs`: what a run has printed.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use futures_util::TryStreamExt;
use futures_util::stream::StreamExt;

use super::exit::{Failure, Outcome};
use super::output::Destination;
use super::session::Session;
use crate::error::Error;

/// So many lines are written at once, at the most.
const LINES_AT_ONCE: usize = 1_000;

/// Print what a run has printed
///
/// Progress bars have their last state; colours are left in place.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export logs my-team/my-project/abc123
  wandb-export logs ./wandb/latest-run -o console.log")]
pub(super) struct Options {
    /// The run: entity/project/run, its page's address, or a place on disk: ./wandb/run-…, or a .wandb file
    pub(super) path: String,

    /// The file to write, or - for standard output
    #[arg(short, long, value_name = "FILE", default_value = "-", help_heading = "Output")]
    output: PathBuf,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let run = session.run(&options.path).await?;
    let mut output = Destination::file(options.output.clone()).output().map_err(Error::from)?;
    let mut lines = run
        .console()
        .ready_chunks(LINES_AT_ONCE)
        .map(|lines| lines.into_iter().collect::<Result<Vec<_>, _>>());
    while let Some(lines) = lines.try_next().await? {
        let mut text = lines.join("\n");
        text.push('\n');
        output.write_all(text.as_bytes()).map_err(|error| Error::from(output.error(error)))?;
    }
    output.commit().map_err(Error::from)?;
    Ok(Session::report(&run.console_issues().await?))
}
