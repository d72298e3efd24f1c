//! What the paths of runs and sweeps have in common: both name something inside a project.

use super::app_link;
use super::error::{PathError, PathKind};

/// What a text says about where something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Located {
    pub(super) entity: Option<String>,
    pub(super) project: Option<String>,
    pub(super) name: String,
}

impl Located {
    pub(super) fn full(entity: &str, project: &str, name: &str) -> Self {
        Self::new(Some(entity), Some(project), name)
    }

    fn new(entity: Option<&str>, project: Option<&str>, name: &str) -> Self {
        let owned = |part: &str| part.trim().to_owned();
        Self { entity: entity.map(owned), project: project.map(owned), name: owned(name) }
    }

    /// Reads a text in any form.
    pub(super) fn parse(input: &str, kind: PathKind) -> Result<Self, PathError> {
        let trimmed = input.trim();
        let located = match app_link::segments(trimmed) {
            Ok(Some(segments)) => app_link::item(&segments, kind),
            Ok(None) => plain(trimmed),
            Err(reason) => Err(reason),
        };
        located.and_then(Self::without_empty_parts).map_err(|reason| PathError::Invalid {
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
            Err("it names nothing".to_owned())
        } else {
            Ok(self)
        }
    }
}

/// Reads a text that is no web address, as the Python SDK does (`_parse_path` in `apis/public/api.py`), and
/// beyond it `entity/project/runs/run/…` with the pages of a run behind.
fn plain(input: &str) -> Result<Located, String> {
    const SLASHES_AND_SPACES: [char; 2] = ['/', ' '];
    let whole: Vec<&str> = input.trim_matches(SLASHES_AND_SPACES).split('/').collect();
    // Taken literally first, so that a project may itself be called `runs` or `sweeps`.
    if let [entity, project, "runs" | "sweeps", name] = whole[..] {
        return Ok(Located::full(entity, project, name));
    }
    let short = input.replace("/runs/", "/").replace("/sweeps/", "/");
    let short: Vec<&str> = short.trim_matches(SLASHES_AND_SPACES).split('/').collect();
    match short[..] {
        [entity, project, name] | [entity, project, "runs", name] => Ok(Located::full(entity, project, name)),
        [entity, docker] if docker.contains(':') => {
            let (project, name) = docker.split_once(':').unwrap_or((docker, ""));
            Ok(Located::full(entity, project, name))
        }
        [project, name] => Ok(Located::new(None, Some(project), name)),
        [single] => Ok(match single.split_once(':') {
            Some((project, name)) => Located::new(None, Some(project), name),
            None => Located::new(None, None, single),
        }),
        _ => match whole[..] {
            [entity, project, "runs" | "sweeps", name, ..] => Ok(Located::full(entity, project, name)),
            _ => Err("it has too many parts".to_owned()),
        },
    }
}

/// Defines the path of something inside a project and its partial form.
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
            /// Joins three names. None may be empty, hold a slash or a control character, or begin or end with
            /// a space.
            pub fn new(
                entity: impl Into<String>,
                project: impl Into<String>,
                $name: impl Into<String>,
            ) -> Result<Self, $crate::path::PathError> {
                let $name = $crate::path::part::Part::Of($kind).check($name)?;
                Ok(Self { project: $crate::path::ProjectPath::new(entity, project)?, $name })
            }

            /// Reads a text in any accepted form, missing parts being filled in from the defaults.
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

            /// The address of its page in the web app of a server.
            pub fn app_url(&self, base: &$crate::BaseUrl) -> ::url::Url {
                base.app_page([self.entity(), self.project(), $kind.segment(), &self.$name])
            }
        }

        /// `entity/project/name`, which parses to the same path again.
        impl ::std::fmt::Display for $Path {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self.project() {
                    // Without the extra segment, the project would be taken for one.
                    "runs" | "sweeps" => write!(f, "{}/{}/{}", self.project, $kind.segment(), self.$name),
                    _ => write!(f, "{}/{}", self.project, self.$name),
                }
            }
        }

        /// Reads a text in any accepted form that names the entity and the project.
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
            located: $crate::path::item::Located,
        }

        impl $Partial {
            /// Reads a text in any accepted form.
            pub fn parse(input: &str) -> Result<Self, $crate::path::PathError> {
                let located = $crate::path::item::Located::parse(input, $kind)?;
                Ok(Self { input: input.to_owned(), located })
            }

            /// The entity, if the text names one.
            pub fn entity(&self) -> Option<&str> {
                self.located.entity.as_deref()
            }

            /// The project, if the text names one.
            pub fn project(&self) -> Option<&str> {
                self.located.project.as_deref()
            }

            $(#[$name_doc])*
            pub fn $name(&self) -> &str {
                &self.located.name
            }

            /// Whether the entity has to come from the defaults.
            pub fn needs_entity(&self) -> bool {
                self.located.entity.is_none()
            }

            /// Whether the project has to come from the defaults.
            pub fn needs_project(&self) -> bool {
                self.located.project.is_none()
            }

            /// Fills in what the text does not say.
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
