//! Errors of parsing values.

use super::MAX_DEPTH;

/// The text is not JSON, even with W&B's extensions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The text is malformed.
    #[error("not valid JSON at byte {offset}: {reason}, near {excerpt:?}")]
    Syntax {
        /// The syntax error.
        reason: String,
        /// The offset of the error in the text, in bytes.
        offset: usize,
        /// The text around the error.
        excerpt: String,
    },
    /// Lists and maps are nested more deeply than [`MAX_DEPTH`].
    #[error("JSON nested more than {MAX_DEPTH} levels deep at byte {offset}")]
    TooDeep {
        /// The offset of the first level beyond the limit, in bytes.
        offset: usize,
    },
    /// The text is a value other than the required object.
    #[error("expected a JSON object, found {excerpt:?}")]
    NotAnObject {
        /// The start of the text.
        excerpt: String,
    },
}

/// Returns the text around an offset.
pub(super) fn excerpt(text: &[u8], offset: usize) -> String {
    const EITHER_SIDE: usize = 24;
    let start = offset.saturating_sub(EITHER_SIDE).min(text.len());
    let end = offset.saturating_add(EITHER_SIDE).min(text.len());
    String::from_utf8_lossy(&text[start..end]).trim_matches('\u{fffd}').to_owned()
}
