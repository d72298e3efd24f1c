//! `sweep`: the runs of a sweep, or the best of them.

use clap::Args;
use wandb_core::model::{Goal, SweepMetric};
use wandb_core::operation::Field;

use super::exit::{Failure, Outcome};
use super::output::{Destination, say};
use super::record;
use super::session::Session;
use super::suggest;
use crate::api::Sweep;
use crate::error::Error;
use crate::issue::Issue;

/// List the runs of a sweep, or show the best one
///
/// Runs whose value of the metric is missing, NaN or no number are never the best; infinities are numbers. Of equal runs
/// the one that was created first is taken. What the sweep is and how far it got is said on stderr.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export sweep my-team/my-project/sw33p1d -o runs.csv
  wandb-export sweep my-team/my-project/sw33p1d --best
  wandb-export sweep my-team/my-project/sw33p1d --best val.acc --maximize -f jsonl
  wandb-export history $(wandb-export sweep my-team/my-project/sw33p1d --best --path) --all")]
pub(super) struct Options {
    /// The sweep: entity/project/sweep, its page's address, or a folder of runs with its id behind it: ./wandb/sw33p1d
    pub(super) path: String,

    /// The run with the best value of a metric [default: the metric and goal that the sweep is configured with]
    #[arg(long, value_name = "METRIC", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "clap: not given, given without and with a value")]
    best: Option<Option<String>>,

    /// With --best: the greatest value is the best
    #[arg(long, requires = "best", conflicts_with = "minimize")]
    maximize: bool,

    /// With --best: the smallest value is the best
    #[arg(long, requires = "best")]
    minimize: bool,

    /// Print entity/project/run of each run alone, a line each
    #[arg(long = "path", conflicts_with_all = ["format", "nested"])]
    only_paths: bool,

    #[command(flatten)]
    destination: Destination,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let sweep = match session.api.sweep(&options.path).await {
        Ok(sweep) => sweep,
        Err(error) => return Err(suggest::sweep(session, &options.path, error).await),
    };
    match &options.best {
        Some(metric) => best(session, options, &sweep, metric.as_deref()).await,
        None => all(session, options, &sweep).await,
    }
}

async fn all(session: &Session, options: &Options, sweep: &Sweep) -> Result<Outcome, Failure> {
    if options.only_paths {
        let (runs, issues) = sweep.runs().light().open().collect().await?;
        let paths: Vec<_> = runs.iter().flat_map(|run| [run.path().to_string(), "\n".to_owned()]).collect();
        options.destination.write_text(paths.concat().as_bytes())?;
        return Ok(Session::report(issues.iter().filter(|issue| is_of_list(issue))));
    }
    say(&facts(sweep));
    let progress = session.progress();
    let sink = progress.counted(options.destination.sink()?);
    let exported = sweep.runs().write(sink).await?;
    drop(progress);
    session.tell(&exported.report, options.destination.format()?);
    // What is missing of the sweep itself is not part of the data.
    Ok(Session::report(exported.issues.iter().filter(|issue| !is_of_sweep(issue))))
}

async fn best(
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
    let of_list = issues.iter().filter(|issue| is_of_list(issue));
    let Some(run) = Sweep::best_among(runs, &name, goal) else {
        Session::report(of_list);
        let needed = ["summaryMetrics", "config"].map(|name| Field::new("Run", name));
        let lacks = session.api.client().lacks().among(&needed);
        return Err(
            match lacks.iter().find(|field| name.starts_with("config.") == (field.name() == "config")) {
                Some(field) => Error::Unsupported {
                    what: format!("no run of sweep {} can be the best by {name}", sweep.path()),
                    lacking: field.to_string(),
                },
                None => Error::NoBestRun { sweep: sweep.path().to_string(), metric: name },
            }
            .into(),
        );
    };
    if options.only_paths {
        options.destination.write_text(format!("{}\n", run.path()).as_bytes())?;
    } else {
        say(&format!(
            "{}; this is the run with the {} {name}",
            facts(sweep),
            match goal {
                Goal::Minimize => "smallest",
                Goal::Maximize => "greatest",
            }
        ));
        record::write_run(session, &run, false, &options.destination)?;
    }
    let of_run = run.issues().iter().filter(|issue| !is_of_sweep(issue));
    Ok(Session::report(of_list.chain(of_run)))
}

/// Whether an issue is that runs are missing from the list, or were found late.
fn is_of_list(issue: &Issue) -> bool {
    matches!(
        issue,
        Issue::RunsMissing { .. }
            | Issue::RunsFoundLate { .. }
            | Issue::NullEntries { .. }
            | Issue::Unreadable { .. }
    )
}

fn is_of_sweep(issue: &Issue) -> bool {
    matches!(issue, Issue::UnsupportedField { field, .. } if field.on_type() == "Sweep")
}

/// What the server says of the sweep itself, in a line.
fn facts(sweep: &Sweep) -> String {
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
