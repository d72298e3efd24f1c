//! API keys and the search for them.

mod credential;
mod error;
mod key;
mod netrc;
mod source;

pub use credential::Credential;
pub use error::AuthError;
pub(crate) use key::Secret;
pub use key::{ApiKey, ApiKeyError};
pub use source::CredentialSource;

#[cfg(test)]
mod tests;
