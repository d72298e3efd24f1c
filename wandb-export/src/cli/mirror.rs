//! `mirror`: copies a project, or all projects of an entity, to disk.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit::{Failure, Outcome};
use super::hints;
use super::mirror_bar::MirrorBar;
use super::output::{Destination, say};
use super::session::Session;
use crate::error::Error;
use crate::mirror::{Contents, MirrorReport, Part, ProjectReport};
use crate::source::LocalPath;

/// Mirror projects to disk: runs, histories, system metrics, files, logs and sweeps
///
/// A mirror can be interrupted at any time, and resumes the next time the command is run. It requests only new and
/// changed data. A run that cannot be fetched does not stop the others: the exit code is then 5, and the next mirror
/// retries the run.
///
/// The folder holds manifest.jsonl, runs.jsonl, runs.parquet, sweeps.parquet, history/RUN.parquet, system/RUN.parquet,
/// logs/RUN.log and files/RUN/. Tables of rows begin with a column run_id, so that they can be read as one table. A
/// mirror of all projects of an entity has one such folder per project.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export mirror my-team/my-project -o archive
  wandb-export mirror my-team -o archive --exclude files
  wandb-export mirror my-team/my-project -o archive --include runs,history --filter '{\"state\": \"finished\"}'
  wandb-export mirror my-team/my-project -o archive --verify --report report.json")]
pub(super) struct Options {
    /// The project: entity/project or its URL; or an entity, to mirror all of its projects
    pub(super) path: String,

    /// Folder of the mirror
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,

    /// Only these parts: runs, history, system, files, logs, sweeps
    #[arg(long, value_name = "PART,…", value_delimiter = ',', conflicts_with = "exclude")]
    include: Vec<Part>,

    /// All parts except these
    #[arg(long, value_name = "PART,…", value_delimiter = ',')]
    exclude: Vec<Part>,

    /// Only runs that match a MongoDB-style filter, such as {"state": "finished"}
    #[arg(long, value_name = "JSON")]
    filter: Option<String>,

    /// First check the whole mirror and fetch damaged data again; --verify=server also fetches everything from the
    /// server again, and reports the differences
    #[arg(long, value_enum, value_name = "disk|server", num_args = 0..=1, require_equals = true, default_missing_value = "disk")]
    verify: Option<Verify>,

    /// Write a JSON report to this file, or - for standard output
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Reference that the existing mirror is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Verify {
    /// The recorded digests
    Disk,
    /// The recorded digests and the server
    Server,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let contents = match &options.include[..] {
        [] => options.exclude.iter().fold(Contents::all(), |contents, part| contents.without(*part)),
        parts => Contents::only(parts.iter().copied()),
    };
    let is_entity = LocalPath::parse(&options.path).is_none()
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
            return Err(hints::add_project_hint(session, &project, error).await);
        }
    };
    if let Some(path) = &options.report {
        let text = serde_json::to_string_pretty(&report)
            .map_err(|error| Error::io("writing the report", error.into()))?;
        Destination::file(path.clone()).write_text(format!("{text}\n").as_bytes())?;
    }
    print_report(session, &report);
    Ok(report_gaps(options, &report))
}

/// Prints what the mirrors lack.
fn report_gaps(options: &Options, report: &MirrorReport) -> Outcome {
    let missing = report.projects.iter().flat_map(|project| {
        project.missing.iter().map(|missing| match &missing.run {
            Some(run) => format!("{}/{run}: {}", project.project, missing.what),
            None => format!("{}: {}", project.project, missing.what),
        })
    });
    let requested = options.include.iter().flat_map(|part| schema_fields(*part)).copied();
    let requested: Vec<_> = requested.collect();
    let mut unsupported = Vec::new();
    let mut has_notes = false;
    for project in &report.projects {
        for field in &project.unsupported {
            if requested.contains(&field.as_str()) {
                unsupported.push(format!("{}: the server does not have {field}", project.project));
            } else {
                say(&format!("note: {}: the server does not have {field}", project.project));
                has_notes = true;
            }
        }
    }
    let unsupported = Session::report_missing(unsupported);
    let outcome = Session::report_missing(missing);
    if outcome == Outcome::Incomplete {
        say("hint: run the command again to retry what is missing");
    }
    outcome.max(unsupported).max(if has_notes { Outcome::Unsupported } else { Outcome::Done })
}

/// Returns the fields of the server's schema that a part is read from.
fn schema_fields(part: Part) -> &'static [&'static str] {
    match part {
        // Without Run.history, rows are read key by key through this field.
        Part::History => &["Run.sampledHistory"],
        Part::System => &["Run.events"],
        Part::Files => &["Run.files"],
        Part::Logs => &["Run.logLines"],
        Part::Sweeps => &["Project.sweeps"],
        _ => &[],
    }
}

fn print_report(session: &Session, report: &MirrorReport) {
    for project in &report.projects {
        for damage in &project.damaged {
            say(&format!("note: {}: damaged and fetched again: {damage}", project.project));
        }
        for difference in &project.differing {
            say(&format!("note: {}: {difference}; updated from the server", project.project));
        }
        for note in &project.notes {
            say(&format!("note: {}: {note}", project.project));
        }
        say(&format_summary(project));
    }
    session.print_stats();
}

fn format_summary(project: &ProjectReport) -> String {
    let ProjectReport { new, grown, changed, same, gone, rows, bytes, .. } = project;
    format!(
        "{}: {new} new runs, {grown} grown, {changed} changed, {same} unchanged, {} gone; {rows} rows, {bytes} bytes \
         written",
        project.project,
        gone.len()
    )
}
