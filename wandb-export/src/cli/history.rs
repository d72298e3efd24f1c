//! `history`: the metrics of a run.

use clap::{Args, ValueEnum};

use super::exit::{Failure, Outcome};
use super::output::{Destination, print, say};
use super::session::Session;
use super::suggest;
use crate::api;

/// Write the metrics of a run: samples of them, or all
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
    /// The run: entity/project/run, its page's address, or a place on disk: ./wandb/run-…, or a .wandb file
    pub(super) path: String,

    /// Only these keys, separated by commas, and only rows that hold all of them
    #[arg(long, value_name = "KEY,…", value_delimiter = ',')]
    keys: Vec<String>,

    /// One more key, commas and all; may be given several times
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,

    /// With --keys or --key, and --all: rows that hold any of the keys
    #[arg(long, requires = "all")]
    any: bool,

    /// At most this many rows, which the server picks from the whole history
    #[arg(long, value_name = "N", default_value_t = 500, conflicts_with = "all")]
    samples: u64,

    /// With --keys or --key: sample along this key instead of _step
    #[arg(long, value_name = "KEY", conflicts_with_all = ["all", "stream"])]
    x_axis: Option<String>,

    /// Only the first N rows; with --all, no more is asked for than it takes
    #[arg(long, value_name = "N", conflicts_with = "follow", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,

    /// Every row there is, instead of samples
    #[arg(long)]
    all: bool,

    /// What the run has logged (default), or what the machine measured meanwhile (system)
    #[arg(long, value_enum, default_value_t = Stream::Default)]
    stream: Stream,

    /// With --all: from this step on
    #[arg(long, value_name = "N", requires = "all")]
    min_step: Option<i64>,

    /// With --all: up to, but not including, this step
    #[arg(long, value_name = "N", requires = "all")]
    max_step: Option<i64>,

    /// With --all: the rows of the run that this one was forked from as well, up to the step of the fork
    #[arg(long, requires = "all", conflicts_with = "follow")]
    with_parent: bool,

    /// With --all: at most this many steps in a request [default: as many as the server is quick with]
    #[arg(long, value_name = "N", requires = "all", value_parser = clap::value_parser!(u64).range(1..))]
    page_size: Option<u64>,

    /// With --all: the rows just as they were logged (live), or the Parquet files that the server has exported, which
    /// is quicker for long runs (exported)
    #[arg(long, value_enum, default_value_t = Source::Live)]
    source: Source,

    /// With --all: go on with the rows that come, until the run has ended or got as far as --max-step; JSON
    /// Lines on standard output
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
enum Source {
    Live,
    Exported,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let keys = options.keys.iter().chain(&options.key).cloned();
    let mut history = session.api.history(&options.path).await?.keys(keys);
    let path = history.path().clone();
    history = if options.all { history.all() } else { history.samples(options.samples) };
    if options.any {
        history = history.any();
    }
    if let Some(key) = &options.x_axis {
        history = history.x_axis(key);
    }
    if let Some(rows) = options.limit {
        history = history.limit(rows);
    }
    if options.stream == Stream::System {
        history = history.system();
    }
    if options.source == Source::Exported {
        history = history.source(api::Source::Exported);
    }
    if let Some(step) = options.min_step {
        history = history.min_step(step);
    }
    if let Some(step) = options.max_step {
        history = history.max_step(step);
    }
    if options.with_parent {
        history = history.with_parent();
    }
    if let Some(steps) = options.page_size {
        history = history.page_size(steps);
    }
    if options.follow {
        return follow(history).await;
    }
    let progress = session.progress();
    let sink = progress.counted(options.destination.sink()?);
    let (report, end) = match history.write(sink).await {
        Ok(written) => written,
        Err(error) => return Err(suggest::run(session, &path, error).await),
    };
    drop(progress);
    session.tell(&report, options.destination.format()?);
    if let Some(growth) = end.growth {
        let read_to = growth.read_to.map_or("the start".to_owned(), |step| format!("step {step}"));
        say(&format!("note: {path} went on while it was read; it was read up to {read_to}"));
    }
    if !end.unlogged.is_empty() {
        say(&format!("note: {path} has never logged {}", end.unlogged.join(", ")));
        if let Some(hint) = suggest::keys(session, &path, &end.unlogged).await {
            say(&format!("hint: {hint}"));
        }
    }
    let keys = options.keys.len() + options.key.len();
    if end.rows == 0 && end.unlogged.is_empty() && keys > 1 && !options.any {
        say(&format!("note: {path} has no row that holds all of these keys"));
        let all = if options.all { "" } else { "--all " };
        say(&format!("hint: {all}--any gives the rows that hold any of them"));
    }
    Ok(Session::report(&end.issues))
}

/// Writes rows as they come, each in a line that is there at once.
async fn follow(history: api::History) -> Result<Outcome, Failure> {
    let mut following = history.follow().await?;
    let mut lines = String::new();
    while let Some(rows) = following.next_batch().await? {
        lines.clear();
        for row in &rows {
            row.write_json_line(&mut lines);
        }
        print(&lines)?;
    }
    Ok(Session::report(following.issues()))
}
