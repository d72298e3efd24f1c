//! What can be wrong with a filter.

/// Why a text is no filter, or why a filter cannot be held against runs that are at hand.
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
        /// What is wrong, and where.
        message: String,
    },
    /// The text is JSON, but not an object.
    #[error("the filter is {found}, not an object (expected something like {EXAMPLE})")]
    NotAnObject {
        /// What it is instead.
        found: &'static str,
    },
    /// An operator that only a server may know. Found when runs are to be matched here.
    #[error(
        "the filter has the operator {operator:?}, which is not known here (expected one of {OPERATORS})"
    )]
    UnknownOperator {
        /// The operator as it was written.
        operator: String,
    },
    /// A field that only a server may know. Found when runs are to be matched here.
    #[error("the filter has the field {field:?}, which is not known here (expected one of {FIELDS})")]
    UnknownField {
        /// The field as it was written.
        field: String,
    },
    /// An operator is applied to something that it makes no sense of.
    #[error("{operator} in the filter needs {needed}, but is given {found}")]
    BadOperand {
        /// The operator.
        operator: String,
        /// What it needs.
        needed: &'static str,
        /// What it is given, as JSON, cut short if it is long.
        found: String,
    },
    /// A regular expression that cannot be read, or does more than is supported here.
    #[error("the regular expression {pattern:?} in the filter cannot be used: {message}")]
    BadPattern {
        /// The expression.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
}

const EXAMPLE: &str = r#"{"state": "finished"}"#;

const OPERATORS: &str =
    "$and, $or, $nor, $not, $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $regex, $options";

const FIELDS: &str = "name, display_name, state, tags, group, jobType, sweep, created_at, heartbeat_at, username, \
                      notes, description, commit, config.KEY, summary_metrics.KEY, system_metrics.KEY";
