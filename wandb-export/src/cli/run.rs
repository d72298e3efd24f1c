//! `run`: shows one run.

use clap::Args;

use super::exit::{Failure, Outcome};
use super::output::Destination;
use super::record;
use super::session::Session;

/// Show one run: state, config, summary, tags
///
/// The branch of a forked run names the run and step that it continues from. Local runs also show their alerts, and the
/// artifacts that they created and used.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export run my-team/my-project/abc123 -f jsonl
  wandb-export run https://wandb.ai/my-team/my-project/runs/abc123 --path
  wandb-export run my-team/my-project/abc123 --raw -f jsonl")]
pub(super) struct Options {
    /// The run: entity/project/run, its URL, or a local path such as ./wandb/run-… or a .wandb file
    pub(super) path: String,

    /// Print only entity/project/run, after checking that the run exists
    #[arg(long = "path", conflicts_with_all = ["format", "nested"])]
    only_path: bool,

    /// Show the config as the server stores it: with W&B's own keys (_wandb), and with {value, desc} around each value
    #[arg(long, conflicts_with = "only_path")]
    raw: bool,

    #[command(flatten)]
    destination: Destination,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let run = session.run(&options.path).await?;
    if options.only_path {
        options.destination.write_text(format!("{}\n", run.path()).as_bytes())?;
        return Ok(Outcome::Done);
    }
    record::write_run(session, &run, options.raw, &options.destination)?;
    Ok(Session::report_issues(run.issues()))
}
