//! `projects`: lists the projects of a user or team.

use clap::Args;
use futures_util::TryStreamExt;
use wandb_core::model::Project;
use wandb_core::{Row, Value};

use super::exit::{Failure, Outcome};
use super::output::Destination;
use super::session::Session;
use crate::api::write_rows;

/// List the projects of a user or team
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  wandb-export projects my-team -f jsonl")]
pub(super) struct Options {
    /// The user or team [default: WANDB_ENTITY, the settings files, or your own entity]
    entity: Option<String>,

    #[command(flatten)]
    destination: Destination,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let progress = session.start_progress();
    let sink = progress.count_rows(options.destination.open_sink()?);
    let entity = match &options.entity {
        Some(entity) => entity.clone(),
        None => session.api.default_entity().await?,
    };
    let reader = session.api.open_projects(&entity);
    let issues = reader.issues_handle();
    let report = write_rows(reader.into_stream().map_ok(|project| vec![project_row(project)]), sink).await?;
    drop(progress);
    session.print_notes(&report, options.destination.format()?);
    Ok(Session::report_issues(&issues.to_vec()))
}

fn project_row(project: Project) -> Row {
    let created = project.created_at.map(|at| Value::String(at.to_string()));
    [
        ("entity", Some(Value::String(project.entity))),
        ("name", Some(Value::String(project.name))),
        ("created_at", created),
        ("id", Some(Value::String(project.id))),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}
