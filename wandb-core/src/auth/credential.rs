//! The search for an API key.

use std::path::PathBuf;

use super::netrc::Netrc;
use super::{ApiKey, AuthError, CredentialSource};
use crate::settings::{SettingSource, Settings};
use crate::{BaseUrl, Environment};

/// An API key and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credential {
    /// The key.
    pub key: ApiKey,
    /// The place where it was found.
    pub source: CredentialSource,
}

impl Credential {
    /// Finds the API key for a server, or returns `None` if there is none.
    ///
    /// The search order is that of the Python SDK 0.31 (`sdk/lib/wbauth/`): the explicit key; the variable
    /// `WANDB_API_KEY`; the netrc file named by the variable `NETRC`, else `~/.netrc`, else `~/_netrc`; `api_key` in
    /// a settings file whose base URL is this server. The first place that has a key decides, even if the key cannot
    /// be used.
    ///
    /// Netrc entries match by `host[:port]`. An entry for any name of the public deployment matches the other names
    /// too; the `default` entry comes last. (The SDK prefers `default` to another name.)
    ///
    /// ```
    /// use wandb_core::{BaseUrl, Credential, Environment};
    ///
    /// let environment = Environment::default().with_variable("WANDB_API_KEY", "0123456789".repeat(4));
    /// let credential = Credential::resolve(None, &environment, &BaseUrl::default())?.unwrap();
    /// assert_eq!(credential.source.to_string(), "WANDB_API_KEY");
    /// assert_eq!(format!("{:?}", credential.key), "ApiKey([redacted])");
    /// # Ok::<(), wandb_core::AuthError>(())
    /// ```
    pub fn resolve(
        explicit: Option<&str>,
        environment: &Environment,
        base_url: &BaseUrl,
    ) -> Result<Option<Self>, AuthError> {
        if let Some(key) = explicit.filter(|key| !key.is_empty()) {
            return Self::found(key, CredentialSource::Explicit).map(Some);
        }
        let variable = "WANDB_API_KEY";
        match (environment.variable(variable), environment.variable("WANDB_IDENTITY_TOKEN_FILE")) {
            (Some(_), Some(_)) => Err(AuthError::Ambiguous),
            (Some(key), None) => Self::found(key, CredentialSource::Variable(variable)).map(Some),
            (None, Some(path)) => {
                Err(AuthError::IdentityTokenUnsupported { path: environment.expand_user(path) })
            }
            (None, None) => match Self::in_netrc(environment, base_url)? {
                Some(credential) => Ok(Some(credential)),
                None => Self::in_settings(environment, base_url),
            },
        }
    }

    fn found(key: &str, found_in: CredentialSource) -> Result<Self, AuthError> {
        match ApiKey::parse(key) {
            Ok(key) => Ok(Self { key, source: found_in }),
            Err(source) => Err(AuthError::InvalidKey { found_in, source }),
        }
    }

    fn in_netrc(environment: &Environment, base_url: &BaseUrl) -> Result<Option<Self>, AuthError> {
        let Some(path) = netrc_path(environment) else { return Ok(None) };
        let text =
            environment.read(&path).map_err(|source| AuthError::Unreadable { path: path.clone(), source })?;
        let netrc = Netrc::parse(&text.unwrap_or_default()).map_err(|error| AuthError::BrokenNetrc {
            path: path.clone(),
            line: error.line,
            reason: error.reason,
        })?;
        match netrc.find(&base_url.netrc_machines()) {
            None | Some(("default", "")) => Ok(None),
            Some((machine, "")) => Err(AuthError::NoPassword { path, machine: machine.to_owned() }),
            Some((_, password)) => Self::found(password, CredentialSource::Netrc(path)).map(Some),
        }
    }

    fn in_settings(environment: &Environment, base_url: &BaseUrl) -> Result<Option<Self>, AuthError> {
        let settings = Settings::load(environment)?;
        match settings.api_key {
            Some(api_key) if settings.base_url.value.same_deployment(base_url) => {
                let found_in = match api_key.source {
                    SettingSource::File(path) => CredentialSource::SettingsFile(path),
                    SettingSource::Variable(name) => CredentialSource::Variable(name),
                    SettingSource::Default => return Ok(None),
                };
                Self::found(&api_key.value.0, found_in).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// The netrc file to read, if there is one.
fn netrc_path(environment: &Environment) -> Option<PathBuf> {
    if let Some(path) = environment.variable("NETRC") {
        return Some(environment.expand_user(path));
    }
    let home = environment.home()?;
    [".netrc", "_netrc"].map(|name| home.join(name)).into_iter().find(|path| environment.exists(path))
}
