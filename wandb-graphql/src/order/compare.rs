//! The order of local runs.

use std::borrow::Cow;
use std::cmp::Ordering;

use wandb_core::Value;
use wandb_core::model::Run;

use super::{Order, OrderError};
use crate::filter::compare::moment;
use crate::filter::field::Field;

/// The values that determine a run's position in an [`Order`], without the rest of the run.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderKey(Box<[Value]>);

impl Order {
    /// Compares two runs on disk, where no server can order them.
    ///
    /// Fields are those of [`Filter::matcher`](crate::Filter::matcher). Several fields may be joined by commas, each
    /// with its sign; a later field decides ties of the earlier ones.
    ///
    /// Numbers come first, then NaN, booleans, strings, lists and maps (which are not ordered among themselves), and
    /// last runs where the field is missing or null. The sign reverses the order within a kind, but not the kinds: in
    /// either direction, the best runs come first and those without a result last. Numbers compare without rounding,
    /// times as points in time.
    ///
    /// Runs that tie are equal and keep their order in a stable sort. An unknown field makes all runs equal;
    /// [`check_fields`](Self::check_fields) detects it beforehand.
    ///
    /// ```
    /// use wandb_core::Value;
    /// use wandb_core::model::Run;
    /// use wandb_graphql::Order;
    ///
    /// let runs = [("a", "0.5"), ("b", "NaN"), ("c", "0.75")].map(|(id, accuracy)| {
    ///     let mut run = Run::new("team", "project", id, "");
    ///     run.summary = Some([("accuracy", Value::parse(accuracy.as_bytes()).unwrap())].into_iter().collect());
    ///     run
    /// });
    /// let mut runs = [vec![Run::new("team", "project", "none", "")], runs.to_vec()].concat();
    ///
    /// let order: Order = "-summary_metrics.accuracy".parse()?;
    /// runs.sort_by(|one, other| order.compare(one, other));
    /// assert_eq!(runs.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["c", "a", "b", "none"]);
    /// # Ok::<(), wandb_graphql::OrderError>(())
    /// ```
    pub fn compare(&self, one: &Run, other: &Run) -> Ordering {
        let decided = |(descending, field): (bool, Field)| {
            let (one, other) = (field.value_in(one), field.value_in(other));
            let (one, other) =
                (one.as_deref().unwrap_or(&Value::Null), other.as_deref().unwrap_or(&Value::Null));
            compare_values(&field, descending, one, other)
        };
        self.fields().map(decided).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// The values that determine a run's position, for sorting more runs than fit in memory. Omits the contents of
    /// lists and maps, which are not ordered among themselves.
    ///
    /// ```
    /// use wandb_core::model::Run;
    /// use wandb_graphql::Order;
    ///
    /// let order = Order::default();
    /// let keys = ["2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"].map(|time| {
    ///     let mut run = Run::new("team", "project", "run", "");
    ///     run.created_at = Some(time.into());
    ///     order.key(&run)
    /// });
    /// assert!(order.compare_keys(&keys[0], &keys[1]).is_gt());
    /// ```
    #[must_use]
    pub fn key(&self, run: &Run) -> OrderKey {
        let value =
            |(_, field): (bool, Field)| match field.value_in(run).map(Cow::into_owned).unwrap_or_default() {
                Value::List(_) | Value::Map(_) => Value::List(Vec::new()),
                value => value,
            };
        OrderKey(self.fields().map(value).collect())
    }

    /// Compares two runs by their [`key`](Self::key)s in this order, as [`compare`](Self::compare) does.
    #[must_use]
    pub fn compare_keys(&self, one: &OrderKey, other: &OrderKey) -> Ordering {
        let values = one.0.iter().zip(&other.0);
        let decided = |((descending, field), (one, other)): ((bool, Field), _)| {
            compare_values(&field, descending, one, other)
        };
        self.fields().zip(values).map(decided).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// The known fields, and whether each is descending.
    fn fields(&self) -> impl Iterator<Item = (bool, Field)> {
        self.text.split(',').filter_map(|part| {
            let (descending, name) = parse_part(part);
            Some((descending, Field::named(name)?))
        })
    }

    /// Checks that local runs can be ordered by every field.
    ///
    /// # Errors
    /// If a field is not supported. A server may know it nevertheless.
    ///
    /// ```
    /// use wandb_graphql::Order;
    ///
    /// assert!("-created_at".parse::<Order>()?.check_fields().is_ok());
    /// let error = "-summary.loss,+hosst".parse::<Order>()?.check_fields().unwrap_err();
    /// assert!(error.to_string().starts_with(r#"invalid order "hosst": unsupported field"#));
    /// # Ok::<(), wandb_graphql::OrderError>(())
    /// ```
    pub fn check_fields(&self) -> Result<(), OrderError> {
        let mut names = self.text.split(',').map(|part| parse_part(part).1);
        match names.find(|name| Field::named(name).is_none()) {
            None => Ok(()),
            Some(name) => {
                let reason = "unsupported field";
                Err(OrderError { input: name.to_owned(), reason })
            }
        }
    }
}

/// Splits a part of an order into whether it is descending, and the field.
fn parse_part(part: &str) -> (bool, &str) {
    match part.strip_prefix('-') {
        Some(name) => (true, name),
        None => (false, part.strip_prefix('+').unwrap_or(part)),
    }
}

fn compare_values(field: &Field, descending: bool, one: &Value, other: &Value) -> Ordering {
    Kind::of(field, one).cmp(&Kind::of(field, other)).then_with(|| {
        let ordering = field.comparison()(one, other).unwrap_or(Ordering::Equal);
        if descending { ordering.reverse() } else { ordering }
    })
}

/// The kinds of values, in the order in which they sort.
///
/// Within a kind, either all values compare or none do. Otherwise, the result of a sort would depend on its algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Number,
    Nan,
    Bool,
    Moment,
    Text,
    Collection,
    Missing,
}

impl Kind {
    fn of(field: &Field, value: &Value) -> Self {
        match value.as_f64() {
            Some(number) if number.is_nan() => return Self::Nan,
            Some(_) => return Self::Number,
            None => {}
        }
        match value {
            Value::Bool(_) => Self::Bool,
            Value::String(_) if field.has_times() && moment(value).is_some() => Self::Moment,
            Value::List(_) | Value::Map(_) => Self::Collection,
            Value::Null => Self::Missing,
            _ => Self::Text,
        }
    }
}

#[cfg(test)]
mod tests;
