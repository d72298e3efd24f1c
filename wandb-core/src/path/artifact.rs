//! The path of a version of an artifact.

use std::fmt;
use std::str::FromStr;

use super::app_link;
use super::artifact_uri::ArtifactUri;
use super::defaults::PathDefaults;
use super::error::{PathError, PathKind};
use super::part::Part;
use super::project::ProjectPath;

/// The alias of a path that names none.
const LATEST: &str = "latest";

/// The beginning of the names of projects that are registries (`REGISTRY_PREFIX` in `sdk/artifacts/_validators.py`).
pub(super) const REGISTRY_PREFIX: &str = "wandb-registry-";

/// Returns the name of a registry if a project is one: `model` for `wandb-registry-model`.
pub(crate) fn registry_name(project: &str) -> Option<&str> {
    project.strip_prefix(REGISTRY_PREFIX).filter(|name| !name.is_empty())
}

/// The path of a version of an artifact: entity, project, collection and alias.
///
/// The alias is a version (`v3`), a name (`latest`, `best`) or a digest. Without one, the path means `latest`.
///
/// Accepted notations are `entity/project/name:alias`, and with defaults `project/name:alias` or `name:alias`;
/// `organization/wandb-registry-NAME/collection:alias` for a registry; each of them behind `wandb-artifact://`; and the
/// URL of the artifact's page in the web app, also of its page in a registry.
///
/// ```
/// use wandb_core::ArtifactPath;
///
/// let path: ArtifactPath = "https://wandb.ai/team/my%20project/artifacts/model/resnet/v3/files".parse()?;
/// assert_eq!(path.to_string(), "team/my project/resnet:v3");
/// assert_eq!("team/project/resnet".parse::<ArtifactPath>()?.alias(), "latest");
/// # Ok::<(), wandb_core::PathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactPath {
    project: ProjectPath,
    collection: String,
    alias: String,
}

impl ArtifactPath {
    /// Joins four names. None may be empty, contain a control character, or start or end with a space. Only the alias
    /// may contain slashes and colons.
    pub fn new(
        entity: impl Into<String>,
        project: impl Into<String>,
        collection: impl Into<String>,
        alias: impl Into<String>,
    ) -> Result<Self, PathError> {
        let project =
            ProjectPath::new(without_colon("an entity", entity)?, without_colon("a project", project)?)?;
        let collection = without_colon("an artifact", Part::Of(PathKind::Artifact).check(collection)?)?;
        Ok(Self { project, collection, alias: checked_alias(alias.into())? })
    }

    /// Parses a text in any accepted notation, filling in missing parts from the defaults.
    pub fn parse(input: &str, defaults: &PathDefaults) -> Result<Self, PathError> {
        PartialArtifactPath::parse(input)?.complete(defaults)
    }

    /// The user, team or organization that owns the project.
    pub fn entity(&self) -> &str {
        self.project.entity()
    }

    /// The name of the project.
    pub fn project(&self) -> &str {
        self.project.project()
    }

    /// The name of the collection: the artifact's name without its version.
    pub fn collection(&self) -> &str {
        &self.collection
    }

    /// The version, alias or digest.
    pub fn alias(&self) -> &str {
        &self.alias
    }

    /// The path of the project.
    pub fn project_path(&self) -> &ProjectPath {
        &self.project
    }

    /// The collection and the alias as the server takes them: `resnet:v3`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.collection, self.alias)
    }

    /// The name of the registry if the project is one.
    ///
    /// ```
    /// use wandb_core::ArtifactPath;
    ///
    /// let path: ArtifactPath = "org/wandb-registry-model/resnet:v3".parse()?;
    /// assert_eq!(path.registry(), Some("model"));
    /// # Ok::<(), wandb_core::PathError>(())
    /// ```
    pub fn registry(&self) -> Option<&str> {
        registry_name(self.project())
    }
}

fn without_colon(part: &'static str, name: impl Into<String>) -> Result<String, PathError> {
    let name = name.into();
    if name.contains(':') {
        return Err(PathError::Part { part, name, reason: "it holds a colon" });
    }
    Ok(name)
}

fn checked_alias(alias: String) -> Result<String, PathError> {
    let reason = if alias.is_empty() {
        "it is empty"
    } else if alias.chars().any(char::is_control) {
        "it holds a control character"
    } else if alias.trim().len() != alias.len() {
        "it begins or ends with a space"
    } else {
        return Ok(alias);
    };
    Err(PathError::Part { part: "an alias", name: alias, reason })
}

/// Formats as `entity/project/name:alias`, which parses to the same path.
impl fmt::Display for ArtifactPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.project, self.collection, self.alias)
    }
}

/// Parses a text in any accepted notation that includes entity and project.
impl FromStr for ArtifactPath {
    type Err = PathError;

    fn from_str(input: &str) -> Result<Self, Self::Err> {
        Self::parse(input, &PathDefaults::default())
    }
}

/// The path of a version of an artifact with optional parts; see [`ArtifactPath`] for the notations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialArtifactPath {
    input: String,
    entity: Option<String>,
    project: Option<String>,
    collection: String,
    alias: String,
}

impl PartialArtifactPath {
    /// Parses a text in any accepted notation.
    pub fn parse(input: &str) -> Result<Self, PathError> {
        let Parts { entity, project, collection, alias } =
            parts(input.trim()).and_then(Parts::without_empty).map_err(|reason| PathError::Invalid {
                input: input.to_owned(),
                kind: PathKind::Artifact,
                reason,
            })?;
        Ok(Self { input: input.to_owned(), entity, project, collection, alias })
    }

    /// The entity, if the text has one.
    pub fn entity(&self) -> Option<&str> {
        self.entity.as_deref()
    }

    /// The project, if the text has one.
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// The name of the collection.
    pub fn collection(&self) -> &str {
        &self.collection
    }

    /// The version, alias or digest.
    pub fn alias(&self) -> &str {
        &self.alias
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
    pub fn complete(&self, defaults: &PathDefaults) -> Result<ArtifactPath, PathError> {
        let input = || self.input.clone();
        let entity = self.entity().or(defaults.entity());
        let entity = entity.ok_or_else(|| PathError::MissingEntity { input: input() })?;
        let project = self.project().or(defaults.project());
        let project = project.ok_or_else(|| PathError::MissingProject { input: input() })?;
        ArtifactPath::new(entity, project, &self.collection, &self.alias)
    }
}

impl FromStr for PartialArtifactPath {
    type Err = PathError;

    fn from_str(input: &str) -> Result<Self, Self::Err> {
        Self::parse(input)
    }
}

/// The parts of a path found in a text.
struct Parts {
    entity: Option<String>,
    project: Option<String>,
    collection: String,
    alias: String,
}

impl Parts {
    fn new(names: &[&str], alias: Option<&str>) -> Result<Self, String> {
        let owned = |name: &&str| name.trim().to_owned();
        let (entity, project, collection) = match names {
            [collection] => (None, None, collection),
            [project, collection] => (None, Some(project), collection),
            [entity, project, collection] => (Some(entity), Some(project), collection),
            _ => return Err("it has too many parts".to_owned()),
        };
        Ok(Self {
            entity: entity.map(owned),
            project: project.map(owned),
            collection: owned(collection),
            alias: alias.unwrap_or(LATEST).trim().to_owned(),
        })
    }

    fn without_empty(self) -> Result<Self, String> {
        let is_empty = |part: &Option<String>| part.as_ref().is_some_and(String::is_empty);
        if is_empty(&self.entity) {
            Err("the entity is empty".to_owned())
        } else if is_empty(&self.project) {
            Err("the project is empty".to_owned())
        } else if self.collection.is_empty() {
            Err("the name is empty".to_owned())
        } else if self.alias.is_empty() {
            Err("the version behind the colon is empty".to_owned())
        } else {
            Ok(self)
        }
    }
}

fn parts(input: &str) -> Result<Parts, String> {
    if let Some(rest) = input.strip_prefix(ArtifactUri::SCHEME) {
        if ArtifactUri::parse(input).is_some() {
            return Err("it names the artifact by its id and not by its path".to_owned());
        }
        return plain(rest);
    }
    match app_link::segments(input)? {
        Some(segments) => match app_link::registry_selection(input) {
            Some((selection, version)) => {
                Parts::new(&selection.split('/').collect::<Vec<_>>(), version.as_deref())
            }
            None => page(&segments.iter().map(String::as_str).collect::<Vec<_>>())
                .unwrap_or_else(|| Err("the web address has no /artifacts/TYPE/NAME segments".to_owned())),
        },
        None => plain(input),
    }
}

/// Parses a text that is not a URL, like the Python SDK (`ArtifactPath.from_str` in `sdk/artifacts/_validators.py`). Also
/// accepts the path of a page of the app.
fn plain(input: &str) -> Result<Parts, String> {
    // The alias may itself hold slashes and colons.
    let (names, alias) = match input.split_once(':') {
        Some((names, alias)) => (names, Some(alias)),
        None => (input, None),
    };
    let names = if alias.is_some() { names.trim_start_matches('/') } else { names.trim_matches('/') };
    let names: Vec<&str> = names.split('/').collect();
    match (page(&names), alias) {
        (Some(found), None) => found,
        (Some(found), Some(alias)) => found.map(|parts| Parts { alias: alias.trim().to_owned(), ..parts }),
        (None, alias) => Parts::new(&names, alias),
    }
}

/// Finds the artifact of a page: `…/entity/project/artifacts/type/name/version`. Segments before the entity are the path
/// prefix of a self-hosted server.
fn page(segments: &[&str]) -> Option<Result<Parts, String>> {
    let at =
        (2..segments.len().saturating_sub(2)).find(|&at| segments[at] == PathKind::Artifact.segment())?;
    let names = [segments[at - 2], segments[at - 1], segments[at + 2]];
    Some(Parts::new(&names, segments.get(at + 3).copied()))
}
