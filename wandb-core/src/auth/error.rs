//! Errors of the search for an API key.

use std::io;
use std::path::PathBuf;

use super::{ApiKeyError, CredentialSource};
use crate::settings::SettingsError;

/// The search for an API key failed. A missing key is not an error; messages never contain a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The text found is not an API key.
    #[error("the API key from {found_in} cannot be used")]
    InvalidKey {
        /// The place where it was found.
        found_in: CredentialSource,
        /// The reason.
        source: ApiKeyError,
    },
    /// Two variables contradict each other.
    #[error("both WANDB_API_KEY and WANDB_IDENTITY_TOKEN_FILE are set; unset one of them")]
    Ambiguous,
    /// Identity tokens must be exchanged for an access token, which is not supported.
    #[error(
        "WANDB_IDENTITY_TOKEN_FILE is set ({path}), but identity tokens are not supported; unset it and set WANDB_API_KEY",
        path = path.display()
    )]
    IdentityTokenUnsupported {
        /// The file named by the variable.
        path: PathBuf,
    },
    /// The netrc file exists but cannot be read.
    #[error("cannot read the netrc file {path}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The netrc file is malformed.
    #[error("the netrc file {path} is broken in line {line}: {reason}", path = path.display())]
    BrokenNetrc {
        /// The file.
        path: PathBuf,
        /// The line number, from 1.
        line: usize,
        /// The syntax error.
        reason: String,
    },
    /// The netrc file lists the server without a password.
    #[error("the netrc file {path} lists {machine} without a password; the password is the API key", path = path.display())]
    NoPassword {
        /// The file.
        path: PathBuf,
        /// The entry.
        machine: String,
    },
    /// The settings files, which may hold a key, cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}
