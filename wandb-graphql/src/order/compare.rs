//! The order of runs that are at hand.

use std::borrow::Cow;
use std::cmp::Ordering;

use wandb_core::Value;
use wandb_core::model::Run;

use super::{Order, OrderError};
use crate::filter::compare::moment;
use crate::filter::field::Field;

/// What decides a run's place in an [`Order`], without the rest of the run.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderKey(Box<[Value]>);

impl Order {
    /// Which of two runs comes first, to order runs that lie on disk: there is no server to do it then.
    ///
    /// Fields are those of [`Filter::matcher`](crate::Filter::matcher); several may be joined by commas, each with
    /// its sign, and a later one decides where those before do not. Numbers come first, then NaN, booleans, strings,
    /// lists and maps (which are not ordered among themselves), and runs without the field, where it is null
    /// included, come last. The sign turns round what is within a kind, not the kinds: so the best runs come first
    /// and those without a result last in either direction. Numbers are not rounded, times are moments.
    ///
    /// Runs that tie are equal, and keep their order in a stable sort. By a field that is not known all are;
    /// [`check_fields`](Self::check_fields) tells beforehand.
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
            let (one, other) = (field.of(one), field.of(other));
            let (one, other) =
                (one.as_deref().unwrap_or(&Value::Null), other.as_deref().unwrap_or(&Value::Null));
            by(&field, descending, one, other)
        };
        self.fields().map(decided).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// The values of a run that decide its place, to order more runs than fit in memory. Lists and maps, which are not
    /// ordered among themselves, are left out.
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
        let value = |(_, field): (bool, Field)| match field.of(run).map(Cow::into_owned).unwrap_or_default() {
            Value::List(_) | Value::Map(_) => Value::List(Vec::new()),
            value => value,
        };
        OrderKey(self.fields().map(value).collect())
    }

    /// Which of two runs comes first by their [`key`](Self::key)s in this order, as [`compare`](Self::compare) tells.
    #[must_use]
    pub fn compare_keys(&self, one: &OrderKey, other: &OrderKey) -> Ordering {
        let values = one.0.iter().zip(&other.0);
        let decided =
            |((descending, field), (one, other)): ((bool, Field), _)| by(&field, descending, one, other);
        self.fields().zip(values).map(decided).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// The fields that are known, and whether each descends.
    fn fields(&self) -> impl Iterator<Item = (bool, Field)> {
        self.text.split(',').filter_map(|part| {
            let (descending, name) = signed(part);
            Some((descending, Field::named(name)?))
        })
    }

    /// Whether runs at hand can be ordered so: whether all fields are known.
    ///
    /// # Errors
    /// If one is not. A server may know it nevertheless.
    ///
    /// ```
    /// use wandb_graphql::Order;
    ///
    /// assert!("-created_at".parse::<Order>()?.check_fields().is_ok());
    /// let error = "-summary.loss,+hosst".parse::<Order>()?.check_fields().unwrap_err();
    /// assert!(error.to_string().starts_with(r#""hosst" is not an order: no such field of runs is known here"#));
    /// # Ok::<(), wandb_graphql::OrderError>(())
    /// ```
    pub fn check_fields(&self) -> Result<(), OrderError> {
        let mut names = self.text.split(',').map(|part| signed(part).1);
        match names.find(|name| Field::named(name).is_none()) {
            None => Ok(()),
            Some(name) => {
                let reason = "no such field of runs is known here";
                Err(OrderError { input: name.to_owned(), reason })
            }
        }
    }
}

/// A part of an order: whether it descends, and the field.
fn signed(part: &str) -> (bool, &str) {
    match part.strip_prefix('-') {
        Some(name) => (true, name),
        None => (false, part.strip_prefix('+').unwrap_or(part)),
    }
}

fn by(field: &Field, descending: bool, one: &Value, other: &Value) -> Ordering {
    Kind::of(field, one).cmp(&Kind::of(field, other)).then_with(|| {
        let ordering = field.comparison()(one, other).unwrap_or(Ordering::Equal);
        if descending { ordering.reverse() } else { ordering }
    })
}

/// What is compared at all, in the order of the kinds. Within each any two values compare, or none do: otherwise a sort
/// would have no single outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Number,
    NotANumber,
    Bool,
    Moment,
    Text,
    Many,
    Missing,
}

impl Kind {
    fn of(field: &Field, value: &Value) -> Self {
        match value.as_f64() {
            Some(number) if number.is_nan() => return Self::NotANumber,
            Some(_) => return Self::Number,
            None => {}
        }
        match value {
            Value::Bool(_) => Self::Bool,
            Value::String(_) if field.holds_times() && moment(value).is_some() => Self::Moment,
            Value::List(_) | Value::Map(_) => Self::Many,
            Value::Null => Self::Missing,
            _ => Self::Text,
        }
    }
}

#[cfg(test)]
mod tests;
