//! SQL `LIKE` patterns for file names.

/// A `LIKE` pattern for `Run.files(pattern)`: `%` matches any text, `_` matches one character, and `\` escapes either.
///
/// ```
/// use wandb_graphql::LikePattern;
///
/// let tables = LikePattern::new("media/table/%.json");
/// assert_eq!(LikePattern::containing("50%").text(), r"%50\%%");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LikePattern(String);

impl LikePattern {
    /// Takes a pattern without changes.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// Matches every name that contains `text` literally.
    pub fn containing(text: &str) -> Self {
        let mut pattern = "%".to_owned();
        for character in text.chars() {
            if matches!(character, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern.push('%');
        Self(pattern)
    }

    /// The pattern's text.
    pub fn text(&self) -> &str {
        &self.0
    }
}
