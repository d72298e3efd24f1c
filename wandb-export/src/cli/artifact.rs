//! `artifact`: shows or downloads one version of an artifact.

use clap::Args;
use futures_util::TryStreamExt;
use wandb_core::model::ArtifactMembership;
use wandb_core::{Map, Row, Value};

use super::artifact_report;
use super::exit::{Failure, Outcome};
use super::files::existing_policy;
use super::output::Destination;
use super::progress::DownloadBar;
use super::record;
use super::session::Session;
use crate::api::{Artifact, ArtifactFile, ArtifactFiles, write_rows};
use crate::artifact_row;
use crate::error::Error;

/// Show one version of an artifact, or list or download its files
///
/// Without --files and --download, the metadata, aliases and lineage are shown.
///
/// The version behind the colon is a number such as v3, an alias or a digest; without it, latest. The lineage is the run
/// that logged it, the runs that used it, and the collections that link it.
///
/// A download resumes where an earlier one was interrupted. Every file is checked against its digest in the manifest, and
/// the manifest against the artifact; exit code 5 if anything is missing or does not match. Files of equal content are
/// downloaded once. References into other artifacts are followed. Other references (s3://…) are listed with their
/// addresses and not downloaded, which is exit code 5, too.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export artifact my-team/my-project/resnet:v3
  wandb-export artifact https://wandb.ai/my-team/my-project/artifacts/model/resnet/v3 -f jsonl
  wandb-export artifact my-team/my-project/data --files -o files.csv
  wandb-export artifact my-team/my-project/data:latest --download -o data
  wandb-export artifact my-org/wandb-registry-model/resnet:prod --download --path 'weights/*.h5' -o resnet")]
pub(super) struct Options {
    /// The version: entity/project/name:version, organization/wandb-registry-NAME/collection:version, or its URL
    pub(super) path: String,

    /// List the files of the manifest, one row for each
    #[arg(long, conflicts_with = "download")]
    files: bool,

    /// Download the files; -o is then the target folder [default: .]
    #[arg(long)]
    download: bool,

    /// With --files or --download: only files whose paths begin with this text, or match it if it has *, ? or [
    #[arg(long = "path", value_name = "PREFIX|GLOB")]
    selection: Option<String>,

    /// With --download: overwrite existing files
    #[arg(long, requires = "download")]
    replace: bool,

    #[command(flatten)]
    destination: Destination,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    if options.selection.is_some() && !options.files && !options.download {
        return Err(Error::usage("--path needs --files or --download").into());
    }
    let artifact = session.api.artifact(&options.path).await?;
    if options.files {
        list_files(session, options, &artifact).await
    } else if options.download {
        download(session, options, &artifact).await
    } else {
        show(session, options, &artifact).await
    }
}

async fn show(session: &Session, options: &Options, artifact: &Artifact) -> Result<Outcome, Failure> {
    let logged_by = artifact.logged_by().await?.map(|run| Value::String(run.to_string()));
    let used_by: Vec<_> =
        artifact.used_by().await?.into_iter().map(|run| Value::String(run.to_string())).collect();
    let links = artifact.linked().await?;
    let links: Vec<_> = links.iter().filter(|link| !is_own(artifact, link)).map(link_value).collect();
    let more = [
        ("logged_by", logged_by),
        ("used_by", Some(Value::List(used_by))),
        ("linked", Some(Value::List(links))),
        ("url", Some(Value::String(artifact.url()))),
    ];
    let more = more.into_iter().filter_map(|(name, value)| Some((name.into(), value?)));
    let record: Row = artifact_row::to_row(artifact).into_iter().chain(more).collect();
    record::write(session, record, &options.destination)?;
    Ok(Session::report_issues(artifact.issues()))
}

/// Whether a membership is that in the collection that was asked for, or in the source, which have columns already.
fn is_own(artifact: &Artifact, link: &ArtifactMembership) -> bool {
    let path = (&link.entity, &link.project, &link.collection);
    let source = &artifact.source;
    path == (&artifact.entity, &artifact.project, &artifact.collection)
        || path == (&source.entity, &source.project, &source.collection)
}

fn link_value(link: &ArtifactMembership) -> Value {
    let ArtifactMembership { entity, project, collection, version, aliases, .. } = link;
    let aliases: Vec<Value> = aliases.iter().map(|alias| alias.as_str().into()).collect();
    let path = format!("{entity}/{project}/{collection}:{version}");
    Map::from_iter([("path", Value::String(path)), ("aliases", Value::List(aliases))]).into()
}

fn select(options: &Options, artifact: &Artifact) -> Result<ArtifactFiles, Error> {
    let files = artifact.files();
    match options.selection.as_deref() {
        None => Ok(files),
        Some(pattern) if pattern.contains(['*', '?', '[']) => files.pattern(pattern),
        Some(prefix) => Ok(files.prefix(prefix)),
    }
}

async fn list_files(session: &Session, options: &Options, artifact: &Artifact) -> Result<Outcome, Failure> {
    let progress = session.start_progress();
    let sink = progress.count_rows(options.destination.open_sink()?);
    let reader = select(options, artifact)?.open();
    let issues = reader.issues_handle();
    let rows = reader.into_stream().map_ok(|file| vec![file_row(&file)]);
    let report = write_rows(rows, sink).await?;
    drop(progress);
    session.print_notes(&report, options.destination.format()?);
    check_selected(options, artifact, report.rows)?;
    Ok(Session::report_issues(&issues.to_vec()))
}

async fn download(session: &Session, options: &Options, artifact: &Artifact) -> Result<Outcome, Failure> {
    let files = select(options, artifact)?.existing(existing_policy(options.replace));
    let bar = DownloadBar::start(&files.progress(), session.shows_progress());
    let downloads = files.download(options.destination.folder()).await?;
    drop(bar);
    let found = downloads.files.len() + downloads.failed.len() + downloads.references.len();
    check_selected(options, artifact, found as u64)?;
    artifact_report::report(session, downloads, &options.destination, &artifact.path().to_string()).await
}

/// Fails if the user selected files, and there are none.
fn check_selected(options: &Options, artifact: &Artifact, found: u64) -> Result<(), Error> {
    match &options.selection {
        Some(name) if found == 0 => {
            Err(Error::NoSuchFile { run: artifact.path().to_string(), name: name.clone() })
        }
        _ => Ok(()),
    }
}

fn file_row(file: &ArtifactFile) -> Row {
    let text = |text: &str| Value::String(text.to_owned());
    let cells = [
        ("path", Some(text(file.path()))),
        ("size", file.size().map(Value::from)),
        ("digest", Some(text(file.digest()))),
        ("digest_algorithm", Some(Value::String(file.digest_algorithm().to_string()))),
        ("reference", file.reference().map(text)),
        ("birth_artifact_id", file.birth_artifact_id().map(text)),
        ("extra", file.extra().cloned().map(Value::Map)),
    ];
    cells.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
