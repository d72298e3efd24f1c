//! `artifacts`: lists or downloads the artifacts of a project, a registry or a run.

use std::collections::HashSet;

use clap::Args;
use futures_util::stream::{self, TryStreamExt};
use wandb_core::{PartialProjectPath, ProjectPage, Row, Value};

use super::artifact_report;
use super::exit::{Failure, Outcome};
use super::files::existing_policy;
use super::hints;
use super::output::Destination;
use super::progress::DownloadBar;
use super::session::Session;
use crate::api::{
    Artifact, Artifacts, ListReader, NamePattern, Run, download_listed, has_labels, write_rows,
};
use crate::artifact_row;
use crate::download::DownloadProgress;
use crate::error::Error;
use crate::issue::Issue;
use crate::runlog::Artifact as LocalArtifact;

/// List the artifacts of a project, a registry or a run, or download them
///
/// There is one row for each version. For a run, the column relation says whether the run logged or used it. A registry is
/// a project: my-org/wandb-registry-model.
///
/// With --download, each version goes into COLLECTION/VERSION in the target folder, and files of equal content are
/// downloaded once. Every file is checked against its digest in the manifest, and every manifest against the artifact.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export artifacts my-team/my-project
  wandb-export artifacts my-team/my-project --type model --alias best -f jsonl
  wandb-export artifacts my-team/my-project/abc123
  wandb-export artifacts my-org/wandb-registry-model
  wandb-export artifacts my-team/my-project --name 'data-*' --download -o archive")]
pub(super) struct Options {
    /// The project, registry or run: entity/project, organization/wandb-registry-NAME, entity/project/run, its URL, or a
    /// local path of a run
    pub(super) path: String,

    /// Only artifacts of this type
    #[arg(long = "type", value_name = "TYPE")]
    type_name: Option<String>,

    /// Only versions with this alias, or this version
    #[arg(long, value_name = "ALIAS")]
    alias: Option<String>,

    /// Only artifacts whose names match: * stands for any text, ? for any character
    #[arg(long, value_name = "GLOB")]
    name: Option<String>,

    /// Only versions with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,

    /// Download the versions; -o is then the target folder [default: .]
    #[arg(long)]
    download: bool,

    /// With --download: overwrite existing files
    #[arg(long, requires = "download")]
    replace: bool,

    #[command(flatten)]
    destination: Destination,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    if is_run(&options.path) { of_run(session, options).await } else { of_project(session, options).await }
}

/// Whether a path leads to a run rather than a project.
fn is_run(path: &str) -> bool {
    match PartialProjectPath::parse(path) {
        Ok(partial) => {
            let has_run = matches!(partial.page(), Some(ProjectPage::Run(_)));
            has_run || partial.project().is_some_and(|project| project.contains(':'))
        }
        Err(_) => true,
    }
}

async fn of_project(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let artifacts = select(options, session.api.artifacts(&options.path).await?)?;
    let project = artifacts.path().clone();
    let written = if options.download {
        let bar = DownloadBar::start(&artifacts.progress(), session.shows_progress());
        let downloaded =
            artifacts.existing(existing_policy(options.replace)).download(options.destination.folder()).await;
        drop(bar);
        match downloaded {
            Ok(downloads) => {
                return artifact_report::report(session, downloads, &options.destination, "the artifacts")
                    .await;
            }
            Err(error) => Err(error),
        }
    } else {
        write_list(session, options, vec![(None, artifacts.open())]).await
    };
    match written {
        Ok(outcome) => Ok(outcome),
        Err(error) => Err(hints::add_project_hint(session, &project, error).await),
    }
}

fn select(options: &Options, mut artifacts: Artifacts) -> Result<Artifacts, Error> {
    if let Some(type_name) = &options.type_name {
        artifacts = artifacts.of_type(type_name);
    }
    if let Some(alias) = &options.alias {
        artifacts = artifacts.alias(alias);
    }
    if let Some(tag) = &options.tag {
        artifacts = artifacts.tag(tag);
    }
    match &options.name {
        Some(name) => artifacts.name(name),
        None => Ok(artifacts),
    }
}

async fn of_run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let run = session.run(&options.path).await?;
    if run.is_on_disk() {
        return of_local_run(session, options, &run).await;
    }
    let pattern = options.name.as_deref().map(NamePattern::new).transpose()?;
    let (type_name, alias, tag) = (options.type_name.clone(), options.alias.clone(), options.tag.clone());
    let is_wanted = move |artifact: &Artifact| {
        type_name.as_ref().is_none_or(|name| artifact.kind.as_ref() == Some(name))
            && has_labels(artifact, alias.as_ref(), tag.as_ref())
            && pattern.as_ref().is_none_or(|pattern| pattern.matches(&artifact.collection))
    };
    let logged = run.logged_artifacts()?.filter(is_wanted.clone());
    let used = run.used_artifacts()?.filter(is_wanted);
    if !options.download {
        return Ok(write_list(session, options, vec![(Some("logged"), logged), (Some("used"), used)]).await?);
    }
    let (mut versions, mut issues) = logged.collect().await?;
    let (more, more_issues) = used.collect().await?;
    let known: HashSet<String> = versions.iter().map(|artifact| artifact.id.clone()).collect();
    versions.extend(more.into_iter().filter(|artifact| !known.contains(&artifact.id)));
    issues.extend(more_issues);
    let versions = ListReader::of_known(versions, issues);
    let progress = DownloadProgress::default();
    let bar = DownloadBar::start(&progress, session.shows_progress());
    let (project, folder) = (run.path().project_path(), options.destination.folder());
    let downloads = download_listed(
        &session.api,
        versions,
        project,
        existing_policy(options.replace),
        progress.clone(),
        folder,
    )
    .await?;
    drop(bar);
    artifact_report::report(session, downloads, &options.destination, "the artifacts").await
}

/// Lists the artifacts of a run on disk, whose files only name them.
async fn of_local_run(session: &Session, options: &Options, run: &Run) -> Result<Outcome, Failure> {
    if options.download || options.tag.is_some() {
        return Err(Error::only_on_a_server(run.path()).into());
    }
    let pattern = options.name.as_deref().map(NamePattern::new).transpose()?;
    let artifacts = run.artifacts().iter().filter(|artifact| {
        options.type_name.as_ref().is_none_or(|name| artifact.kind == *name)
            && options.alias.as_ref().is_none_or(|alias| artifact.aliases.contains(alias))
            && pattern.as_ref().is_none_or(|pattern| pattern.matches(&artifact.name))
    });
    let row = |artifact: &LocalArtifact| {
        let aliases: Vec<Value> = artifact.aliases.iter().map(|alias| alias.as_str().into()).collect();
        let cells = [
            ("relation", Value::String(if artifact.is_output { "logged" } else { "used" }.to_owned())),
            ("name", artifact.name.as_str().into()),
            ("type", artifact.kind.as_str().into()),
            ("aliases", aliases.into()),
            ("digest", artifact.digest.as_str().into()),
        ];
        cells.into_iter().collect::<Row>()
    };
    let rows: Vec<Row> = artifacts.map(row).collect();
    let report = write_rows(stream::iter([Ok(rows)]), options.destination.open_sink()?).await?;
    session.print_notes(&report, options.destination.format()?);
    Ok(Session::report_issues(run.issues()))
}

/// Writes one row for each version. The lists of a run have a relation to it.
async fn write_list(
    session: &Session,
    options: &Options,
    lists: Vec<(Option<&'static str>, ListReader<Artifact>)>,
) -> Result<Outcome, Error> {
    let progress = session.start_progress();
    let sink = progress.count_rows(options.destination.open_sink()?);
    let handles: Vec<_> = lists.iter().map(|(_, reader)| reader.issues_handle()).collect();
    let rows = stream::iter(lists.into_iter().map(Ok::<_, Error>)).map_ok(|(relation, reader)| {
        reader.into_stream().map_ok(move |artifact| {
            let relation = relation.map(|relation| ("relation".into(), Value::String(relation.to_owned())));
            vec![relation.into_iter().chain(artifact_row::to_row(&artifact)).collect()]
        })
    });
    let report = write_rows(rows.try_flatten(), sink).await?;
    drop(progress);
    session.print_notes(&report, options.destination.format()?);
    let mut issues: Vec<Issue> = Vec::new();
    for handle in handles {
        issues.extend(handle.to_vec());
    }
    Ok(Session::report_issues(&issues))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_runs_and_projects_are_told_apart() {
        for run in ["e/p/r", "e/p:r", "e/p/runs/r", "https://wandb.ai/e/p/runs/r/files"] {
            assert!(is_run(run), "{run}");
        }
        for project in [
            "p",
            "e/p",
            "org/wandb-registry-m",
            "https://wandb.ai/e/p/artifacts",
            "https://wandb.ai/e/p/artifacts/model/a/v3",
            "https://wandb.ai/orgs/acme/registry/model",
        ] {
            assert!(!is_run(project), "{project}");
        }
    }
}
