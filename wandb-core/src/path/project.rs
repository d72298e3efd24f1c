//! The path of a project.

use std::fmt;
use std::str::FromStr;

use url::Url;

use super::app_link;
use super::defaults::PathDefaults;
use super::error::{PathError, PathKind};
use super::part::Part;
use crate::BaseUrl;

/// The path of a project: entity and project name.
///
/// Accepted notations are `entity/project`, or `project` with a default entity, each with optional slashes around it
/// and optionally followed by a page of the project (`entity/project/workspace`); and the URL of any of its pages in
/// the web app of any server. Names may contain spaces and any letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectPath {
    entity: String,
    project: String,
}

impl ProjectPath {
    /// Joins two names. Neither may be empty, contain a slash or a control character, or start or end with a space.
    pub fn new(entity: impl Into<String>, project: impl Into<String>) -> Result<Self, PathError> {
        let entity = Part::Entity.check(entity)?;
        Ok(Self { entity, project: Part::Of(PathKind::Project).check(project)? })
    }

    /// Parses a text in any accepted notation, filling in missing parts from the defaults.
    pub fn parse(input: &str, defaults: &PathDefaults) -> Result<Self, PathError> {
        PartialProjectPath::parse(input)?.complete(defaults)
    }

    /// The user or team that owns the project.
    pub fn entity(&self) -> &str {
        &self.entity
    }

    /// The name of the project.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The URL of the project's workspace in a server's web app.
    pub fn app_url(&self, base: &BaseUrl) -> Url {
        base.app_page([&self.entity, &self.project, "workspace"])
    }
}

/// Formats as `entity/project`, which parses to the same path.
impl fmt::Display for ProjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.entity, self.project)
    }
}

/// Parses a text in any accepted notation that includes the entity.
impl FromStr for ProjectPath {
    type Err = PathError;

    fn from_str(input: &str) -> Result<Self, Self::Err> {
        Self::parse(input, &PathDefaults::default())
    }
}

/// The path of a project with optional parts; see [`ProjectPath`] for the notations. An empty text is the default
/// project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialProjectPath {
    input: String,
    entity: Option<String>,
    project: Option<String>,
    page: Option<ProjectPage>,
}

/// A page of a project in the web app that shows only some of its runs.
///
/// ```
/// use wandb_core::{PartialProjectPath, ProjectPage};
///
/// let path = PartialProjectPath::parse("https://wandb.ai/team/project/groups/baseline/workspace")?;
/// assert_eq!(path.page(), Some(&ProjectPage::Group("baseline".to_owned())));
/// # Ok::<(), wandb_core::PathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProjectPage {
    /// The runs of a group, by its name.
    Group(String),
    /// The runs of a sweep, by its id.
    Sweep(String),
    /// A single run, by its id.
    Run(String),
    /// A saved view of the workspace, by its id, with its filters.
    Workspace(String),
}

impl PartialProjectPath {
    /// Parses a text in any accepted notation.
    pub fn parse(input: &str) -> Result<Self, PathError> {
        let (entity, project, page) = parts(input).map_err(|reason| PathError::Invalid {
            input: input.to_owned(),
            kind: PathKind::Project,
            reason,
        })?;
        Ok(Self { input: input.to_owned(), entity, project, page })
    }

    /// The page of the project in the text, if it shows only some runs.
    pub fn page(&self) -> Option<&ProjectPage> {
        self.page.as_ref()
    }

    /// The entity, if the text has one.
    pub fn entity(&self) -> Option<&str> {
        self.entity.as_deref()
    }

    /// The project, if the text has one.
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// Returns true if the entity must come from the defaults.
    pub fn needs_entity(&self) -> bool {
        self.entity.is_none()
    }

    /// Returns true if the project must come from the defaults.
    pub fn needs_project(&self) -> bool {
        self.project.is_none()
    }

    /// Fills in missing parts from the defaults.
    pub fn complete(&self, defaults: &PathDefaults) -> Result<ProjectPath, PathError> {
        let input = || self.input.clone();
        let entity = self.entity().or(defaults.entity());
        let entity = entity.ok_or_else(|| PathError::MissingEntity { input: input() })?;
        let project = self.project().or(defaults.project());
        let project = project.ok_or_else(|| PathError::MissingProject { input: input() })?;
        ProjectPath::new(entity, project)
    }
}

impl FromStr for PartialProjectPath {
    type Err = PathError;

    fn from_str(input: &str) -> Result<Self, Self::Err> {
        Self::parse(input)
    }
}

/// The entity and project in a text, and the page of the project.
type Parts = (Option<String>, Option<String>, Option<ProjectPage>);

fn parts(input: &str) -> Result<Parts, String> {
    let trimmed = input.trim();
    if let Some(segments) = app_link::segments(trimmed)? {
        let [entity, project] = app_link::project(&segments)?;
        let page_names: Vec<&str> =
            segments[app_link::page_start(&segments)..].iter().map(|segment| segment.trim()).collect();
        let page = app_link::page(&page_names, app_link::view(trimmed).as_deref());
        return Ok((Some(entity), Some(project), page));
    }
    let names: Vec<&str> = trimmed.trim_matches(['/', ' ']).split('/').map(str::trim).collect();
    let (entity, project, page_names) = match &names[..] {
        [""] => return Ok((None, None, None)),
        [project] => return Ok((None, Some((*project).to_owned()), None)),
        [entity, project] => (*entity, *project, &names[2..]),
        [entity, project, page, ..] if app_link::is_project_page(page) => (*entity, *project, &names[2..]),
        _ => return Err("it has too many parts".to_owned()),
    };
    match (entity, project) {
        ("", _) => Err("the entity is empty".to_owned()),
        (_, "") => Err("the project is empty".to_owned()),
        _ => Ok((Some(entity.to_owned()), Some(project.to_owned()), app_link::page(page_names, None))),
    }
}
