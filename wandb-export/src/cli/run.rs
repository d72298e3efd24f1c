//! `run`: one run.

use clap::Args;

use super::exit::{Failure, Outcome};
use super::output::Destination;
use super::record;
use super::session::Session;
use super::suggest;
use crate::api::RunColumns;

/// Show one run: state, config, summary, tags
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  wandb-export run my-team/my-project/abc123 -f jsonl")]
pub(super) struct Options {
    /// The run: entity/project/run, or its page's address
    path: String,

    #[command(flatten)]
    destination: Destination,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let path = session.api.run_path(&options.path).await?;
    let run = match session.api.run(&path.to_string()).await {
        Ok(run) => run,
        Err(error) => return Err(suggest::run(session, &path, error).await),
    };
    record::write(session, RunColumns::All.row(&run), &options.destination)?;
    Ok(Session::outcome(run.lacks().iter().map(|field| format!("the server does not have {field}"))))
}
