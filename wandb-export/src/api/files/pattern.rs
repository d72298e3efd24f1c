//! Shell patterns of file names.

use wandb_graphql::LikePattern;

use crate::error::Error;

/// A pattern that is matched on the client. The server only narrows the list down.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(glob::Pattern);

impl Pattern {
    pub(crate) fn new(pattern: &str) -> Result<Self, Error> {
        let invalid =
            |error: glob::PatternError| Error::usage(format!("{pattern:?} is not a name pattern: {error}"));
        glob::Pattern::new(pattern).map(Self).map_err(invalid)
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        self.0.matches(name)
    }

    /// Returns the longest text that every matching name contains, for the server's filter.
    pub(super) fn to_like_pattern(&self) -> Option<LikePattern> {
        let pieces = literal_pieces(self.0.as_str());
        let longest = pieces.into_iter().max_by_key(String::len)?;
        Some(LikePattern::containing(&longest))
    }
}

/// Returns the literal pieces of a pattern.
fn literal_pieces(pattern: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut in_class = false;
    for character in pattern.chars() {
        match character {
            ']' if in_class => in_class = false,
            _ if in_class => {}
            '*' | '?' | '[' => {
                in_class = character == '[';
                pieces.push(String::new());
            }
            _ => {
                if let Some(piece) = pieces.last_mut() {
                    piece.push(character);
                }
            }
        }
    }
    // A class may start with a closing bracket, so the pieces after a class are unreliable.
    if pattern.contains('[') {
        pieces.truncate(1);
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_patterns_also_match_slashes() {
        let matches = |pattern: &str, name: &str| Pattern::new(pattern).unwrap().matches(name);
        assert!(matches("*.json", "media/table/a.json"));
        assert!(!matches("*.json", "a.jsonl"));
        assert!(matches("model-?.h5", "model-1.h5"));
        assert!(matches("[a-c]*", "b"));
        assert!(matches("a%_b", "a%_b"));
        assert!(Pattern::new("[a").is_err());
    }

    #[test]
    fn server_filters_by_the_longest_literal() {
        let like = |pattern: &str| {
            Pattern::new(pattern).unwrap().to_like_pattern().map(|like| like.text().to_owned())
        };
        assert_eq!(like("media/*.json").as_deref(), Some("%media/%"));
        assert_eq!(like("50%*").as_deref(), Some(r"%50\%%"));
        assert_eq!(like("x[]a]bcdef").as_deref(), Some("%x%"));
        assert_eq!(like("*"), None);
    }
}
