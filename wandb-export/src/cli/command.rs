//! `command`: the command line that started a run.

use clap::Args;
use wandb_core::{Row, Value};
use wandb_tables::Format;

use super::exit::{Failure, Outcome};
use super::output::Destination;
use super::record;
use super::session::Session;
use crate::error::Error;

/// Print the command line that started a run, ready to paste into a shell
///
/// The command line comes from the run's file wandb-metadata.json. In all formats except table, it is one row that
/// also has the separate arguments and the rest of that file.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export command my-team/my-project/abc123
  wandb-export command my-team/my-project/abc123 -f jsonl")]
pub(super) struct Options {
    /// The run: entity/project/run, its URL, or a local path such as ./wandb/run-… or a .wandb file
    pub(super) path: String,

    #[command(flatten)]
    destination: Destination,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let format = options.destination.format()?;
    let run = session.run(&options.path).await?;
    let no_command = || Error::NoCommand { run: run.path().to_string() };
    let metadata = run.metadata().await?.ok_or_else(no_command)?;
    let command = crate::RunCommand::from_metadata(&metadata).ok_or_else(no_command)?;
    if format == Format::Table {
        options.destination.write_text(format!("{command}\n").as_bytes())?;
        return Ok(Outcome::Done);
    }
    let words = command.argv().into_iter().map(Value::String).collect();
    let own =
        [("command".to_owned(), Value::String(command.to_string())), ("argv".to_owned(), Value::List(words))];
    let record: Row = own.into_iter().chain(metadata).collect();
    Ok(record::write(session, record, &options.destination)?)
}
