//! The order of runs that are at hand.

use std::cmp::Ordering;

use wandb_core::Value;
use wandb_core::model::Run;

use super::{Order, OrderError};
use crate::filter::compare::moment;
use crate::filter::field::Field;

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
        let fields = self.text.split(',').filter_map(|part| {
            let (descending, name) = signed(part);
            Some((descending, Field::named(name)?))
        });
        let decided = |(descending, field): (bool, Field)| by(&field, descending, one, other);
        fields.map(decided).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
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

fn by(field: &Field, descending: bool, one: &Run, other: &Run) -> Ordering {
    let (one, other) = (field.of(one), field.of(other));
    let (one, other) = (one.as_deref().unwrap_or(&Value::Null), other.as_deref().unwrap_or(&Value::Null));
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
