//! A filter that has been read.

use std::cmp::Ordering::{Equal, Greater, Less};

use wandb_core::model::Run;
use wandb_core::{Map, Value};

use super::FilterError;
use super::field::Field;
use super::operator::{Operator, bad};

/// What a run must fulfil.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    On(Field, Operator),
}

impl Condition {
    /// Reads an object of fields and logical operators, all of which must hold.
    pub(super) fn read(entries: &Map) -> Result<Self, FilterError> {
        let parts = entries.iter().map(|(key, value)| match key {
            "$and" => Ok(Self::All(list(key, value)?)),
            "$or" => Ok(Self::Any(list(key, value)?)),
            "$nor" => Ok(Self::not(Self::Any(list(key, value)?))),
            // MongoDB has it inside of fields only, but there is but one thing that it can mean here.
            "$not" => Ok(Self::not(Self::read(object(key, value)?)?)),
            operator if operator.starts_with('$') => Err(unknown(operator)),
            name => {
                let field = Field::named(name);
                let field = field.ok_or_else(|| FilterError::UnknownField { field: name.to_owned() })?;
                Self::on(&field, value)
            }
        });
        Ok(Self::All(parts.collect::<Result<_, _>>()?))
    }

    /// Reads what is asked of a field: a value to equal, or operators.
    fn on(field: &Field, asked: &Value) -> Result<Self, FilterError> {
        match operators(asked) {
            None => Ok(Self::On(field.clone(), Operator::Equals(asked.clone()))),
            Some(entries) => {
                let names =
                    entries.iter().map(|(name, operand)| Self::operator(field, name, operand, entries));
                Ok(Self::All(names.collect::<Result<_, _>>()?))
            }
        }
    }

    /// Reads one operator; those beside it matter to `$regex`.
    fn operator(field: &Field, name: &str, operand: &Value, beside: &Map) -> Result<Self, FilterError> {
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
            "$regex" => on(Operator::looks(operand, beside.get("$options"))?),
            "$options" if beside.contains_key("$regex") => Self::All(Vec::new()),
            "$options" => return Err(bad(name, operand, "a $regex beside it")),
            "$not" if operators(operand).is_some() => Self::not(Self::on(field, operand)?),
            "$not" => return Err(bad(name, operand, r#"an operator such as {"$gt": 1}"#)),
            _ => return Err(unknown(name)),
        })
    }

    fn not(condition: Self) -> Self {
        Self::Not(Box::new(condition))
    }

    /// Whether a run fulfils it.
    pub(super) fn holds(&self, run: &Run) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(run)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(run)),
            Self::Not(part) => !part.holds(run),
            Self::On(field, operator) => operator.passes(field.of(run).as_deref(), field.comparison()),
        }
    }
}

/// An object that has operators is no value to be equal to.
fn operators(asked: &Value) -> Option<&Map> {
    asked.as_map().filter(|entries| entries.keys().any(|key| key.starts_with('$')))
}

fn list(operator: &str, value: &Value) -> Result<Vec<Condition>, FilterError> {
    let items = value.as_list().ok_or_else(|| bad(operator, value, "a list of objects"))?;
    items.iter().map(|item| Condition::read(object(operator, item)?)).collect()
}

fn object<'a>(operator: &str, value: &'a Value) -> Result<&'a Map, FilterError> {
    value.as_map().ok_or_else(|| bad(operator, value, "an object"))
}

fn unknown(operator: &str) -> FilterError {
    FilterError::UnknownOperator { operator: operator.to_owned() }
}
