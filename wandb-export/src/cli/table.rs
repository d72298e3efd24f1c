//! `table`: writes a table that a run has logged.

use clap::Args;
use wandb_core::model::{MediaItem, MediaKind};

use super::exit::{Failure, Outcome};
use super::hints;
use super::output::Destination;
use super::session::Session;
use crate::api::{Run, Table};
use crate::error::Error;

/// The suffix of table files.
const SUFFIX: &str = ".table.json";

/// The most keys that a hint lists.
const MAX_KEYS: usize = 10;

/// Write a table that a run has logged (wandb.Table), or the bins of a histogram
///
/// Without --step or --all, the newest table. Cells are as they were logged: media are JSON objects that name their
/// files, and times become RFC 3339 text. A repeated column name gets a suffix, as in x#2. Cells beyond the last column
/// are in columns such as #4. A histogram has a row for each bin: lower, upper, count.
///
/// The file is checked against the size, the SHA-256 digest and the numbers of rows and columns in the history;
/// differences are listed, and the exit code is 5. The SDK saves the first 10000 rows of a table with the run, and further
/// ones only in an artifact. Incremental tables are joined from all their parts.
///
/// `media PATH --type table` lists the tables of a run.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export table my-team/my-project/abc123 --key predictions -o predictions.parquet
  wandb-export table my-team/my-project/abc123 --key predictions --step 100 -f csv
  wandb-export table my-team/my-project/abc123 --key gradients --all -o histograms.csv
  wandb-export table ./wandb/latest-run --key predictions
  wandb-export table predictions.table.json -f jsonl")]
pub(super) struct Options {
    /// The run: entity/project/run, its URL, or a local path such as ./wandb/run-… or a .wandb file; or a table file
    /// (*.table.json)
    pub(super) path: String,

    /// The key under which the table was logged; objects in objects have keys with dots
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    /// The table that was logged at this step; of an incremental table, the rows until then
    #[arg(long, value_name = "N", requires = "key", allow_negative_numbers = true)]
    step: Option<i64>,

    /// The tables of all steps, one after the other, with a column _step in front
    #[arg(long, requires = "key", conflicts_with = "step")]
    all: bool,

    /// Keep times as numbers of milliseconds
    #[arg(long)]
    raw: bool,

    #[command(flatten)]
    destination: Destination,
}

impl Options {
    /// Whether the path is a local table file, so that no run is needed.
    pub(super) fn is_file(&self) -> bool {
        self.path.ends_with(SUFFIX) && !self.path.contains("://")
    }
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let progress = session.start_progress();
    let sink = progress.count_rows(options.destination.open_sink()?);
    let (table, run) = select(session, options).await?;
    let report = match table.write(sink).await {
        Err(error @ Error::NoSuchTable { .. }) => {
            let hint = match &run {
                Some(run) => find_table_hint(run, options.key.as_deref()).await,
                None => None,
            };
            return Err(Failure { error, hint });
        }
        written => written?,
    };
    drop(progress);
    session.print_notes(&report, options.destination.format()?);
    Ok(Session::report_issues(&report.issues))
}

/// Returns the request, and the run that it is about.
async fn select(session: &Session, options: &Options) -> Result<(Table, Option<Run>), Failure> {
    let with_raw = |table: Table| if options.raw { table.raw() } else { table };
    if options.is_file() {
        if options.key.is_some() {
            return Err(Error::usage("--key selects a table of a run, and the path is a table file").into());
        }
        return Ok((with_raw(session.api.table_file(&options.path)), None));
    }
    let run = session.run(&options.path).await?;
    let Some(key) = &options.key else {
        let hint = find_table_hint(&run, None).await;
        return Err(Failure { error: Error::usage("--key KEY has to say which table"), hint });
    };
    let mut table = with_raw(run.table(key));
    if let Some(step) = options.step {
        table = table.step(step);
    }
    if options.all {
        table = table.all_steps();
    }
    Ok((table, Some(run)))
}

/// Suggests keys with tables or histograms: those that are similar to the missing `key`, or else any.
async fn find_table_hint(run: &Run, key: Option<&str>) -> Option<String> {
    let is_table = |item: &MediaItem| matches!(item.kind, MediaKind::Table | MediaKind::Histogram);
    let mut keys: Vec<String> = Vec::new();
    // The summary usually has every key, and takes no further request.
    for item in run.media().summary().collect().await.ok()?.into_iter().filter(is_table) {
        if !keys.contains(&item.key) {
            keys.push(item.key);
        }
    }
    let similar = key.and_then(|key| {
        hints::format_hint("key", hints::find_similar(key, keys.iter().cloned()).into_iter())
    });
    similar.or_else(|| {
        let more = if keys.len() > MAX_KEYS { " and more" } else { "" };
        let listed: Vec<_> = keys.iter().take(MAX_KEYS).cloned().collect();
        (!keys.is_empty())
            .then(|| format!("the run has tables and histograms under {}{more}", listed.join(", ")))
    })
}
