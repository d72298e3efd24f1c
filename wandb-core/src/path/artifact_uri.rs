//! References from one artifact into another.

use std::fmt;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A reference to an entry of an artifact, or to the whole artifact, by the artifact's id:
/// `wandb-artifact://ID/path/in/the/artifact`.
///
/// The id is in hexadecimal form (`ref_url` in `sdk/artifacts/artifact_manifest_entry.py` of the Python SDK).
///
/// ```
/// use wandb_core::ArtifactUri;
///
/// let uri = ArtifactUri::parse("wandb-artifact://41727469666163743a31/data/a.csv").expect("a reference");
/// assert_eq!((uri.artifact_id(), uri.path()), ("QXJ0aWZhY3Q6MQ==", "data/a.csv"));
/// assert_eq!(uri.to_string(), "wandb-artifact://41727469666163743a31/data/a.csv");
/// assert!(ArtifactUri::parse("s3://bucket/a.csv").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ArtifactUri {
    id: String,
    path: String,
}

impl ArtifactUri {
    /// The scheme, with its slashes.
    pub(crate) const SCHEME: &'static str = "wandb-artifact://";

    /// Parses a reference. Returns `None` for any other text, also for a path of an artifact behind the same scheme.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(Self::SCHEME)?;
        let (id, path) = rest.split_once('/').unwrap_or((rest, ""));
        Some(Self { id: STANDARD.encode(from_hex(id)?), path: path.to_owned() })
    }

    /// The storage id of the artifact, in base64 as everywhere else.
    pub fn artifact_id(&self) -> &str {
        &self.id
    }

    /// The path of the entry in the artifact. Empty if the whole artifact is meant.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// Formats as the reference that it was parsed from.
impl fmt::Display for ArtifactUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::SCHEME)?;
        for byte in STANDARD.decode(&self.id).unwrap_or_default() {
            write!(f, "{byte:02x}")?;
        }
        if !self.path.is_empty() {
            f.write_char('/')?;
        }
        f.write_str(&self.path)
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect();
    let digits = digits.filter(|digits| !digits.is_empty() && digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
