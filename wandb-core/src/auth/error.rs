//! Why no API key could be found.

use std::io;
use std::path::PathBuf;

use super::{ApiKeyError, CredentialSource};
use crate::settings::SettingsError;

/// Why the search for an API key failed, other than by finding none. It never repeats a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// What was found is no API key.
    #[error("the API key from {found_in} cannot be used: {source}")]
    InvalidKey {
        /// Where it was found.
        found_in: CredentialSource,
        /// Why.
        source: ApiKeyError,
    },
    /// Two variables contradict each other.
    #[error("both WANDB_API_KEY and WANDB_IDENTITY_TOKEN_FILE are set; unset one of them")]
    Ambiguous,
    /// Identity tokens have to be exchanged for an access token, which is not supported.
    #[error(
        "WANDB_IDENTITY_TOKEN_FILE is set ({path}), but identity tokens are not supported; unset it and set WANDB_API_KEY",
        path = path.display()
    )]
    IdentityTokenUnsupported {
        /// The file that the variable names.
        path: PathBuf,
    },
    /// A netrc file exists, but cannot be read.
    #[error("cannot read the netrc file {path}: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A netrc file breaks the format.
    #[error("the netrc file {path} is broken in line {line}: {reason}", path = path.display())]
    BrokenNetrc {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A netrc file lists the server without a password.
    #[error("the netrc file {path} lists {machine} without a password; the password is the API key", path = path.display())]
    NoPassword {
        /// The file.
        path: PathBuf,
        /// The entry.
        machine: String,
    },
    /// The settings files, which may hold a key too, cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}
