//! A process's environment as a plain value.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The variables, directories and files from which credentials and settings are read.
///
/// This crate accesses neither the process nor the disk. A program fills an environment from both, a test from plain
/// values:
///
/// ```
/// use std::collections::BTreeMap;
/// use std::path::PathBuf;
/// use wandb_core::{Environment, Settings};
///
/// let settings = PathBuf::from("/home/ada/.config/wandb/settings");
/// let files = BTreeMap::from([(settings, b"[default]\nentity = team\n".to_vec())]);
/// let environment = Environment::default().with_home("/home/ada").with_files(files);
/// let settings = Settings::load(&environment)?;
/// assert_eq!(settings.path_defaults().entity(), Some("team"));
/// # Ok::<(), wandb_core::SettingsError>(())
/// ```
#[derive(Clone)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    home: Option<PathBuf>,
    current_dir: PathBuf,
    files: Arc<dyn Files>,
}

/// Access to the files of credentials and settings.
pub trait Files: Send + Sync {
    /// Returns the content of a file, or `None` if there is no such file.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;

    /// Returns true if the file or directory exists.
    fn exists(&self, path: &Path) -> bool;
}

/// Files in memory. A directory exists if there is a file below it.
impl Files for BTreeMap<PathBuf, Vec<u8>> {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(self.get(path).cloned())
    }

    fn exists(&self, path: &Path) -> bool {
        self.keys().any(|file| file.starts_with(path))
    }
}

/// No variables, no home directory and no files.
impl Default for Environment {
    fn default() -> Self {
        Self {
            variables: BTreeMap::new(),
            home: None,
            current_dir: PathBuf::from("."),
            files: Arc::new(BTreeMap::new()),
        }
    }
}

/// Prints names only: values and contents may be secret.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.variables.keys())
            .field("home", &self.home)
            .field("current_dir", &self.current_dir)
            .finish_non_exhaustive()
    }
}

impl Environment {
    /// Sets a variable.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Sets variables.
    #[must_use]
    pub fn with_variables(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.variables.extend(variables);
        self
    }

    /// Sets the home directory, which holds netrc and settings files and replaces `~`. Default: none.
    #[must_use]
    pub fn with_home(mut self, home: impl Into<PathBuf>) -> Self {
        self.home = Some(home.into());
        self
    }

    /// Sets the current directory, which holds a project's settings. Default: `.`.
    #[must_use]
    pub fn with_current_dir(mut self, current_dir: impl Into<PathBuf>) -> Self {
        self.current_dir = current_dir.into();
        self
    }

    /// Replaces the files. Default: none.
    #[must_use]
    pub fn with_files(mut self, files: impl Files + 'static) -> Self {
        self.files = Arc::new(files);
        self
    }

    /// Returns a variable, unless it is unset or empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variable_or_empty(name).filter(|value| !value.is_empty())
    }

    /// Returns a variable, unless it is unset.
    pub(crate) fn variable_or_empty(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    pub(crate) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    pub(crate) fn current_dir(&self) -> &Path {
        &self.current_dir
    }

    /// Replaces a leading `~` by the home directory, if there is one. `~user` is unchanged.
    pub(crate) fn expand_user(&self, path: &str) -> PathBuf {
        let below = path.strip_prefix('~').map(|rest| (rest, rest.trim_start_matches(['/', '\\'])));
        match (below, self.home()) {
            (Some(("", _)), Some(home)) => home.to_owned(),
            (Some((rest, below)), Some(home)) if rest.len() > below.len() => home.join(below),
            _ => PathBuf::from(path),
        }
    }

    pub(crate) fn exists(&self, path: &Path) -> bool {
        self.files.exists(path)
    }

    /// Reads the text of a file. Bytes that are not UTF-8 become U+FFFD; no relevant setting contains them.
    pub(crate) fn read(&self, path: &Path) -> io::Result<Option<String>> {
        Ok(self.files.read(path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tilde_expands_to_home() {
        let environment = Environment::default().with_home("/home/ada");
        for (path, expanded) in [
            ("~", "/home/ada"),
            ("~/a/b", "/home/ada/a/b"),
            ("~//a", "/home/ada/a"),
            ("~user/a", "~user/a"),
            ("/a/~", "/a/~"),
            ("a", "a"),
        ] {
            assert_eq!(environment.expand_user(path), PathBuf::from(expanded), "{path}");
        }
        assert_eq!(Environment::default().expand_user("~/a"), PathBuf::from("~/a"));
    }

    #[test]
    fn debug_shows_no_values() {
        let environment = Environment::default().with_variable("WANDB_API_KEY", "sekret");
        let shown = format!("{environment:?}");
        assert!(shown.contains("WANDB_API_KEY") && !shown.contains("sekret"), "{shown}");
    }

    #[test]
    fn empty_variables_are_unset() {
        let environment = Environment::default().with_variables([("A".to_owned(), String::new())]);
        assert_eq!(environment.variable("A"), None);
        assert_eq!(environment.variable_or_empty("A"), Some(""));
    }
}
