//! An entry of a list that cannot be read.

use crate::text::shortened;

/// An entry of a page that the server failed to give, or gave in a form that cannot be read. The other entries of the page
/// are whole.
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
    /// The name of the entry, where that can be read.
    pub name: Option<String>,
    /// Why the entry cannot be read.
    pub reason: String,
    /// Whether the page lacks the entry. Otherwise the page has it, and some fields of it are missing.
    pub is_left_out: bool,
    /// Whether the server may give the entry when it is asked again.
    pub may_pass: bool,
}

/// Names and reasons may quote values of any length.
const MOST_CHARACTERS: usize = 300;

impl UnreadableEntry {
    /// An entry that the page lacks, for a reason that will not pass. Long texts are cut.
    pub fn new(name: Option<String>, reason: impl Into<String>) -> Self {
        let shorten = |text: String| shortened(&text, MOST_CHARACTERS).into_owned();
        Self { name: name.map(shorten), reason: shorten(reason.into()), is_left_out: true, may_pass: false }
    }

    /// The same of an entry that the page has without some of its fields.
    #[must_use]
    pub fn without_parts(self) -> Self {
        Self { is_left_out: false, ..self }
    }
}

/// The name, if there is one, and the reason.
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
    fn long_texts_are_cut() {
        let entry = UnreadableEntry::new(Some("n".repeat(10_000)), "ö".repeat(1 << 20));
        assert!(entry.to_string().chars().count() < 2 * MOST_CHARACTERS + 10, "{entry}");
    }
}
