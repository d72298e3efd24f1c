//! The order of runs in a list.

mod compare;

use std::fmt;
use std::str::FromStr;

pub use compare::OrderKey;

/// A field to order runs by, and a direction.
///
/// The server knows `created_at`, `heartbeat_at`, `config.KEY.value`, `summary_metrics.KEY` and more.
/// [`compare`](Order::compare) orders local runs.
///
/// ```
/// use wandb_graphql::Order;
///
/// let order: Order = "-summary_metrics.accuracy".parse()?;
/// assert_eq!(order, Order::descending("summary_metrics.accuracy")?);
/// assert_eq!("created_at".parse::<Order>()?.to_string(), "+created_at", "ascending by default");
/// assert_eq!(Order::default().to_string(), "+created_at");
/// # Ok::<(), wandb_graphql::OrderError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Order {
    /// The sign and the field, in the server's format.
    text: String,
}

/// An error in the text of an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid order {input:?}: {reason} (expected something like +created_at or -summary_metrics.loss)")]
pub struct OrderError {
    input: String,
    reason: &'static str,
}

impl Order {
    /// Orders by a field, smallest or earliest first.
    pub fn ascending(field: &str) -> Result<Self, OrderError> {
        Self::new('+', field)
    }

    /// Orders by a field, greatest or latest first.
    pub fn descending(field: &str) -> Result<Self, OrderError> {
        Self::new('-', field)
    }

    fn new(sign: char, field: &str) -> Result<Self, OrderError> {
        let reason = if field.is_empty() {
            "the field is missing"
        } else if field.starts_with(['+', '-']) {
            "it has two signs"
        } else if field.trim() != field {
            "there is a space around the field"
        } else if field.chars().any(char::is_control) {
            "it contains a control character"
        } else {
            return Ok(Self { text: format!("{sign}{field}") });
        };
        Err(OrderError { input: field.to_owned(), reason })
    }

    /// The same field in the opposite direction.
    pub(crate) fn reversed(&self) -> Self {
        let (sign, field) = self.text.split_at(1);
        Self { text: format!("{}{field}", if sign == "-" { '+' } else { '-' }) }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// Oldest run first. New runs then come last, so that they do not shift later pages.
impl Default for Order {
    fn default() -> Self {
        Self { text: "+created_at".to_owned() }
    }
}

/// A field with the prefix `+` or none for ascending order, or `-` for descending order.
impl FromStr for Order {
    type Err = OrderError;

    fn from_str(input: &str) -> Result<Self, Self::Err> {
        let (sign, field) = match input.strip_prefix('-') {
            Some(field) => ('-', field),
            None => ('+', input.strip_prefix('+').unwrap_or(input)),
        };
        Self::new(sign, field).map_err(|error| OrderError { input: input.to_owned(), ..error })
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_and_printed() {
        for text in ["+created_at", "-heartbeat_at", "+config.learning rate.value", "-summary_metrics.häß"]
        {
            assert_eq!(text.parse::<Order>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn invalid_orders_are_rejected_with_a_reason() {
        for (text, reason) in [
            ("", "the field is missing"),
            ("-", "the field is missing"),
            ("+-created_at", "it has two signs"),
            ("- created_at", "there is a space around the field"),
            ("a\nb", "it contains a control character"),
        ] {
            let error = text.parse::<Order>().unwrap_err();
            assert_eq!(error, OrderError { input: text.to_owned(), reason });
            assert!(error.to_string().contains("expected something like +created_at"));
        }
    }
}
