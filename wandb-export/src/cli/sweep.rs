//! `sweep`: lists the runs of a sweep, or shows the best one.

use clap::Args;
use wandb_core::model::{Goal, SweepMetric};
use wandb_core::operation::Field;

use super::exit::{Failure, Outcome};
use super::hints;
use super::output::{Destination, say};
use super::record;
use super::session::Session;
use crate::api::Sweep;
use crate::error::Error;
use crate::issue::Issue;

/// List the runs of a sweep, or show the best one
///
/// A run is never the best if its metric is missing, NaN or not a number; infinities count as numbers. Among equal
/// runs, the one created first is the best. The method, state and progress of the sweep are printed to stderr.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export sweep my-team/my-project/sw33p1d -o runs.csv
  wandb-export sweep my-team/my-project/sw33p1d --best
  wandb-export sweep my-team/my-project/sw33p1d --best val.acc --maximize -f jsonl
  wandb-export history $(wandb-export sweep my-team/my-project/sw33p1d --best --path) --all")]
pub(super) struct Options {
    /// The sweep: entity/project/sweep, its URL, or a local folder of runs followed by its id, such as ./wandb/sw33p1d
    pub(super) path: String,

    /// Show the run with the best value of a metric [default: the metric and goal in the sweep's configuration]
    #[arg(long, value_name = "METRIC", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "clap: not given, given without and with a value")]
    best: Option<Option<String>>,

    /// With --best: the greatest value is best
    #[arg(long, requires = "best", conflicts_with = "minimize")]
    maximize: bool,

    /// With --best: the smallest value is best
    #[arg(long, requires = "best")]
    minimize: bool,

    /// Print only entity/project/run of each run, one per line
    #[arg(long = "path", conflicts_with_all = ["format", "nested"])]
    only_paths: bool,

    #[command(flatten)]
    destination: Destination,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let sweep = match session.api.sweep(&options.path).await {
        Ok(sweep) => sweep,
        Err(error) => return Err(hints::add_sweep_hint(session, &options.path, error).await),
    };
    match &options.best {
        Some(metric) => write_best_run(session, options, &sweep, metric.as_deref()).await,
        None => write_all_runs(session, options, &sweep).await,
    }
}

async fn write_all_runs(session: &Session, options: &Options, sweep: &Sweep) -> Result<Outcome, Failure> {
    if options.only_paths {
        let (runs, issues) = sweep.runs().light().open().collect().await?;
        let paths: Vec<_> = runs.iter().flat_map(|run| [run.path().to_string(), "\n".to_owned()]).collect();
        options.destination.write_text(paths.concat().as_bytes())?;
        return Ok(Session::report_issues(issues.iter().filter(|issue| is_list_issue(issue))));
    }
    say(&describe(sweep));
    let progress = session.start_progress();
    let sink = progress.count_rows(options.destination.open_sink()?);
    let exported = sweep.runs().write(sink).await?;
    drop(progress);
    session.print_notes(&exported, options.destination.format()?);
    // Fields of the sweep itself are not part of the data.
    Ok(Session::report_issues(exported.issues.iter().filter(|issue| !is_sweep_issue(issue))))
}

async fn write_best_run(
    session: &Session,
    options: &Options,
    sweep: &Sweep,
    metric: Option<&str>,
) -> Result<Outcome, Failure> {
    let goal = match (options.minimize, options.maximize) {
        (true, _) => Some(Goal::Minimize),
        (_, true) => Some(Goal::Maximize),
        _ => None,
    };
    let SweepMetric { name, goal, .. } = sweep.objective(metric, goal)?;
    let (runs, issues) = sweep.runs().open().collect().await?;
    let list_issues = issues.iter().filter(|issue| is_list_issue(issue));
    let Some(run) = Sweep::find_best(runs, &name, goal) else {
        Session::report_issues(list_issues);
        let needed = ["summaryMetrics", "config"].map(|name| Field::new("Run", name));
        let unsupported = session.api.client().unsupported().among(&needed);
        return Err(match unsupported
            .iter()
            .find(|field| name.starts_with("config.") == (field.name() == "config"))
        {
            Some(field) => Error::Unsupported {
                what: format!("the runs of sweep {} cannot be ranked by {name}", sweep.path()),
                lacking: field.to_string(),
            },
            None => Error::NoBestRun { sweep: sweep.path().to_string(), metric: name },
        }
        .into());
    };
    if options.only_paths {
        options.destination.write_text(format!("{}\n", run.path()).as_bytes())?;
    } else {
        say(&format!(
            "{}; showing the run with the {} {name}",
            describe(sweep),
            match goal {
                Goal::Minimize => "smallest",
                Goal::Maximize => "greatest",
            }
        ));
        record::write_run(session, &run, false, &options.destination)?;
    }
    let run_issues = run.issues().iter().filter(|issue| !is_sweep_issue(issue));
    Ok(Session::report_issues(list_issues.chain(run_issues)))
}

/// Whether an issue says that runs are missing from the list, or were found late.
fn is_list_issue(issue: &Issue) -> bool {
    matches!(
        issue,
        Issue::RunsMissing { .. }
            | Issue::RunsFoundLate { .. }
            | Issue::NullEntries { .. }
            | Issue::Unreadable { .. }
    )
}

fn is_sweep_issue(issue: &Issue) -> bool {
    matches!(issue, Issue::UnsupportedField { field, .. } if field.on_type() == "Sweep")
}

/// Describes the sweep in one line.
fn describe(sweep: &Sweep) -> String {
    let mut facts = Vec::new();
    facts.extend(sweep.method.as_ref().map(|method| format!("{method} search")));
    facts.extend(sweep.state.as_ref().map(|state| state.to_lowercase()));
    facts.extend(sweep.metric().map(|SweepMetric { name, goal, .. }| format!("to {goal} {name}")));
    facts.extend(sweep.run_count.map(|count| match sweep.run_count_expected {
        Some(expected) => format!("{count} of {expected} runs"),
        None => format!("{count} runs"),
    }));
    let title = Some(sweep.title()).filter(|title| *title != sweep.id);
    let name = title.map(|title| format!(" ({title})")).unwrap_or_default();
    let facts = if facts.is_empty() { String::new() } else { format!(": {}", facts.join(", ")) };
    format!("sweep {}{name}{facts}", sweep.path())
}
