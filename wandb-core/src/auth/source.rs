//! Sources of API keys.

use std::fmt;
use std::path::PathBuf;

/// The place where an API key was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialSource {
    /// The caller passed it.
    Explicit,
    /// An environment variable.
    Variable(&'static str),
    /// A netrc file.
    Netrc(PathBuf),
    /// A settings file.
    SettingsFile(PathBuf),
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explicit => f.write_str("the caller"),
            Self::Variable(name) => f.write_str(name),
            Self::Netrc(path) => write!(f, "netrc file {}", path.display()),
            Self::SettingsFile(path) => write!(f, "settings file {}", path.display()),
        }
    }
}
