//! `command`: the command line that started a run.

use clap::Args;
use wandb_core::{Row, Value};
use wandb_tables::Format;

use super::exit::{Failure, Outcome};
use super::output::Destination;
use super::record;
use super::session::Session;
use crate::error::Error;

/// Print the command line that started a run, to be pasted into a shell
///
/// It comes from the run's file wandb-metadata.json. In any format but a table it is a row, with the words apart and the rest
/// of that file.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export command my-team/my-project/abc123
  wandb-export command my-team/my-project/abc123 -f jsonl")]
pub(super) struct Options {
    /// The run: entity/project/run, its page's address, or a place on disk: ./wandb/run-…, or a .wandb file
    pub(super) path: String,

    #[command(flatten)]
    destination: Destination,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let format = options.destination.format()?;
    let run = session.run(&options.path).await?;
    let untold = || Error::NoCommand { run: run.path().to_string() };
    let metadata = run.metadata().await?.ok_or_else(untold)?;
    let command = crate::RunCommand::from_metadata(&metadata).ok_or_else(untold)?;
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
