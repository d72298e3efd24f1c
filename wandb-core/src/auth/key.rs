//! API keys.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

/// An API key of a W&B user or service account.
///
/// It is shown as `[redacted]` in every kind of text; [`ApiKey::secret`] alone gives it away.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    secret: Secret,
    header: HeaderValue,
}

/// A text that is not to be shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Why a text is not an API key. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// There is no text.
    #[error("the API key is empty")]
    Empty,
    /// There are characters that no key has.
    #[error("an API key holds only letters A-Z and a-z, digits, `-` and `_`")]
    Characters,
    /// The key is cut off, or something else altogether.
    #[error("an API key has {MINIMUM}+ characters, this one has {length}")]
    TooShort {
        /// The number of characters, without the prefix before the first `-`.
        length: usize,
    },
}

/// The shortest key, without its prefix.
const MINIMUM: usize = 40;

impl ApiKey {
    /// Takes a text for an API key by the rules of the Python SDK 0.31 (`sdk/lib/wbauth/validation.py`): at least 40
    /// characters of `A-Za-z0-9_-`, perhaps behind a prefix and a dash as self-hosted servers make them, or the three
    /// parts of a JWT. Spaces and line breaks around it are dropped.
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

    /// The key itself. Keep it out of messages.
    pub fn secret(&self) -> &str {
        &self.secret.0
    }

    /// The value of the `Authorization` header: HTTP Basic with the user `api`, marked as sensitive.
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
