//! Why a text is not a value.

use super::MAX_DEPTH;

/// Why a text is not JSON, nor what W&B takes for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The text breaks the grammar.
    #[error("not valid JSON at byte {offset}: {reason}, near {excerpt:?}")]
    Syntax {
        /// What was expected or found.
        reason: String,
        /// Where in the text, in bytes.
        offset: usize,
        /// The text around that place.
        excerpt: String,
    },
    /// Lists and maps are nested more deeply than [`MAX_DEPTH`].
    #[error("JSON nested more than {MAX_DEPTH} levels deep at byte {offset}")]
    TooDeep {
        /// Where the first level too many begins, in bytes.
        offset: usize,
    },
    /// The text is a value, but not an object, where only an object makes sense.
    #[error("expected a JSON object, found {excerpt:?}")]
    NotAnObject {
        /// The beginning of the text.
        excerpt: String,
    },
}

/// A few characters of a text around a place.
pub(super) fn excerpt(text: &[u8], offset: usize) -> String {
    const EITHER_SIDE: usize = 24;
    let start = offset.saturating_sub(EITHER_SIDE).min(text.len());
    let end = offset.saturating_add(EITHER_SIDE).min(text.len());
    String::from_utf8_lossy(&text[start..end]).trim_matches('\u{fffd}').to_owned()
}
