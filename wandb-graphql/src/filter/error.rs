//! Errors in filters.

/// An error in a filter's text, or in applying a filter to local runs.
///
/// ```
/// use wandb_graphql::{Filter, FilterError};
///
/// let filter: Filter = r#"{"state": {"$like": "fin%"}}"#.parse()?;
/// let error = filter.matcher().unwrap_err();
/// assert_eq!(error, FilterError::UnknownOperator { operator: "$like".to_owned() });
/// # Ok::<(), FilterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// The text is not JSON.
    #[error("the filter is not JSON: {message} (expected something like {EXAMPLE})")]
    NotJson {
        /// The parser's message, with the position.
        message: String,
    },
    /// The text is JSON, but not an object.
    #[error("the filter is {found}, not an object (expected something like {EXAMPLE})")]
    NotAnObject {
        /// The kind of JSON value.
        found: &'static str,
    },
    /// An operator that local matching does not support, though the server may.
    #[error("unsupported operator {operator:?} in the filter (expected one of {OPERATORS})")]
    UnknownOperator {
        /// The operator as given.
        operator: String,
    },
    /// A field that local matching does not support, though the server may.
    #[error("unsupported field {field:?} in the filter (expected one of {FIELDS})")]
    UnknownField {
        /// The field as given.
        field: String,
    },
    /// An operator has an operand of the wrong kind.
    #[error("{operator} in the filter expects {needed}, found {found}")]
    BadOperand {
        /// The operator.
        operator: String,
        /// The expected kind of operand.
        needed: &'static str,
        /// The operand as JSON, truncated if it is long.
        found: String,
    },
    /// A regular expression that is invalid or uses unsupported features.
    #[error("invalid regular expression {pattern:?} in the filter: {message}")]
    BadPattern {
        /// The expression.
        pattern: String,
        /// The reason.
        message: String,
    },
}

const EXAMPLE: &str = r#"{"state": "finished"}"#;

const OPERATORS: &str =
    "$and, $or, $nor, $not, $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $regex, $options";

const FIELDS: &str = "name, display_name, state, tags, group, jobType, sweep, created_at, heartbeat_at, username, \
                      notes, description, commit, config.KEY, summary_metrics.KEY, system_metrics.KEY";
