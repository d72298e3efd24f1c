//! Whole projects on disk: exact, resumable, incremental.
//!
//! A [`Mirror`] holds everything of a project, or of all projects of a user or team, in a folder: runs, histories,
//! system metrics, files, logs and sweeps. It can be stopped at any moment, also by a power cut, and goes on where it
//! was; later it asks only for what has changed. A run that cannot be had does not keep the others from coming.
//!
//! ```text
//! manifest.jsonl           what there is: a line for the project, then one a run, in order of ids
//! runs.jsonl               a run a line, the oldest first, with everything that `Runs` writes of it
//! runs.parquet             the same as a table: fields, config and summary as JSON text, and their scalars as columns
//! sweeps.parquet           a sweep a row
//! history/RUN.parquet      what a run has logged, a step a row; the column run_id comes first
//! system/RUN.parquet       what its machine measured meanwhile
//! logs/RUN.log             what it has printed
//! files/RUN/…              the files it has saved
//! ```
//!
//! A mirror is read like the server itself: [`Api::run`], [`Api::runs`] and the others take the folder of a project, or a run's id
//! behind it, in place of a path. `docs/mirror.md` says what little is different then.
//!
//! A table of a run's rows, or a log, without any is no file. A run whose id some system could not hold as a name, or would take for that
//! of another run, is called otherwise, and its line in the manifest says how (`here`).
//!
//! ```no_run
//! # #[cfg(feature = "async")]
//! # async fn example() -> Result<(), wandb_export::Error> {
//! use wandb_export::mirror::Part;
//!
//! let api = wandb_export::Api::connect()?;
//! let mirror = api.mirror("my-team/my-project").await?.without(Part::Files);
//! let report = mirror.sync("archive").await?;
//! for project in &report.projects {
//!     println!("{} new, {} as they were", project.new, project.same);
//! }
//! assert!(report.is_complete());
//! # Ok(())
//! # }
//! ```

mod compare;
mod contents;
mod copy;
mod disk;
mod errors;
mod event;
mod index;
mod joint;
mod journal;
mod layout;
mod lines;
mod plan;
mod project;
mod read;
mod record;
mod report;
mod rows;
mod run_copy;
mod run_files;
mod store;
mod table_file;
mod tables;
#[cfg(all(test, feature = "mock"))]
mod tests;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use wandb_core::ProjectPath;
use wandb_graphql::Filter;

pub use contents::{Contents, Part, UnknownPart};
pub use event::MirrorEvent;
pub(crate) use read::{Archive, MirroredRows, MirroredRun, is_mirror};
pub use report::{MirrorReport, Missing, ProjectReport};

use self::disk::{Disk, make_lasting};
use self::errors::{is_final, is_of_all_projects};
use self::project::Project;
use crate::api::Api;
use crate::error::Error;
use crate::files::Folder;
use crate::issue::Issue;

/// Whom events are told.
type Tell = Arc<dyn Fn(&MirrorEvent) + Send + Sync>;

/// A mirror of a project, or of all projects of a user or team, to be refined and then brought up to date.
#[derive(Clone)]
#[must_use]
pub struct Mirror {
    api: Api,
    target: Target,
    contents: Contents,
    filter: Option<Filter>,
    verify: bool,
    compare: bool,
    tell: Tell,
}

#[derive(Debug, Clone)]
enum Target {
    Project(ProjectPath),
    Entity(String),
}

impl Mirror {
    pub(crate) fn of_project(api: Api, project: ProjectPath) -> Self {
        Self::new(api, Target::Project(project))
    }

    pub(crate) fn of_entity(api: Api, entity: String) -> Self {
        Self::new(api, Target::Entity(entity))
    }

    fn new(api: Api, target: Target) -> Self {
        let tell = Arc::new(|_: &MirrorEvent| {});
        Self { api, target, contents: Contents::all(), filter: None, verify: false, compare: false, tell }
    }

    /// What it is to hold. Default: everything. What an earlier mirror has put there and is not wanted now stays.
    pub fn contents(self, contents: Contents) -> Self {
        Self { contents, ..self }
    }

    /// The same without one part.
    pub fn without(self, part: Part) -> Self {
        Self { contents: self.contents.without(part), ..self }
    }

    /// Only the runs that a filter in the manner of `MongoDB` lets through, as JSON text; see
    /// [`Runs::filter`](crate::Runs::filter). Other runs that are there stay as they are, and none is taken to be gone.
    ///
    /// # Errors
    /// If it is not a JSON object.
    pub fn filter(self, json: &str) -> Result<Self, Error> {
        Ok(Self { filter: Some(json.parse()?), ..self })
    }

    /// Whether to read everything that is there first and to fetch again what is not as it was written. Default: no.
    pub fn verify(self, verify: bool) -> Self {
        Self { verify, ..self }
    }

    /// Whether to ask for everything again and to hold what is there against it, also what shows no change: a config that
    /// somebody has edited long after the run's end. What differs is told in the report and is as the server has it then.
    /// Takes as long as a new mirror, but for files, which are known by their digests. Default: no.
    pub fn compare(self, compare: bool) -> Self {
        Self { compare, ..self }
    }

    /// Has events told to `tell`, which is called from wherever they happen and should not take long.
    pub fn on_event(self, tell: impl Fn(&MirrorEvent) + Send + Sync + 'static) -> Self {
        Self { tell: Arc::new(tell), ..self }
    }

    /// Brings the mirror in `folder` up to date; the folder is made if there is none. The mirror of a project is the
    /// folder itself, those of many projects are folders in it.
    ///
    /// What cannot be had of single runs is in the report, and is tried again the next time. Dropping the future, or
    /// killing the process, leaves what is there whole; the next call goes on from it.
    ///
    /// # Errors
    /// If the project does not exist, the key is refused, the server cannot be reached, the disk fails, or the folder
    /// holds something else or is being mirrored to by another process.
    pub async fn sync(self, folder: impl AsRef<Path>) -> Result<MirrorReport, Error> {
        let folder = folder.as_ref().to_owned();
        let mut report = MirrorReport::default();
        let before = self.api.tally();
        match self.target.clone() {
            Target::Project(project) => report.projects.push(self.project(project, folder).await?),
            Target::Entity(entity) => {
                let (projects, issues) = self.projects(&entity, folder).await?;
                let missing = issues.iter().map(|issue| Missing { run: None, what: issue.to_string() });
                let missing: Vec<_> = missing.collect();
                if !missing.is_empty() {
                    let project = entity.clone();
                    report.projects.push(ProjectReport { project, missing, ..ProjectReport::default() });
                }
                for (project, folder) in projects {
                    let path = project.to_string();
                    match self.project(project, folder).await {
                        Ok(one) => report.projects.push(one),
                        // What was mirrored until then is told all the same.
                        Err(error) if is_final(&error) && !report.projects.is_empty() => {
                            report.projects.push(ProjectReport::failed(path, &error));
                            break;
                        }
                        Err(error) if is_of_all_projects(&error) => return Err(error),
                        // One bad project does not keep the others from coming.
                        Err(error) => report.projects.push(ProjectReport::failed(path, &error)),
                    }
                }
            }
        }
        report.took(&before, &self.api.tally());
        Ok(report)
    }

    /// The projects of an entity and the folders of their mirrors, which stay the same whatever projects come or go; and
    /// what is missing from the list.
    async fn projects(
        &self,
        entity: &str,
        folder: PathBuf,
    ) -> Result<(Vec<(ProjectPath, PathBuf)>, Vec<Issue>), Error> {
        let (mut projects, mut issues) = self.api.open_projects(entity).collect().await?;
        projects.sort_by(|one, other| one.name.cmp(&other.name));
        let list = format!("projects of {entity}");
        let assign = move || {
            let failed = |error| Error::io(format!("opening {}", folder.display()), error);
            make_lasting(&folder).map_err(failed)?;
            let root = Folder::open(&folder).map_err(failed)?;
            let mut names = root.names().map_err(failed)?;
            let mut has_new = false;
            let mut places = Vec::with_capacity(projects.len());
            for project in projects {
                let path = match ProjectPath::new(&*project.entity, &*project.name) {
                    Ok(path) => path,
                    Err(error) => {
                        issues.push(Issue::unusable_name(&list, &error));
                        continue;
                    }
                };
                let (here, is_new) = names.assign_component(&project.name, "");
                has_new |= is_new;
                places.push((path, root.place(&here)));
            }
            if has_new {
                root.save_names(names.renamed()).map_err(failed)?;
            }
            Ok::<_, Error>((places, issues))
        };
        self.api.client().work(assign).await
    }

    async fn project(&self, project: ProjectPath, folder: PathBuf) -> Result<ProjectReport, Error> {
        let open = {
            let folder = folder.clone();
            move || Disk::open(&folder)
        };
        let opened = self.api.client().work(open).await;
        let opened = opened.map_err(|error| Error::io(format!("opening {}", folder.display()), error))?;
        let Some(disk) = opened else {
            return Err(Error::Mirror {
                folder,
                message: "another process is at work on it; wait until it is done".to_owned(),
            });
        };
        self.project_on(project, disk).await
    }

    /// The mirror of a project on a disk that is there.
    async fn project_on(&self, project: ProjectPath, disk: Disk) -> Result<ProjectReport, Error> {
        let Self { api, contents, filter, verify, compare, tell, .. } = self.clone();
        Project { api, path: project, disk, contents, filter, verify, compare, tell }.sync().await
    }
}

impl std::fmt::Debug for Mirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mirror")
            .field("target", &self.target)
            .field("contents", &self.contents)
            .field("filter", &self.filter)
            .finish_non_exhaustive()
    }
}
