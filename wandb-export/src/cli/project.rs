//! `project`: exports name, config and summary of every run as one table.

use clap::Args;

use super::exit::{Failure, Outcome};
use super::output::Destination;
use super::runs::{self, Selection};
use super::session::Session;
use crate::RunColumns;

/// Export name, config and summary of every run of a project
///
/// Config keys that begin with an underscore belong to W&B and are left out. For local runs, the columns id, project
/// and folder come first.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  wandb-export project my-team/my-project -o project.csv")]
pub(super) struct Options {
    /// The project: entity/project, its URL, or a local folder of runs such as ./wandb
    pub(super) path: String,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    destination: Destination,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let (path, selection) = (&options.path, &options.selection);
    runs::write(session, path, selection, false, RunColumns::Metrics, &options.destination).await
}
