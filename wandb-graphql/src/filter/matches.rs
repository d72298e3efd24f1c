//! Filters of runs that are at hand.

use wandb_core::model::Run;
use wandb_core::{Value, ValueError};

use super::condition::Condition;
use super::{Filter, FilterError};

/// A [`Filter`] that has been read and can be held against any number of runs.
///
/// Made by [`Filter::matcher`], which says what a run must fulfil.
#[derive(Debug, Clone)]
pub struct Matcher {
    condition: Condition,
}

impl Matcher {
    /// Whether the filter lets the run through.
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
    /// Reads the filter, to hold it against runs that lie on disk: there is no server to do it then.
    ///
    /// The rules are `MongoDB`'s:
    /// - Operators are `$and`, `$or`, `$nor` and `$not`, `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`,
    ///   `$exists` and `$regex`, the last with `$options` (`i`, `m`, `s`, `x`). Several on a field must all hold.
    /// - Fields are `name` (the id), `display_name`, `state`, `tags`, `group`, `jobType`, `sweep`, `created_at`,
    ///   `heartbeat_at`, `username`, `notes`, `description`, `commit`, and `config.KEY`, `config.KEY.value`,
    ///   `summary_metrics.KEY` and `system_metrics.KEY`, also as GraphQL spells them. Dots lead into nested values,
    ///   and into lists by place; keys that hold dots themselves are found, too.
    /// - Numbers compare with numbers, whichever their kind, and are not rounded. Strings compare with strings, by
    ///   their characters; times, in the two fields that hold them, as moments. Values of different kinds are not
    ///   equal, and neither is smaller.
    /// - A list, such as the tags, passes as a whole or by one of its items.
    /// - What is missing counts as null, but for `$exists`. So does all that a light run lacks.
    /// - `"NaN"`, `"Infinity"` and `"-Infinity"` are the numbers that W&B writes so.
    /// - A regular expression may match anywhere. Its classes (`\w`, `\d`) and the option `i` know ASCII alone, and
    ///   there are no back references and no looking around.
    ///
    /// # Errors
    /// For an operator or a field that is not known, and for an operand that its operator makes no sense of, whether
    /// or not any run would need it.
    ///
    /// ```
    /// use wandb_graphql::Filter;
    ///
    /// let filter: Filter = r#"{"tags": "best", "summary_metrics.loss": {"$exists": true, "$lt": 0.1}}"#.parse()?;
    /// assert!(filter.matcher().is_ok());
    /// let error = r#"{"hosst": "a"}"#.parse::<Filter>()?.matcher().unwrap_err();
    /// assert!(error.to_string().starts_with(r#"the filter has the field "hosst", which is not known here"#));
    /// # Ok::<(), wandb_graphql::FilterError>(())
    /// ```
    pub fn matcher(&self) -> Result<Matcher, FilterError> {
        let not_json = |error: ValueError| FilterError::NotJson { message: error.to_string() };
        // The text was seen to be an object when the filter was made.
        let condition = match Value::parse(self.json.as_bytes()).map_err(not_json)? {
            Value::Map(entries) => Condition::read(&entries)?,
            _ => Condition::All(Vec::new()),
        };
        Ok(Matcher { condition })
    }

    /// Whether the filter lets a run that is at hand through. For many runs, make a [`matcher`](Self::matcher) once,
    /// which also tells the rules.
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
