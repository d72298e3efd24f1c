//! `compare`: shows the configs of runs side by side.

use clap::Args;
use futures_util::stream;
use wandb_core::{Row, Value};
use wandb_tables::Format;

use super::exit::{Failure, Outcome};
use super::hints;
use super::output::{Destination, say};
use super::session::Session;
use crate::api::{Comparison, write_rows};
use crate::error::{Error, ErrorKind};

/// Show where the configs of runs differ
///
/// The output has one row per key and one column per run. Nested keys are joined by dots. The cell of a key that a run
/// lacks is empty, and differs from null. 1 and 1.0 are equal.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export compare my-team/my-project/abc123 my-team/my-project/def456
  wandb-export compare my-team/my-project/abc123 my-team/my-project/def456 --all --summary -f jsonl")]
pub(super) struct Options {
    /// Two or more runs: entity/project/run, their URLs, or local paths
    #[arg(value_name = "RUN", required = true, num_args = 2..)]
    pub(super) runs: Vec<String>,

    /// Show every key, not only those that differ
    #[arg(long)]
    all: bool,

    /// Compare the summaries too
    #[arg(long)]
    summary: bool,

    #[command(flatten)]
    destination: Destination,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let sink = options.destination.open_sink()?;
    let progress = session.start_progress();
    let mut comparison = match session.api.compare(&options.runs).await {
        Ok(comparison) => comparison,
        Err(error) => return Err(with_suggestions(session, &options.runs, error).await),
    };
    if options.summary {
        comparison = comparison.with_summary();
    }
    if !options.all {
        comparison = comparison.differing();
    }
    let rows = match options.destination.format()? {
        Format::Jsonl => comparison.rows(),
        Format::Table => rows_with_nulls(&comparison),
        _ => comparison.full_rows(),
    };
    let report = write_rows(stream::iter([Ok(rows)]), sink).await?;
    drop(progress);
    if report.rows == 0 {
        say(if options.all { "note: there is nothing to compare" } else { "note: the runs do not differ" });
    }
    session.print_notes(&report, options.destination.format()?);
    Ok(Session::report_issues(comparison.issues()))
}

/// Writes null as text, because a table shows null and missing values alike.
fn rows_with_nulls(comparison: &Comparison) -> Vec<Row> {
    comparison.rows_with(|value| match value {
        Some(Value::Null) => Some("null".into()),
        value => Some(value.unwrap_or_default()),
    })
}

/// Suggests similar runs if `error` says that one of `runs` does not exist.
async fn with_suggestions(session: &Session, runs: &[String], error: Error) -> Failure {
    if error.kind() == ErrorKind::NotFound {
        let message = error.with_causes();
        for run in runs {
            match session.api.run_path(run).await {
                Ok(path) if message.contains(&format!("run {path} ")) => {
                    return hints::add_run_hint(session, &path, error).await;
                }
                _ => {}
            }
        }
    }
    error.into()
}
