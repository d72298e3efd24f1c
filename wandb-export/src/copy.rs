//! Copies projects into mirrors. [`crate::mirror`] says what a mirror is.

mod batch_sizer;
mod compare;
mod copier;
mod copy_result;
mod errors;
mod event;
mod lines;
mod plan;
mod project;
mod report;
mod rows;
mod run_copy;
mod run_files;
#[cfg(all(test, feature = "mock"))]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wandb_core::ProjectPath;
use wandb_graphql::Filter;
use wandb_mirror::{Contents, Disk, Part};
use wandb_storage::make_lasting;

pub use event::MirrorEvent;
pub use report::{MirrorReport, Missing, ProjectReport};

use self::errors::{is_final, is_global};
use self::project::ProjectSync;
use crate::api::Api;
use crate::error::Error;
use crate::files::DownloadFolder;
use crate::issue::Issue;

/// The callback that receives events.
type EventListener = Arc<dyn Fn(&MirrorEvent) + Send + Sync>;

/// A builder for the mirror of a project, or of all projects of a user or team. [`sync`](Self::sync) runs it.
#[derive(Clone)]
#[must_use]
pub struct Mirror {
    api: Api,
    target: Target,
    contents: Contents,
    filter: Option<Filter>,
    verify: bool,
    compare: bool,
    on_event: EventListener,
}

#[derive(Debug, Clone)]
enum Target {
    Project(ProjectPath),
    Entity(String),
}

/// Locks a value that is consistent between statements, so a poisoned lock is still usable.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Api {
    /// Creates a mirror of the project at `path`, to be synced into a folder.
    ///
    /// # Errors
    /// If `path` is not a project path. The project itself is looked up only when the mirror is synced.
    pub async fn mirror(&self, path: &str) -> Result<Mirror, Error> {
        Ok(Mirror::for_project(self.clone(), self.project_path(path).await?))
    }

    /// Creates a mirror of all projects of a user or team.
    pub fn mirror_all(&self, entity: &str) -> Mirror {
        Mirror::new(self.clone(), Target::Entity(entity.to_owned()))
    }
}

impl Mirror {
    fn for_project(api: Api, project: ProjectPath) -> Self {
        Self::new(api, Target::Project(project))
    }

    fn new(api: Api, target: Target) -> Self {
        let on_event = Arc::new(|_: &MirrorEvent| {});
        Self { api, target, contents: Contents::all(), filter: None, verify: false, compare: false, on_event }
    }

    /// Sets the parts to copy. Default: all of them. Parts copied by an earlier sync stay if they are no
    /// longer wanted.
    pub fn contents(self, contents: Contents) -> Self {
        Self { contents, ..self }
    }

    /// Leaves out one part.
    pub fn without(self, part: Part) -> Self {
        Self { contents: self.contents.without(part), ..self }
    }

    /// Copies only the runs that match a `MongoDB`-style filter, given as JSON text; see
    /// [`Runs::filter`](crate::Runs::filter). Runs already in the mirror stay, and none is marked as deleted.
    ///
    /// # Errors
    /// If `json` is not a JSON object.
    pub fn filter(self, json: &str) -> Result<Self, Error> {
        Ok(Self { filter: Some(json.parse()?), ..self })
    }

    /// Sets whether to read the whole mirror first and fetch damaged files again. Default: no.
    pub fn verify(self, verify: bool) -> Self {
        Self { verify, ..self }
    }

    /// Sets whether to fetch everything again and compare it with the mirror. This finds changes that the
    /// list of runs does not show, such as a config edited long after the run ended. Differences are
    /// reported, and the mirror takes the server's version. Takes as long as a new mirror, except for files,
    /// which are compared by digest. Default: no.
    pub fn compare(self, compare: bool) -> Self {
        Self { compare, ..self }
    }

    /// Sets a callback for events. It runs on the thread where the event happens, so it should return quickly.
    pub fn on_event(self, on_event: impl Fn(&MirrorEvent) + Send + Sync + 'static) -> Self {
        Self { on_event: Arc::new(on_event), ..self }
    }

    /// Brings the mirror in `folder` up to date, creating the folder if it is missing. The mirror of one
    /// project is the folder itself; each of several projects gets a folder inside it.
    ///
    /// The report lists data of single runs that could not be fetched; the next sync retries it. Dropping the
    /// future or killing the process leaves the mirror intact, and the next call resumes it.
    ///
    /// # Errors
    /// If the project does not exist, the key is refused, the server cannot be reached, the disk fails, or
    /// the folder holds something else or is in use by another process.
    pub async fn sync(self, folder: impl AsRef<Path>) -> Result<MirrorReport, Error> {
        let folder = folder.as_ref().to_owned();
        let mut report = MirrorReport::default();
        let before = self.api.stats();
        match self.target.clone() {
            Target::Project(project) => report.projects.push(self.sync_project(project, folder).await?),
            Target::Entity(entity) => {
                let (projects, issues) = self.assign_folders(&entity, folder).await?;
                let missing = issues.iter().map(|issue| Missing { run: None, what: issue.to_string() });
                let missing: Vec<_> = missing.collect();
                if !missing.is_empty() {
                    let project = entity.clone();
                    report.projects.push(ProjectReport { project, missing, ..ProjectReport::default() });
                }
                for (project, folder) in projects {
                    let path = project.to_string();
                    match self.sync_project(project, folder).await {
                        Ok(one) => report.projects.push(one),
                        // The report still covers the projects mirrored so far.
                        Err(error) if is_final(&error) && !report.projects.is_empty() => {
                            report.projects.push(ProjectReport::failed(path, &error));
                            break;
                        }
                        Err(error) if is_global(&error) => return Err(error),
                        // One bad project does not hold up the others.
                        Err(error) => report.projects.push(ProjectReport::failed(path, &error)),
                    }
                }
            }
        }
        report.set_traffic(&before, &self.api.stats());
        Ok(report)
    }

    /// Lists the projects of an entity with the folders of their mirrors, and the issues of the list. A
    /// project keeps its folder when others are added or deleted.
    async fn assign_folders(
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
            let root = DownloadFolder::open(&folder).map_err(failed)?;
            let mut names = root.read_names().map_err(failed)?;
            let mut has_new = false;
            let mut folders = Vec::with_capacity(projects.len());
            for project in projects {
                let path = match ProjectPath::new(&*project.entity, &*project.name) {
                    Ok(path) => path,
                    Err(error) => {
                        issues.push(Issue::unusable_name(&list, &error));
                        continue;
                    }
                };
                let (name, is_new) = names.assign_component(&project.name, "");
                has_new |= is_new;
                folders.push((path, root.full_path(&name)));
            }
            if has_new {
                root.save_names(names.renamed()).map_err(failed)?;
            }
            Ok::<_, Error>((folders, issues))
        };
        self.api.client().work(assign).await
    }

    async fn sync_project(&self, project: ProjectPath, folder: PathBuf) -> Result<ProjectReport, Error> {
        let open = {
            let folder = folder.clone();
            move || Disk::open(&folder)
        };
        let opened = self.api.client().work(open).await;
        let opened = opened.map_err(|error| Error::io(format!("opening {}", folder.display()), error))?;
        let Some(disk) = opened else {
            return Err(Error::Mirror {
                folder,
                message: "another process is writing to it; wait until it has finished".to_owned(),
            });
        };
        self.sync_on_disk(project, disk).await
    }

    /// Mirrors a project to a disk that is already open.
    async fn sync_on_disk(&self, project: ProjectPath, disk: Disk) -> Result<ProjectReport, Error> {
        let Self { api, contents, filter, verify, compare, on_event, .. } = self.clone();
        ProjectSync { api, path: project, disk, contents, filter, verify, compare, on_event }.sync().await
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
