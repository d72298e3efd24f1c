//! `runs`: lists the runs of a project with config and summary.

use clap::Args;
use wandb_core::ProjectPage;

use super::exit::{Failure, Outcome};
use super::hints;
use super::output::{Destination, say};
use super::session::Session;
use crate::RunColumns;
use crate::api::Runs;

/// List the runs of a project with their config and summary
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export runs my-team/my-project
  wandb-export runs my-team/my-project --order -summary_metrics.acc --limit 10
  wandb-export runs my-team/my-project --filter '{\"config.lr.value\": {\"$gt\": 0.01}}' -f jsonl")]
pub(super) struct Options {
    /// The project: entity/project, the URL of a project, group or sweep, or a local folder of runs such as ./wandb
    pub(super) path: String,

    #[command(flatten)]
    selection: Selection,

    /// Leave out config, summary and system metrics
    #[arg(long)]
    light: bool,

    #[command(flatten)]
    destination: Destination,
}

/// Filter, order and limit of the runs of a project.
#[derive(Debug, Clone, Args)]
pub(super) struct Selection {
    /// Only runs that match a MongoDB-style filter, such as {"state": "finished"}
    #[arg(long, value_name = "JSON")]
    filter: Option<String>,

    /// Sort by a field: +FIELD in ascending order, -FIELD in descending order
    #[arg(long, value_name = "FIELD", default_value = "+created_at", allow_hyphen_values = true)]
    order: String,

    /// Maximum number of runs
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    write(session, &options.path, &options.selection, options.light, RunColumns::All, &options.destination)
        .await
}

/// Describes the runs that a URL stands for.
fn describe(page: &ProjectPage) -> String {
    match page {
        ProjectPage::Group(group) => format!("listing the runs of group {group}"),
        ProjectPage::Sweep(sweep) => format!("listing the runs of sweep {sweep}"),
        ProjectPage::Run(run) => {
            format!("listing only run {run}; to list all runs, use the path of the project")
        }
        _ => "listing all runs of the project; the filters of a saved workspace are not applied".to_owned(),
    }
}

/// Writes one row per run.
pub(super) async fn write(
    session: &Session,
    path: &str,
    selection: &Selection,
    light: bool,
    columns: RunColumns,
    destination: &Destination,
) -> Result<Outcome, Failure> {
    let progress = session.start_progress();
    let sink = progress.count_rows(destination.open_sink_with_columns(Runs::MAX_COLUMNS)?);
    let mut runs = session.api.runs(path).await?.order(&selection.order)?.columns(columns);
    if let Some(page) = runs.page() {
        say(&format!("note: {}", describe(page)));
    }
    if let Some(filter) = &selection.filter {
        runs = runs.filter(filter)?;
    }
    if light {
        runs = runs.light();
    }
    if let Some(limit) = selection.limit {
        runs = runs.limit(limit);
    }
    let project = runs.path().clone();
    let exported = match runs.write(sink).await {
        Ok(exported) => exported,
        Err(error) => return Err(hints::add_project_hint(session, &project, error).await),
    };
    drop(progress);
    session.print_notes(&exported, destination.format()?);
    Ok(Session::report_issues(&exported.issues))
}
