//! `mirror`: a whole project, or all of a user's or team's, on disk.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit::{Failure, Outcome};
use super::mirror_bar::MirrorBar;
use super::output::{Destination, say};
use super::session::Session;
use super::suggest;
use crate::error::Error;
use crate::local::Place;
use crate::mirror::{Contents, MirrorReport, Part, ProjectReport};

/// Keep whole projects on disk: runs, histories, system metrics, files, logs and sweeps
///
/// It can be stopped at any moment and goes on where it was. Called again, it asks only for what is new or has changed.
/// A run that cannot be had does not keep the others from coming: the exit code is 5 then, and the next call tries again.
///
/// In the folder: manifest.jsonl, runs.jsonl, runs.parquet, sweeps.parquet, history/RUN.parquet, system/RUN.parquet,
/// logs/RUN.log and files/RUN/. All tables of rows have a first column run_id, so that they can be read as one. The mirror
/// of all projects of an entity has a folder for each.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export mirror my-team/my-project -o archive
  wandb-export mirror my-team -o archive --exclude files
  wandb-export mirror my-team/my-project -o archive --include runs,history --filter '{\"state\": \"finished\"}'
  wandb-export mirror my-team/my-project -o archive --verify --report report.json")]
pub(super) struct Options {
    /// The project: entity/project or its page's address; or an entity, for all its projects
    pub(super) path: String,

    /// The folder to keep it in
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,

    /// Only these parts: runs, history, system, files, logs, sweeps
    #[arg(long, value_name = "PART,…", value_delimiter = ',', conflicts_with = "exclude")]
    include: Vec<Part>,

    /// All parts but these
    #[arg(long, value_name = "PART,…", value_delimiter = ',')]
    exclude: Vec<Part>,

    /// Only runs that match, in the manner of MongoDB: {"state": "finished"}
    #[arg(long, value_name = "JSON")]
    filter: Option<String>,

    /// Read everything that is there first, and fetch again what is not as it was written; --verify=server also asks the
    /// server for everything again, and tells what it has otherwise by now
    #[arg(long, value_enum, value_name = "disk|server", num_args = 0..=1, require_equals = true, default_missing_value = "disk")]
    verify: Option<Verify>,

    /// Write what has become of it to a file as JSON, - for standard output
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// What everything that is there is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Verify {
    /// The digests of what was written
    Disk,
    /// What the server has, too
    Server,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let contents = match &options.include[..] {
        [] => options.exclude.iter().fold(Contents::all(), |contents, part| contents.without(*part)),
        parts => Contents::only(parts.iter().copied()),
    };
    let is_entity = Place::of(&options.path).is_none()
        && !options.path.trim_matches('/').contains('/')
        && !options.path.contains(':');
    let mirror = if is_entity {
        session.api.mirror_all(options.path.trim_matches('/'))
    } else {
        session.api.mirror(&options.path).await?
    };
    let mut mirror = mirror.contents(contents).verify(options.verify.is_some());
    mirror = mirror.compare(options.verify == Some(Verify::Server));
    if let Some(filter) = &options.filter {
        mirror = mirror.filter(filter)?;
    }
    let bar = MirrorBar::start(&session.api, session.shows_progress());
    let synced = mirror.on_event(bar.listener()).sync(&options.output).await;
    drop(bar);
    let report = match synced {
        Ok(report) => report,
        Err(error) if is_entity => return Err(error.into()),
        Err(error) => {
            let project = session.api.project_path(&options.path).await?;
            return Err(suggest::project(session, &project, error).await);
        }
    };
    if let Some(path) = &options.report {
        let text = serde_json::to_string_pretty(&report)
            .map_err(|error| Error::io("writing the report", error.into()))?;
        Destination::file(path.clone()).write_text(format!("{text}\n").as_bytes())?;
    }
    tell(session, &report);
    let missing = report.projects.iter().flat_map(|project| {
        project.missing.iter().map(|missing| match &missing.run {
            Some(run) => format!("{}/{run}: {}", project.project, missing.what),
            None => format!("{}: {}", project.project, missing.what),
        })
    });
    let asked = options.include.iter().flat_map(|part| fields_of(*part)).copied();
    let asked: Vec<_> = asked.collect();
    let mut lacking = Vec::new();
    let mut is_noted = false;
    for project in &report.projects {
        for what in &project.unsupported {
            if asked.contains(&what.as_str()) {
                lacking.push(format!("{}: the server does not have {what}", project.project));
            } else {
                say(&format!("note: {}: the server does not have {what}", project.project));
                is_noted = true;
            }
        }
    }
    let lacking = Session::incomplete(lacking);
    let outcome = Session::incomplete(missing);
    if outcome == Outcome::Incomplete {
        say("hint: call it again; it tries just what is missing");
    }
    Ok(outcome.max(lacking).max(if is_noted { Outcome::Unsupported } else { Outcome::Done }))
}

/// The fields of the server's schema that a part is made of.
fn fields_of(part: Part) -> &'static [&'static str] {
    match part {
        // Without Run.history the rows come by their keys.
        Part::History => &["Run.sampledHistory"],
        Part::System => &["Run.events"],
        Part::Files => &["Run.files"],
        Part::Logs => &["Run.logLines"],
        Part::Sweeps => &["Project.sweeps"],
        _ => &[],
    }
}

fn tell(session: &Session, report: &MirrorReport) {
    for project in &report.projects {
        for damage in &project.damaged {
            say(&format!("note: {}: damaged, and fetched again: {damage}", project.project));
        }
        for what in &project.differing {
            say(&format!("note: {}: {what}; it is as the server has it now", project.project));
        }
        for note in &project.notes {
            say(&format!("note: {}: {note}", project.project));
        }
        say(&summary(project));
    }
    session.tell_what_it_took();
}

fn summary(project: &ProjectReport) -> String {
    let ProjectReport { new, grown, changed, same, gone, rows, bytes, .. } = project;
    format!(
        "{}: {new} runs new, {grown} grown, {changed} changed, {same} as they were, {} gone; {rows} rows, {bytes} bytes \
         written",
        project.project,
        gone.len()
    )
}
