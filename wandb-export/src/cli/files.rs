//! `files`: lists or downloads the files of a run.

use std::cell::RefCell;
use std::collections::HashSet;

use clap::Args;
use futures_util::TryStreamExt;
use wandb_core::{Row, Value};

use super::exit::{Failure, Outcome};
use super::hints;
use super::output::{Destination, say};
use super::progress::DownloadBar;
use super::session::Session;
use crate::api::{Files, Run, write_rows};
use crate::error::Error;
use crate::files::{DownloadedFile, Downloads, ExistingFilePolicy, FailedDownload};

/// List the files of a run, or download them
///
/// A download resumes where an earlier one was interrupted. A file is checked against its size and digest before it is
/// moved into place. Files that are already downloaded are skipped. If the storage twice sends content that
/// contradicts the server's list, the file is kept and the exit code is 5.
///
/// A reference (s3://…) is listed with its address and not downloaded. Names that could lead out of the folder, or
/// that some systems cannot store, are replaced; wandb-export-names.json in the folder maps them to the original
/// names.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export files my-team/my-project/abc123
  wandb-export files my-team/my-project/abc123 --name model-best.h5 --download
  wandb-export files my-team/my-project/abc123 --all --download -o abc123
  wandb-export files my-team/my-project/abc123 --pattern 'media/*.png' -f jsonl")]
pub(super) struct Options {
    /// The run: entity/project/run, its URL, or a local path such as ./wandb/run-… or a .wandb file
    pub(super) path: String,

    /// Only the file with this name; may be repeated
    #[arg(long, value_name = "NAME", conflicts_with = "pattern")]
    name: Vec<String>,

    /// Only files whose names match: * stands for any text, ? for any character
    #[arg(long, value_name = "GLOB")]
    pattern: Option<String>,

    /// All files
    #[arg(long, conflicts_with_all = ["name", "pattern"])]
    all: bool,

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
    if options.download && options.name.is_empty() && options.pattern.is_none() && !options.all {
        let message = "--download needs --name NAME, --pattern GLOB or --all";
        return Err(Error::usage(message).into());
    }
    let destination =
        if options.download { options.destination.to_stdout() } else { options.destination.clone() };
    let progress = session.start_progress();
    let sink = progress.count_rows(destination.open_sink()?);
    let run = session.run(&options.path).await?;
    let files = selected_files(options, &run)?;
    let issues = files.issues().await?;
    if options.download {
        drop(progress);
        let bar = DownloadBar::start(&files.progress(), session.shows_progress());
        let downloads = files.download(options.destination.folder()).await?;
        drop(bar);
        let rows: Vec<_> = downloads.files.iter().map(download_row).collect();
        let report = write_rows(futures_util::stream::iter([Ok(rows)]), sink).await?;
        session.print_notes(&report, destination.format()?);
        let issues: Vec<_> = issues.into_iter().chain(downloads.issues.iter().cloned()).collect();
        let outcome = Session::report_issues(&issues);
        return Ok(outcome.max(report_failures(options, &run, downloads).await?));
    }
    let listed = RefCell::new(HashSet::new());
    let reader = files.open();
    let found = reader.issues_handle();
    let rows = reader.into_stream().map_ok(|file| {
        listed.borrow_mut().insert(file.name.clone());
        vec![file_row(&file)]
    });
    let report = write_rows(rows, sink).await?;
    drop(progress);
    session.print_notes(&report, destination.format()?);
    let listed = listed.into_inner();
    let absent = report_absent(&run, options.name.iter().filter(|name| !listed.contains(*name))).await?;
    let issues: Vec<_> = issues.into_iter().chain(found.to_vec()).collect();
    Ok(Session::report_issues(&issues).max(absent))
}

fn selected_files(options: &Options, run: &Run) -> Result<Files, Error> {
    let files = run.files().existing(existing_policy(options.replace));
    match &options.pattern {
        _ if !options.name.is_empty() => Ok(files.names(options.name.iter().cloned())),
        Some(pattern) => files.pattern(pattern),
        None => Ok(files),
    }
}

/// Reports files that were not downloaded. The command fails if it was about a single named file, else it ends as
/// incomplete.
async fn report_failures(options: &Options, run: &Run, downloads: Downloads) -> Result<Outcome, Failure> {
    let Downloads { files, mut failed, .. } = downloads;
    let is_found = |name: &String| {
        files.iter().any(|file| file.name == *name) || failed.iter().any(|file| file.name == *name)
    };
    let absent: Vec<_> = options.name.iter().filter(|name| !is_found(name)).collect();
    if options.name.len() == 1 && failed.len() == 1 {
        let failure = failed.remove(0);
        let hint = matches!(failure.error, Error::FileExists { .. })
            .then(|| "use --replace to overwrite it".to_owned());
        return Err(Failure { error: failure.error, hint });
    }
    let outcome = report_failed(&failed);
    Ok(outcome.max(report_absent(run, absent.into_iter()).await?))
}

/// The meaning of `--replace`.
pub(super) fn existing_policy(replace: bool) -> ExistingFilePolicy {
    if replace { ExistingFilePolicy::Replace } else { ExistingFilePolicy::Refuse }
}

/// Prints the files that could not be downloaded. The command is incomplete if there are any.
pub(super) fn report_failed(failed: &[FailedDownload]) -> Outcome {
    let has_conflict = failed.iter().any(|file| matches!(file.error, Error::FileExists { .. }));
    let failed = failed.iter().map(|file| format!("{}: {}", file.name, file.error.with_causes()));
    let outcome = Session::report_missing(failed);
    if has_conflict {
        say("hint: use --replace to overwrite existing files");
    }
    outcome
}

/// Reports requested files that do not exist. The command fails if there is one, and ends as incomplete if there are
/// more.
async fn report_absent(run: &Run, absent: impl Iterator<Item = &String>) -> Result<Outcome, Failure> {
    let absent: Vec<_> = absent.collect();
    let Some(first) = absent.first() else { return Ok(Outcome::Done) };
    let error = |name: &str| Error::NoSuchFile { run: run.path().to_string(), name: name.to_owned() };
    if absent.len() == 1 {
        let hint = hints::find_file_hint(run, first).await;
        return Err(Failure { error: error(first), hint });
    }
    Ok(Session::report_missing(absent.into_iter().map(|name| error(name))))
}

fn file_row(file: &crate::RunFile) -> Row {
    let text = |text: &Option<String>| text.clone().map(Value::String);
    let cells = [
        ("name", Some(Value::String(file.name.clone()))),
        ("size", file.size.map(Value::from)),
        ("mime_type", text(&file.mime_type)),
        ("updated_at", file.updated_at.as_ref().map(|at| Value::String(at.to_string()))),
        ("md5", text(&file.md5)),
        ("reference", file.reference().map(|address| Value::String(address.to_owned()))),
    ];
    cells.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

pub(super) fn download_row(file: &DownloadedFile) -> Row {
    let path = file.path.to_string_lossy().into_owned();
    let cells = [
        ("name", Some(Value::String(file.name.clone()))),
        ("path", Some(Value::String(path))),
        ("bytes", file.bytes.map(Value::from)),
        ("outcome", Some(Value::String(file.outcome.to_string()))),
    ];
    cells.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
