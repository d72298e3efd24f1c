//! Shared code of the paths of runs and sweeps, both of which name an object in a project.

use super::app_link;
use super::error::{PathError, PathKind};

/// The parts of a path found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathParts {
    pub(super) entity: Option<String>,
    pub(super) project: Option<String>,
    pub(super) name: String,
}

impl PathParts {
    pub(super) fn full(entity: &str, project: &str, name: &str) -> Self {
        Self::new(Some(entity), Some(project), name)
    }

    fn new(entity: Option<&str>, project: Option<&str>, name: &str) -> Self {
        let owned = |part: &str| part.trim().to_owned();
        Self { entity: entity.map(owned), project: project.map(owned), name: owned(name) }
    }

    /// Parses a text in any accepted notation.
    pub(super) fn parse(input: &str, kind: PathKind) -> Result<Self, PathError> {
        let trimmed = input.trim();
        let parts = match app_link::segments(trimmed) {
            Ok(Some(segments)) => app_link::item(&segments, kind),
            Ok(None) => plain(trimmed),
            Err(reason) => Err(reason),
        };
        parts.and_then(Self::without_empty_parts).map_err(|reason| PathError::Invalid {
            input: input.to_owned(),
            kind,
            reason,
        })
    }

    fn without_empty_parts(self) -> Result<Self, String> {
        let empty = |part: &Option<String>| part.as_ref().is_some_and(String::is_empty);
        if empty(&self.entity) {
            Err("the entity is empty".to_owned())
        } else if empty(&self.project) {
            Err("the project is empty".to_owned())
        } else if self.name.is_empty() {
            Err("the name is empty".to_owned())
        } else {
            Ok(self)
        }
    }
}

/// Parses a text that is not a URL, like the Python SDK (`_parse_path` in `apis/public/api.py`). Also accepts
/// `entity/project/runs/run/…` followed by a page of the run.
fn plain(input: &str) -> Result<PathParts, String> {
    const SLASHES_AND_SPACES: [char; 2] = ['/', ' '];
    let whole: Vec<&str> = input.trim_matches(SLASHES_AND_SPACES).split('/').collect();
    // Try the literal text first, because a project may itself be called `runs` or `sweeps`.
    if let [entity, project, "runs" | "sweeps", name] = whole[..] {
        return Ok(PathParts::full(entity, project, name));
    }
    let short = input.replace("/runs/", "/").replace("/sweeps/", "/");
    let short: Vec<&str> = short.trim_matches(SLASHES_AND_SPACES).split('/').collect();
    match short[..] {
        [entity, project, name] | [entity, project, "runs", name] => {
            Ok(PathParts::full(entity, project, name))
        }
        [entity, docker] if docker.contains(':') => {
            let (project, name) = docker.split_once(':').unwrap_or((docker, ""));
            Ok(PathParts::full(entity, project, name))
        }
        [project, name] => Ok(PathParts::new(None, Some(project), name)),
        [single] => Ok(match single.split_once(':') {
            Some((project, name)) => PathParts::new(None, Some(project), name),
            None => PathParts::new(None, None, single),
        }),
        _ => match whole[..] {
            [entity, project, "runs" | "sweeps", name, ..] => Ok(PathParts::full(entity, project, name)),
            _ => Err("it has too many parts".to_owned()),
        },
    }
}

/// Defines the path of an object in a project and its partial form.
macro_rules! item_path {
    (
        $kind:expr,
        $(#[$path_doc:meta])* $Path:ident,
        $(#[$partial_doc:meta])* $Partial:ident,
        $(#[$name_doc:meta])* $name:ident
    ) => {
        $(#[$path_doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $Path {
            project: $crate::path::ProjectPath,
            $name: String,
        }

        impl $Path {
            /// Joins three names. None may be empty, contain a slash or a control character, or start or end with a
            /// space.
            pub fn new(
                entity: impl Into<String>,
                project: impl Into<String>,
                $name: impl Into<String>,
            ) -> Result<Self, $crate::path::PathError> {
                let $name = $crate::path::part::Part::Of($kind).check($name)?;
                Ok(Self { project: $crate::path::ProjectPath::new(entity, project)?, $name })
            }

            /// Parses a text in any accepted notation, filling in missing parts from the defaults.
            pub fn parse(
                input: &str,
                defaults: &$crate::path::PathDefaults,
            ) -> Result<Self, $crate::path::PathError> {
                $Partial::parse(input)?.complete(defaults)
            }

            /// The user or team that owns the project.
            pub fn entity(&self) -> &str {
                self.project.entity()
            }

            /// The name of the project.
            pub fn project(&self) -> &str {
                self.project.project()
            }

            $(#[$name_doc])*
            pub fn $name(&self) -> &str {
                &self.$name
            }

            /// The path of the project.
            pub fn project_path(&self) -> &$crate::path::ProjectPath {
                &self.project
            }

            /// The URL of its page in a server's web app.
            pub fn app_url(&self, base: &$crate::BaseUrl) -> ::url::Url {
                base.app_page([self.entity(), self.project(), $kind.segment(), &self.$name])
            }
        }

        /// Formats as `entity/project/name`, which parses to the same path.
        impl ::std::fmt::Display for $Path {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self.project() {
                    // Without the extra segment, the project would be parsed as one.
                    "runs" | "sweeps" => write!(f, "{}/{}/{}", self.project, $kind.segment(), self.$name),
                    _ => write!(f, "{}/{}", self.project, self.$name),
                }
            }
        }

        /// Parses a text in any accepted notation that includes entity and project.
        impl ::std::str::FromStr for $Path {
            type Err = $crate::path::PathError;

            fn from_str(input: &str) -> Result<Self, Self::Err> {
                Self::parse(input, &$crate::path::PathDefaults::default())
            }
        }

        $(#[$partial_doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $Partial {
            input: String,
            parts: $crate::path::item::PathParts,
        }

        impl $Partial {
            /// Parses a text in any accepted notation.
            pub fn parse(input: &str) -> Result<Self, $crate::path::PathError> {
                let parts = $crate::path::item::PathParts::parse(input, $kind)?;
                Ok(Self { input: input.to_owned(), parts })
            }

            /// The entity, if the text has one.
            pub fn entity(&self) -> Option<&str> {
                self.parts.entity.as_deref()
            }

            /// The project, if the text has one.
            pub fn project(&self) -> Option<&str> {
                self.parts.project.as_deref()
            }

            $(#[$name_doc])*
            pub fn $name(&self) -> &str {
                &self.parts.name
            }

            /// Returns true if the entity must come from the defaults.
            pub fn needs_entity(&self) -> bool {
                self.parts.entity.is_none()
            }

            /// Returns true if the project must come from the defaults.
            pub fn needs_project(&self) -> bool {
                self.parts.project.is_none()
            }

            /// Fills in missing parts from the defaults.
            pub fn complete(
                &self,
                defaults: &$crate::path::PathDefaults,
            ) -> Result<$Path, $crate::path::PathError> {
                use $crate::path::PathError;
                let input = || self.input.clone();
                let entity = self.entity().or(defaults.entity());
                let entity = entity.ok_or_else(|| PathError::MissingEntity { input: input() })?;
                let project = self.project().or(defaults.project());
                let project = project.ok_or_else(|| PathError::MissingProject { input: input() })?;
                $Path::new(entity, project, self.$name())
            }
        }

        impl ::std::str::FromStr for $Partial {
            type Err = $crate::path::PathError;

            fn from_str(input: &str) -> Result<Self, Self::Err> {
                Self::parse(input)
            }
        }
    };
}

pub(super) use item_path;
