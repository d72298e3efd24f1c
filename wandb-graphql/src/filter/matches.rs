//! Filters of local runs.

use wandb_core::model::Run;
use wandb_core::{Value, ValueError};

use super::condition::Condition;
use super::{Filter, FilterError};

/// A parsed [`Filter`] that matches any number of runs.
///
/// Made by [`Filter::matcher`], which documents the rules.
#[derive(Debug, Clone)]
pub struct Matcher {
    condition: Condition,
}

impl Matcher {
    /// Whether the run matches the filter.
    ///
    /// ```
    /// use wandb_core::model::Run;
    /// use wandb_graphql::Filter;
    ///
    /// let some = Filter::ids(["abc", "def"]).matcher()?;
    /// assert!(some.matches(&Run::new("team", "project", "abc", "")));
    /// assert!(!some.matches(&Run::new("team", "project", "xyz", "")));
    /// # Ok::<(), wandb_graphql::FilterError>(())
    /// ```
    pub fn matches(&self, run: &Run) -> bool {
        self.condition.holds(run)
    }
}

impl Filter {
    /// Parses the filter to match runs on disk, where no server can evaluate it.
    ///
    /// The rules are those of `MongoDB`:
    /// - Operators are `$and`, `$or`, `$nor` and `$not`, `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`,
    ///   `$exists` and `$regex`, the last with `$options` (`i`, `m`, `s`, `x`). Several on a field must all hold.
    /// - Fields are `name` (the id), `display_name`, `state`, `tags`, `group`, `jobType`, `sweep`, `created_at`,
    ///   `heartbeat_at`, `username`, `notes`, `description`, `commit`, and `config.KEY`, `config.KEY.value`,
    ///   `summary_metrics.KEY` and `system_metrics.KEY`. The GraphQL spellings work, too. Dots lead into nested maps
    ///   by key and into lists by index. Keys that contain dots are also found.
    /// - Numbers compare with numbers of any kind, without rounding. Strings compare with strings by their characters;
    ///   the two time fields compare as points in time. Values of different kinds are unequal and unordered.
    /// - A list, such as the tags, matches if the whole list or one of its items does.
    /// - A missing value counts as null, except for `$exists`. This includes the fields that a light run lacks.
    /// - `"NaN"`, `"Infinity"` and `"-Infinity"` are numbers, because W&B writes non-finite numbers this way.
    /// - A regular expression may match anywhere. Its classes (`\w`, `\d`) and the option `i` cover ASCII only. Back
    ///   references and look-around are not supported.
    ///
    /// # Errors
    /// For an unknown operator or field, and for an operand of the wrong kind, even if no run would need it.
    ///
    /// ```
    /// use wandb_graphql::Filter;
    ///
    /// let filter: Filter = r#"{"tags": "best", "summary_metrics.loss": {"$exists": true, "$lt": 0.1}}"#.parse()?;
    /// assert!(filter.matcher().is_ok());
    /// let error = r#"{"hosst": "a"}"#.parse::<Filter>()?.matcher().unwrap_err();
    /// assert!(error.to_string().starts_with(r#"unsupported field "hosst" in the filter"#));
    /// # Ok::<(), wandb_graphql::FilterError>(())
    /// ```
    pub fn matcher(&self) -> Result<Matcher, FilterError> {
        let not_json = |error: ValueError| FilterError::NotJson { message: error.to_string() };
        // `Filter` only accepts objects, so the other arm is never taken.
        let condition = match Value::parse(self.json.as_bytes()).map_err(not_json)? {
            Value::Map(entries) => Condition::parse(&entries)?,
            _ => Condition::All(Vec::new()),
        };
        Ok(Matcher { condition })
    }

    /// Whether a local run matches the filter.
    ///
    /// For many runs, make a [`matcher`](Self::matcher) once. It also documents the rules.
    ///
    /// # Errors
    /// As [`matcher`](Self::matcher).
    ///
    /// ```
    /// use wandb_core::model::Run;
    /// use wandb_graphql::Filter;
    ///
    /// let mut run = Run::new("team", "project", "abc", "");
    /// run.state = Some("finished".into());
    /// run.tags = Some(vec!["baseline".to_owned(), "best".to_owned()]);
    /// assert!(r#"{"state": "finished", "tags": {"$in": ["best", "good"]}}"#.parse::<Filter>()?.matches(&run)?);
    /// assert!(!r#"{"tags": {"$ne": "best"}}"#.parse::<Filter>()?.matches(&run)?);
    /// # Ok::<(), wandb_graphql::FilterError>(())
    /// ```
    pub fn matches(&self, run: &Run) -> Result<bool, FilterError> {
        Ok(self.matcher()?.matches(run))
    }
}

#[cfg(test)]
mod tests;
