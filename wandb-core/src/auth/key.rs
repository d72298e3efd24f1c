//! API keys.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

/// An API key of a W&B user or service account.
///
/// `Debug` and `Display` print `[redacted]`. Only [`ApiKey::secret`] returns the key.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    secret: Secret,
    header: HeaderValue,
}

/// A string whose `Debug` output is redacted.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The text is not an API key. The message never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// The text is empty.
    #[error("the API key is empty")]
    Empty,
    /// The text has characters that are not allowed in a key.
    #[error("an API key holds only letters A-Z and a-z, digits, `-` and `_`")]
    Characters,
    /// The key is truncated, or the text is something else.
    #[error("an API key has {MINIMUM}+ characters, this one has {length}")]
    TooShort {
        /// The number of characters, without the prefix before the first `-`.
        length: usize,
    },
}

/// The minimum length of a key, without its prefix.
const MINIMUM: usize = 40;

impl ApiKey {
    /// Parses an API key by the rules of the Python SDK 0.31 (`sdk/lib/wbauth/validation.py`).
    ///
    /// A key has at least 40 characters of `A-Za-z0-9_-`, with an optional prefix and dash as on self-hosted servers,
    /// or is a JWT of three parts. Surrounding whitespace is trimmed.
    pub fn parse(text: &str) -> Result<Self, ApiKeyError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ApiKeyError::Empty);
        }
        if !is_jwt(text) {
            let secret = text.split_once('-').map_or(text, |(_prefix, secret)| secret);
            if !is_word(secret) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(ApiKeyError::Characters);
            }
            if secret.len() < MINIMUM {
                return Err(ApiKeyError::TooShort { length: secret.len() });
            }
        }
        let basic = format!("Basic {}", STANDARD.encode(format!("api:{text}")));
        let mut header = HeaderValue::try_from(basic).map_err(|_| ApiKeyError::Characters)?;
        header.set_sensitive(true);
        Ok(Self { secret: Secret(text.to_owned()), header })
    }

    /// Returns the key in plain text. Keep it out of messages.
    pub fn secret(&self) -> &str {
        &self.secret.0
    }

    /// Returns the value of the `Authorization` header: HTTP Basic with the user `api`, marked as sensitive.
    pub fn authorization_header(&self) -> HeaderValue {
        self.header.clone()
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn is_jwt(text: &str) -> bool {
    let mut parts = 0;
    text.split('.').all(|part| {
        parts += 1;
        is_word(part)
    }) && parts == 3
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([redacted])")
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl std::str::FromStr for ApiKey {
    type Err = ApiKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
