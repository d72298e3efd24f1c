//! `media`: lists or downloads the media that a run has logged.

use clap::Args;
use futures_util::TryStreamExt;
use wandb_core::model::{MediaItem, MediaKind};

use super::exit::{Failure, Outcome};
use super::files::{download_row, existing_policy, report_failed};
use super::output::{Destination, say};
use super::progress::DownloadBar;
use super::session::Session;
use crate::api::{Media, Run, write_rows};

/// List or download the media that a run has logged: images, audio, video, HTML, tables
///
/// `files` lists the stored files; this command lists the logged objects: the key and the step of each, its caption, its
/// size in pixels, and the file that it names. Batches such as lists of images have a line for each item.
/// Masks and boxes follow their image. Histograms have no file; `table` writes them and the tables.
///
/// A download keeps the names of the files in the run, resumes where an earlier one was interrupted, and gets a file
/// once even if it was logged several times.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export media my-team/my-project/abc123
  wandb-export media my-team/my-project/abc123 --key samples --type image -f jsonl
  wandb-export media my-team/my-project/abc123 --type audio --download -o sounds
  wandb-export media ./wandb/latest-run --summary")]
pub(super) struct Options {
    /// The run: entity/project/run, its URL, or a local path such as ./wandb/run-… or a .wandb file
    pub(super) path: String,

    /// Only media that were logged under this key; objects in objects have keys with dots
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    /// Only media of this step
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    step: Option<i64>,

    /// Only media of this kind, such as image, mask, boxes, audio, video, html, object3d, molecule, plotly, bokeh, table
    /// or histogram, or of a type as W&B writes it, such as image-file; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    kinds: Vec<String>,

    /// The media in the summary instead of the history: usually the last of each key
    #[arg(long, conflicts_with = "step")]
    summary: bool,

    /// Download the files; -o is then the target folder [default: .]
    #[arg(long)]
    download: bool,

    /// With --download: overwrite existing files
    #[arg(long, requires = "download")]
    replace: bool,

    #[command(flatten)]
    destination: Destination,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let destination =
        if options.download { options.destination.to_stdout() } else { options.destination.clone() };
    let progress = session.start_progress();
    let sink = progress.count_rows(destination.open_sink()?);
    let run = session.run(&options.path).await?;
    let media = select(options, &run);
    if options.download {
        drop(progress);
        let bar = DownloadBar::start(&media.progress(), session.shows_progress());
        let downloads = media.download(options.destination.folder()).await?;
        drop(bar);
        let rows: Vec<_> = downloads.files.iter().map(download_row).collect();
        let is_empty = rows.is_empty() && downloads.failed.is_empty();
        let report = write_rows(futures_util::stream::iter([Ok(rows)]), sink).await?;
        session.print_notes(&report, destination.format()?);
        if is_empty {
            note_nothing(options, &run);
        }
        return Ok(Session::report_issues(&downloads.issues).max(report_failed(&downloads.failed)));
    }
    let reader = media.open();
    let found = reader.issues_handle();
    let rows = reader.into_stream().map_ok(|item: MediaItem| vec![item.to_row()]);
    let report = write_rows(rows, sink).await?;
    drop(progress);
    session.print_notes(&report, destination.format()?);
    if report.rows == 0 {
        note_nothing(options, &run);
    }
    Ok(Session::report_issues(&found.to_vec()))
}

fn select(options: &Options, run: &Run) -> Media {
    let mut media = run.media().existing(existing_policy(options.replace));
    if let Some(key) = &options.key {
        media = media.key(key);
    }
    if let Some(step) = options.step {
        media = media.step(step);
    }
    if options.summary {
        media = media.summary();
    }
    options.kinds.iter().fold(media, Media::kind)
}

/// Explains an empty list.
fn note_nothing(options: &Options, run: &Run) {
    say(&format!("note: {} has no such media", run.path()));
    let is_known = |name: &String| MediaKind::ALL.iter().any(|kind| kind.name().eq_ignore_ascii_case(name));
    // Types as W&B writes them have a suffix or are rare.
    if let Some(unknown) = options.kinds.iter().find(|name| !is_known(name)) {
        let kinds: Vec<_> = MediaKind::ALL.iter().map(|kind| kind.name()).collect();
        say(&format!("hint: {unknown} is none of the kinds {}", kinds.join(", ")));
    }
}
