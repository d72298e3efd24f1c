//! `reports`: lists or downloads the reports of a project.

use std::cell::RefCell;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use futures_util::TryStreamExt;
use wandb_core::model::{View, ViewKind};
use wandb_core::{Row, Value};
use wandb_storage::safe_names::{is_safe_component, replace_unsafe};
use wandb_tables::Output;

use super::exit::{Failure, Outcome};
use super::output::{Destination, say};
use super::session::Session;
use crate::api::write_rows;
use crate::error::Error;
use crate::issue::Issue;
use crate::report_to_markdown;

/// List the reports of a project, or download them as Markdown and JSON
///
/// With --download, each report becomes two files named after its title and id: a Markdown file to read, with the
/// panels' metrics and the filters of their runs in words, and a JSON file with all that the server has. Panels are not
/// drawn.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export reports my-team/my-project
  wandb-export reports my-team/my-project --download -o reports
  wandb-export reports my-team/my-project --name 'Ablation study' --content -f jsonl
  wandb-export reports my-team/my-project --kind workspaces --download -o workspaces")]
pub(super) struct Options {
    /// The project: entity/project, or its URL
    pub(super) path: String,

    /// Only the report with this title or id; may be repeated
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,

    /// What to list: reports, their unpublished drafts, or saved workspaces, which are downloaded as JSON only
    #[arg(long, value_enum, default_value_t = Kind::Reports)]
    kind: Kind,

    /// Add a column `content`: the blocks and panels
    #[arg(long, conflicts_with = "download")]
    content: bool,

    /// Download the reports; -o is then the target folder [default: .]
    #[arg(long)]
    download: bool,

    /// With --download: overwrite existing files
    #[arg(long, requires = "download")]
    replace: bool,

    #[command(flatten)]
    destination: Destination,
}

/// The kind of the views.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Reports,
    Drafts,
    Workspaces,
}

impl From<Kind> for ViewKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Reports => Self::Report,
            Kind::Drafts => Self::Draft,
            Kind::Workspaces => Self::Workspace,
        }
    }
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let destination =
        if options.download { options.destination.to_stdout() } else { options.destination.clone() };
    let progress = session.start_progress();
    let sink = progress.count_rows(destination.open_sink()?);
    let api = &session.api;
    let reader = api.views(&options.path, options.kind.into()).await?;
    let issues = reader.issues_handle();
    let folder = options.destination.folder().to_owned();
    if options.download {
        let making = || format!("creating the folder {}", folder.display());
        std::fs::create_dir_all(&folder).map_err(|error| Error::io(making(), error))?;
    }
    let found = RefCell::new(vec![false; options.name.len()]);
    let problems = RefCell::new(Problems::default());
    let rows = reader.into_stream().try_filter_map(|view| {
        let is_wanted = options.is_wanted(&view, &mut found.borrow_mut());
        let rows = match is_wanted {
            true if options.download => {
                let files = download(&view, &folder, options, &mut problems.borrow_mut());
                files.into_iter().map(|path| download_row(&view, &path)).collect()
            }
            true => vec![options.row(&view, api.base_url())],
            false => Vec::new(),
        };
        async move { Ok(Some(rows)) }
    });
    let report = write_rows(rows, sink).await?;
    drop(progress);
    session.print_notes(&report, destination.format()?);
    let Problems { failed, issues: own } = problems.into_inner();
    let mut outcome = Session::report_issues(issues.to_vec().iter().chain(&own));
    outcome = outcome.max(Session::report_missing(failed.iter().map(Error::with_causes)));
    if failed.iter().any(|error| matches!(error, Error::FileExists { .. })) {
        say("hint: use --replace to overwrite existing files");
    }
    let missing = options.name.iter().zip(found.into_inner()).filter(|(_, is_found)| !is_found);
    let missing: Vec<&String> = missing.map(|(name, _)| name).collect();
    let error = |name: &str| Error::NoSuchReport { project: options.path.clone(), name: name.to_owned() };
    match missing[..] {
        [] => Ok(outcome),
        [name] if options.name.len() == 1 => Err(error(name).into()),
        _ => Ok(outcome.max(Session::report_missing(missing.into_iter().map(|name| error(name))))),
    }
}

impl Options {
    /// Whether the view was asked for. Marks the names that it has.
    fn is_wanted(&self, view: &View, found: &mut [bool]) -> bool {
        let mut is_wanted = self.name.is_empty();
        for (name, is_found) in self.name.iter().zip(found) {
            if name == view.title() || *name == view.id || Some(name) == view.name.as_ref() {
                (*is_found, is_wanted) = (true, true);
            }
        }
        is_wanted
    }

    fn row(&self, view: &View, server: &wandb_core::BaseUrl) -> Row {
        let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty()).map(Value::String);
        let time = |time: &Option<wandb_core::model::Timestamp>| {
            time.as_ref().map(|time| Value::String(time.to_string()))
        };
        let url = view.report_url(server).ok().filter(|_| self.kind == Kind::Reports);
        // Content that is not JSON is still worth having as text.
        let content = || view.content().ok().or_else(|| view.spec.clone().map(Value::String));
        let user = view.user.as_ref().and_then(|user| user.username.clone().or_else(|| user.name.clone()));
        let cells = [
            ("title", Some(Value::String(view.title().to_owned()))),
            ("id", Some(Value::String(view.id.clone()))),
            ("name", text(&view.name)),
            ("description", text(&view.description)),
            ("user", text(&user)),
            ("created_at", time(&view.created_at)),
            ("updated_at", time(&view.updated_at)),
            ("url", url.map(|url| Value::String(url.into()))),
            ("preview_url", text(&view.preview_url)),
            ("content", if self.content { content() } else { None }),
        ];
        cells.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// What went wrong in downloads.
#[derive(Debug, Default)]
struct Problems {
    /// Files that were not written.
    failed: Vec<Error>,
    /// Reports that are not as they should be.
    issues: Vec<Issue>,
}

/// Writes the files of a report. Returns their paths.
fn download(view: &View, folder: &Path, options: &Options, problems: &mut Problems) -> Vec<PathBuf> {
    let mut contents = vec![("json", view.spec.clone().unwrap_or_else(|| "null".to_owned()))];
    if options.kind != Kind::Workspaces {
        match report_to_markdown(view) {
            Ok(markdown) => contents.insert(0, ("md", markdown)),
            Err(error) => problems.issues.push(Issue::Unreadable {
                list: format!("reports of {}", options.path),
                item: Some(view.title().to_owned()),
                detail: format!("its content is not JSON: {error}"),
            }),
        }
    }
    let mut written = Vec::new();
    for (extension, content) in contents {
        let path = folder.join(file_name(view, extension));
        match write_file(&path, content.as_bytes(), options.replace) {
            Ok(()) => written.push(path),
            Err(error) => problems.failed.push(error),
        }
    }
    written
}

/// The name of a report's file: the words of its title, and its id.
fn file_name(view: &View, extension: &str) -> String {
    let name = format!("{}.{extension}", view.page_name());
    if is_safe_component(&name) { name } else { replace_unsafe(&name.replace('/', "_"), 0) }
}

/// Writes a file, unless it exists with the same content.
fn write_file(path: &Path, content: &[u8], replace: bool) -> Result<(), Error> {
    match std::fs::read(path) {
        Ok(existing) if existing == content => return Ok(()),
        Ok(_) if !replace => return Err(Error::FileExists { path: path.to_owned(), what: "another file" }),
        _ => {}
    }
    let mut output = Output::file(path)?;
    output.write_all(content).map_err(|error| output.error(error))?;
    output.commit()?;
    Ok(())
}

fn download_row(view: &View, path: &Path) -> Row {
    let cells = [("title", view.title().to_owned()), ("path", path.to_string_lossy().into_owned())];
    cells.into_iter().map(|(name, text)| (name, Value::String(text))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_safe() {
        let name = |title: &str, id: &str| {
            let mut view = View::new("team", "project", id);
            view.display_name = Some(title.to_owned());
            file_name(&view, "md")
        };
        assert_eq!(name("Ablation: study / 2", "Vmlldzox=="), "Ablation-study-2--Vmlldzox.md");
        for (title, id) in [("..", "../../x"), ("", "a/b"), (&*"x".repeat(400), "id"), ("\u{202e}", "\0")] {
            let name = name(title, id);
            assert!(is_safe_component(&name), "{title:?} {id:?}: {name:?}");
        }
    }
}
