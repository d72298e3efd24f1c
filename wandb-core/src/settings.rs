//! Settings: server, entity and project.

mod ini;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::auth::Secret;
use crate::{BaseUrl, BaseUrlError, Environment, PathDefaults};

/// The settings that are relevant for reading, with their sources.
///
/// The order of precedence is that of the Python SDK 0.31 (`wandb_setup.py`, `lib/settings_file.py`): the variables
/// `WANDB_BASE_URL`, `WANDB_ENTITY` and `WANDB_PROJECT`; the file `wandb/settings` (or `.wandb/settings`, if there is
/// a directory `.wandb`) in the current directory; the file `settings` in the directory `WANDB_CONFIG_DIR`, by
/// default `~/.config/wandb` on every platform.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// The server. Default: [`BaseUrl::DEFAULT`].
    pub base_url: Setting<BaseUrl>,
    /// The default entity of paths. Without it, the server's default for the user applies.
    pub entity: Option<Setting<String>>,
    /// The default project of paths.
    pub project: Option<Setting<String>>,
    /// An API key in a settings file, which is possible but unusual.
    pub(crate) api_key: Option<Setting<Secret>>,
}

/// A setting with its source.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// The source of the value.
    pub source: SettingSource,
}

/// The source of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingSource {
    /// The default value.
    Default,
    /// A settings file.
    File(PathBuf),
    /// An environment variable.
    Variable(&'static str),
}

impl fmt::Display for SettingSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "settings file {}", path.display()),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// The settings cannot be used.
///
/// The Python SDK warns and continues without the files. That may lead to the wrong server, so this is an error here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A settings file exists but cannot be read.
    #[error("cannot read the settings file {path}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A settings file is not an INI file.
    #[error("the settings file {path} is broken in line {line}: {reason}", path = path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line number, from 1.
        line: usize,
        /// The syntax error.
        reason: String,
    },
    /// The base URL is not the address of a server.
    #[error("the base URL from {origin} cannot be used")]
    BaseUrl {
        /// The source of the base URL.
        origin: SettingSource,
        /// The reason.
        source: BaseUrlError,
    },
}

impl Settings {
    /// Loads the settings from an environment.
    ///
    /// An empty `WANDB_ENTITY` or `WANDB_PROJECT`, or an empty entry in a file, hides sources of lower precedence. An
    /// empty `WANDB_BASE_URL` counts as unset.
    pub fn load(environment: &Environment) -> Result<Self, SettingsError> {
        let mut found = Values::default();
        for file in files(environment) {
            found.read(environment, &file)?;
        }
        for (key, variable) in
            [("base_url", "WANDB_BASE_URL"), ("entity", "WANDB_ENTITY"), ("project", "WANDB_PROJECT")]
        {
            let value = match key {
                "base_url" => environment.variable(variable),
                _ => environment.variable_or_empty(variable),
            };
            if let Some(value) = value {
                found.put(key, value, SettingSource::Variable(variable));
            }
        }
        let base_url = match found.take("base_url") {
            Some(Setting { value, source: origin }) => match BaseUrl::parse(&value) {
                Ok(value) => Setting { value, source: origin },
                Err(source) => return Err(SettingsError::BaseUrl { origin, source }),
            },
            None => Setting { value: BaseUrl::default(), source: SettingSource::Default },
        };
        Ok(Self {
            base_url,
            entity: found.take("entity"),
            project: found.take("project"),
            api_key: found
                .take("api_key")
                .map(|Setting { value, source }| Setting { value: Secret(value), source }),
        })
    }

    /// The default entity and project of paths.
    pub fn path_defaults(&self) -> PathDefaults {
        let mut defaults = PathDefaults::default();
        if let Some(entity) = &self.entity {
            defaults = defaults.with_entity(&entity.value);
        }
        if let Some(project) = &self.project {
            defaults = defaults.with_project(&project.value);
        }
        defaults
    }
}

/// The settings files, in ascending order of precedence.
fn files(environment: &Environment) -> Vec<PathBuf> {
    let config_dir = match environment.variable("WANDB_CONFIG_DIR") {
        Some(config_dir) => Some(environment.expand_user(config_dir)),
        None => environment.home().map(|home| home.join(".config").join("wandb")),
    };
    let hidden = environment.current_dir().join(".wandb");
    let local = if environment.exists(&hidden) { hidden } else { environment.current_dir().join("wandb") };
    config_dir.into_iter().chain([local]).map(|dir| dir.join("settings")).collect()
}

/// Values by key. Later sources replace earlier ones.
#[derive(Default)]
struct Values(BTreeMap<String, Setting<String>>);

impl Values {
    fn read(&mut self, environment: &Environment, path: &Path) -> Result<(), SettingsError> {
        let text = environment
            .read(path)
            .map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
        let section = ini::default_section(&text.unwrap_or_default()).map_err(|error| {
            SettingsError::Broken { path: path.to_owned(), line: error.line, reason: error.reason }
        })?;
        for (key, value) in section {
            self.put(&key, &value, SettingSource::File(path.to_owned()));
        }
        Ok(())
    }

    fn put(&mut self, key: &str, value: &str, source: SettingSource) {
        self.0.insert(key.to_owned(), Setting { value: value.to_owned(), source });
    }

    fn take(&mut self, key: &str) -> Option<Setting<String>> {
        self.0.remove(key).filter(|setting| !setting.value.is_empty())
    }
}

#[cfg(test)]
mod tests;
