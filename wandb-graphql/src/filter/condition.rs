//! A parsed filter.

use std::cmp::Ordering::{Equal, Greater, Less};

use wandb_core::model::Run;
use wandb_core::{Map, Value};

use super::FilterError;
use super::field::Field;
use super::operator::{Operator, bad_operand};

/// A condition on a run.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    On(Field, Operator),
}

impl Condition {
    /// Parses an object of fields and logical operators. All of them must hold.
    pub(super) fn parse(entries: &Map) -> Result<Self, FilterError> {
        let parts = entries.iter().map(|(key, value)| match key {
            "$and" => Ok(Self::All(parse_list(key, value)?)),
            "$or" => Ok(Self::Any(parse_list(key, value)?)),
            "$nor" => Ok(Self::not(Self::Any(parse_list(key, value)?))),
            // MongoDB allows `$not` only inside fields, but its meaning at the top level is unambiguous.
            "$not" => Ok(Self::not(Self::parse(expect_object(key, value)?)?)),
            operator if operator.starts_with('$') => Err(unsupported_operator(operator)),
            name => {
                let field = Field::named(name);
                let field = field.ok_or_else(|| FilterError::UnknownField { field: name.to_owned() })?;
                Self::parse_field(&field, value)
            }
        });
        Ok(Self::All(parts.collect::<Result<_, _>>()?))
    }

    /// Parses the condition on a field: a value to equal, or an object of operators.
    fn parse_field(field: &Field, asked: &Value) -> Result<Self, FilterError> {
        match operators_in(asked) {
            None => Ok(Self::On(field.clone(), Operator::Equals(asked.clone()))),
            Some(entries) => {
                let names =
                    entries.iter().map(|(name, operand)| Self::parse_operator(field, name, operand, entries));
                Ok(Self::All(names.collect::<Result<_, _>>()?))
            }
        }
    }

    /// Parses one operator. `$regex` also reads `$options` from its siblings.
    fn parse_operator(
        field: &Field,
        name: &str,
        operand: &Value,
        siblings: &Map,
    ) -> Result<Self, FilterError> {
        let on = |operator| Self::On(field.clone(), operator);
        Ok(match name {
            "$eq" => on(Operator::Equals(operand.clone())),
            "$ne" => Self::not(on(Operator::Equals(operand.clone()))),
            "$in" => on(Operator::one_of(name, operand)?),
            "$nin" => Self::not(on(Operator::one_of(name, operand)?)),
            "$gt" => on(Operator::compares(name, operand, &[Greater])?),
            "$gte" => on(Operator::compares(name, operand, &[Greater, Equal])?),
            "$lt" => on(Operator::compares(name, operand, &[Less])?),
            "$lte" => on(Operator::compares(name, operand, &[Less, Equal])?),
            "$exists" => on(Operator::exists(operand)?),
            "$regex" => on(Operator::regex(operand, siblings.get("$options"))?),
            "$options" if siblings.contains_key("$regex") => Self::All(Vec::new()),
            "$options" => return Err(bad_operand(name, operand, "a $regex beside it")),
            "$not" if operators_in(operand).is_some() => Self::not(Self::parse_field(field, operand)?),
            "$not" => return Err(bad_operand(name, operand, r#"an operator such as {"$gt": 1}"#)),
            _ => return Err(unsupported_operator(name)),
        })
    }

    fn not(condition: Self) -> Self {
        Self::Not(Box::new(condition))
    }

    /// Whether a run satisfies the condition.
    pub(super) fn holds(&self, run: &Run) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(run)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(run)),
            Self::Not(part) => !part.holds(run),
            Self::On(field, operator) => operator.passes(field.value_in(run).as_deref(), field.comparison()),
        }
    }
}

/// The operators in an operand; `None` for a value to compare with.
fn operators_in(asked: &Value) -> Option<&Map> {
    asked.as_map().filter(|entries| entries.keys().any(|key| key.starts_with('$')))
}

fn parse_list(operator: &str, value: &Value) -> Result<Vec<Condition>, FilterError> {
    let items = value.as_list().ok_or_else(|| bad_operand(operator, value, "a list of objects"))?;
    items.iter().map(|item| Condition::parse(expect_object(operator, item)?)).collect()
}

fn expect_object<'a>(operator: &str, value: &'a Value) -> Result<&'a Map, FilterError> {
    value.as_map().ok_or_else(|| bad_operand(operator, value, "an object"))
}

fn unsupported_operator(operator: &str) -> FilterError {
    FilterError::UnknownOperator { operator: operator.to_owned() }
}
