//! Patterns of names as SQL has them.

/// A pattern of SQL's `LIKE`, as `Run.files(pattern)` takes it: `%` stands for any text, `_` for one character, and `\`
/// takes the special meaning away.
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
    /// The pattern as it is written.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// Whatever contains `text`, in which nothing is special.
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
