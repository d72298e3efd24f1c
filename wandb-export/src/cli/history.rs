//! `history`: exports the metrics of a run.

use clap::{Args, ValueEnum};
use wandb_core::RunPath;
use wandb_tables::Sink;

use super::exit::{Failure, Outcome};
use super::hints;
use super::output::{Destination, print, say};
use super::session::Session;
use crate::api::{self, WriteReport};
use crate::error::Error;

/// Export the metrics of a run: samples, or every row
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export history my-team/my-project/abc123 --all -o metrics.csv
  wandb-export history my-team/my-project/abc123 --keys loss,accuracy --samples 100
  wandb-export history my-team/my-project/abc123 --keys loss --x-axis epoch
  wandb-export history my-team/my-project/abc123 --all --limit 10
  wandb-export history my-team/my-project/abc123 --all --key 'precision, recall' -f jsonl
  wandb-export history my-team/my-project/abc123 --stream system -f jsonl
  wandb-export history my-team/my-project/a-fork --all --with-parent -f jsonl
  wandb-export history ./wandb/offline-run-20260101_120000-abc123 --all -o metrics.parquet
  wandb-export history ./wandb/latest-run --all --follow")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Options {
    /// The run: entity/project/run, its URL, or a local path such as ./wandb/run-… or a .wandb file
    pub(super) path: String,

    /// Only these keys, separated by commas, and only rows that have all of them
    #[arg(long, value_name = "KEY,…", value_delimiter = ',')]
    keys: Vec<String>,

    /// Add a key, which may contain commas; may be repeated
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,

    /// With --all and --keys or --key: include rows that have any of the keys
    #[arg(long, requires = "all")]
    any: bool,

    /// Maximum number of rows; the server samples them from the whole history
    #[arg(long, value_name = "N", default_value_t = 500, conflicts_with = "all")]
    samples: u64,

    /// With --keys or --key: sample along this key instead of _step
    #[arg(long, value_name = "KEY", conflicts_with_all = ["all", "stream"])]
    x_axis: Option<String>,

    /// Only the first N rows; with --all, only the pages that hold them are requested
    #[arg(long, value_name = "N", conflicts_with = "follow", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,

    /// Write every row instead of samples
    #[arg(long)]
    all: bool,

    /// Metrics that the run logged (default), or that were measured on its machine (system)
    #[arg(long, value_enum, default_value_t = Stream::Default)]
    stream: Stream,

    /// With --all: begin with this step
    #[arg(long, value_name = "N", requires = "all")]
    min_step: Option<i64>,

    /// With --all: stop before this step
    #[arg(long, value_name = "N", requires = "all")]
    max_step: Option<i64>,

    /// With --all: include the rows of the runs that this one was forked from, up to the step of each fork
    #[arg(long, requires = "all", conflicts_with = "follow")]
    with_parent: bool,

    /// With --all: maximum number of steps per request [default: adapted to the speed of the server]
    #[arg(long, value_name = "N", requires = "all", value_parser = clap::value_parser!(u64).range(1..))]
    page_size: Option<u64>,

    /// With --all: read the rows exactly as logged (live), or from the Parquet files that the server has
    /// exported, which is faster for long runs (exported)
    #[arg(long, value_enum, default_value_t = HistorySource::Live)]
    source: HistorySource,

    /// With --all: keep writing new rows until the run ends or reaches --max-step, as JSON Lines on standard output
    #[arg(long, requires = "all", conflicts_with_all = ["output", "format", "nested"])]
    follow: bool,

    #[command(flatten)]
    destination: Destination,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stream {
    Default,
    System,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum HistorySource {
    Live,
    Exported,
}

/// A request for one of the histories of a run.
enum Request {
    Samples(api::History),
    All(api::ScanHistory),
    System(api::SystemMetrics),
}

impl Request {
    async fn new(session: &Session, options: &Options) -> Result<Self, Error> {
        options.check()?;
        let (api, path) = (&session.api, &options.path);
        let keys = options.keys.iter().chain(&options.key);
        Ok(match (options.stream, options.all) {
            (Stream::Default, false) => {
                let mut history = api.history(path).await?.keys(keys).samples(options.samples);
                if let Some(key) = &options.x_axis {
                    history = history.x_axis(key);
                }
                Self::Samples(set_option(history, options.limit, api::History::limit))
            }
            (Stream::Default, true) => {
                let mut history = api.scan_history(path).await?.keys(keys);
                if options.any {
                    history = history.any();
                }
                if options.source == HistorySource::Exported {
                    history = history.source(api::HistorySource::Exported);
                }
                if options.with_parent {
                    history = history.with_parent();
                }
                history = set_option(history, options.min_step, api::ScanHistory::min_step);
                history = set_option(history, options.max_step, api::ScanHistory::max_step);
                history = set_option(history, options.page_size, api::ScanHistory::page_size);
                Self::All(set_option(history, options.limit, api::ScanHistory::limit))
            }
            (Stream::System, all) => {
                let mut metrics = api.system_metrics(path).await?.keys(keys);
                if options.any {
                    metrics = metrics.any();
                }
                if !all {
                    metrics = metrics.samples(options.samples);
                }
                Self::System(set_option(metrics, options.limit, api::SystemMetrics::limit))
            }
        })
    }

    fn path(&self) -> &RunPath {
        match self {
            Self::Samples(history) => history.path(),
            Self::All(history) => history.path(),
            Self::System(metrics) => metrics.path(),
        }
    }

    async fn write(self, sink: Box<dyn Sink>) -> Result<WriteReport, Error> {
        match self {
            Self::Samples(history) => history.write(sink).await,
            Self::All(history) => history.write(sink).await,
            Self::System(metrics) => metrics.write(sink).await,
        }
    }
}

impl Options {
    /// Rejects combinations that the kinds of histories do not have.
    fn check(&self) -> Result<(), Error> {
        if !self.all && self.source == HistorySource::Exported {
            return Err(Error::usage(
                "the exported history is only available for the whole history, not for samples",
            ));
        }
        if self.stream == Stream::Default {
            return Ok(());
        }
        let has_steps = self.min_step.is_some() || self.max_step.is_some();
        let problems = [
            (has_steps, "system metrics have no steps to select by"),
            (self.with_parent, "system metrics have no steps, so a parent's cannot be told from a fork's"),
            (self.follow, "only the metrics that a run logs can be followed"),
        ];
        match problems.into_iter().find(|(is_requested, _)| *is_requested) {
            Some((_, problem)) => Err(Error::usage(problem)),
            None => Ok(()),
        }
    }
}

/// Sets an option of a history if it has a value.
fn set_option<H, V>(history: H, value: Option<V>, set: impl FnOnce(H, V) -> H) -> H {
    match value {
        Some(value) => set(history, value),
        None => history,
    }
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let history = match Request::new(session, options).await? {
        Request::All(history) if options.follow => return follow(history).await,
        history => history,
    };
    let path = history.path().clone();
    let progress = session.start_progress();
    let sink = progress.count_rows(options.destination.open_sink()?);
    let report = match history.write(sink).await {
        Ok(report) => report,
        Err(error) => return Err(hints::add_run_hint(session, &path, error).await),
    };
    drop(progress);
    session.print_notes(&report, options.destination.format()?);
    if let Some(growth) = report.growth {
        let read_to = growth.read_to.map_or("the start".to_owned(), |step| format!("step {step}"));
        say(&format!("note: {path} grew while it was read; rows after {read_to} are not included"));
    }
    if !report.unlogged.is_empty() {
        say(&format!("note: {path} has never logged {}", report.unlogged.join(", ")));
        if let Some(hint) = hints::find_key_hint(session, &path, &report.unlogged).await {
            say(&format!("hint: {hint}"));
        }
    }
    let keys = options.keys.len() + options.key.len();
    if report.rows == 0 && report.unlogged.is_empty() && keys > 1 && !options.any {
        say(&format!("note: {path} has no row with all of these keys"));
        let all = if options.all { "" } else { "--all " };
        say(&format!("hint: use {all}--any to get the rows with any of them"));
    }
    Ok(Session::report_issues(&report.issues))
}

/// Writes new rows as they arrive, and flushes after each batch.
async fn follow(history: api::ScanHistory) -> Result<Outcome, Failure> {
    let mut following = history.follow().await?;
    let mut lines = String::new();
    while let Some(rows) = following.next_batch().await? {
        lines.clear();
        for row in &rows {
            row.write_json_line(&mut lines);
        }
        print(&lines)?;
    }
    Ok(Session::report_issues(following.issues()))
}
