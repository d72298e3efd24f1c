//! Entries of a list that cannot be parsed.

use crate::text::shortened;

/// An entry of a page that the server failed to send, or that cannot be parsed. The other entries of the page are
/// complete.
///
/// ```
/// use wandb_core::operation::UnreadableEntry;
///
/// let entry = UnreadableEntry::new(Some("1a2b3c".to_owned()), "missing field `id`");
/// assert_eq!(entry.to_string(), "1a2b3c: missing field `id`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct UnreadableEntry {
    /// The name of the entry, if it is readable.
    pub name: Option<String>,
    /// The reason.
    pub reason: String,
    /// Whether the page lacks the whole entry, rather than some of its fields.
    pub is_left_out: bool,
    /// Whether a retry may return the entry.
    pub may_pass: bool,
}

/// The maximum length of names and reasons, which may quote values of any length.
const MAX_CHARACTERS: usize = 300;

impl UnreadableEntry {
    /// Creates an entry that the page lacks permanently. Truncates long texts.
    pub fn new(name: Option<String>, reason: impl Into<String>) -> Self {
        let shorten = |text: String| shortened(&text, MAX_CHARACTERS).into_owned();
        Self { name: name.map(shorten), reason: shorten(reason.into()), is_left_out: true, may_pass: false }
    }

    /// Marks that only some fields of the entry are missing.
    #[must_use]
    pub fn without_parts(self) -> Self {
        Self { is_left_out: false, ..self }
    }
}

/// Formats the name, if there is one, and the reason.
impl std::fmt::Display for UnreadableEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_truncated() {
        let entry = UnreadableEntry::new(Some("n".repeat(10_000)), "ö".repeat(1 << 20));
        assert!(entry.to_string().chars().count() < 2 * MAX_CHARACTERS + 10, "{entry}");
    }
}
