//! Arguments and results of resolvers.

use serde_json::{Map, Value};

/// The result of a field.
pub(crate) enum Answer {
    /// A scalar, or a list of scalars.
    Value(Value),
    /// JSON that is already encoded.
    Encoded(Vec<u8>),
    /// JSON that is written directly into the response, for results too large to copy.
    Written(Write),
    /// An object whose fields are resolved next.
    Object(Box<dyn Object>),
    /// A list of objects.
    Objects(Vec<Box<dyn Object>>),
}

/// Appends JSON to the response.
pub(crate) type Write = Box<dyn FnOnce(&mut Vec<u8>)>;

/// A result, or an error message that makes the field null.
pub(crate) type Resolved = Result<Answer, String>;

impl Answer {
    pub(crate) const NULL: Self = Self::Value(Value::Null);

    pub(crate) fn value(value: impl Into<Value>) -> Self {
        Self::Value(value.into())
    }

    pub(crate) fn object(object: impl Object + 'static) -> Self {
        Self::Object(Box::new(object))
    }

    pub(crate) fn optional(object: Option<impl Object + 'static>) -> Self {
        object.map_or(Self::NULL, Self::object)
    }

    pub(crate) fn objects(objects: impl IntoIterator<Item = impl Object + 'static>) -> Self {
        Self::Objects(objects.into_iter().map(|object| Box::new(object) as Box<dyn Object>).collect())
    }
}

/// An object of a GraphQL object type.
pub(crate) trait Object {
    /// Name of the type.
    fn type_name(&self) -> &'static str;

    /// Resolves a field. The query has been validated, so the field exists.
    fn resolve(&self, field: &str, arguments: &Arguments) -> Resolved;
}

/// The arguments of a field with their variables substituted. Absent and null are the same.
#[derive(Debug, Default)]
pub(crate) struct Arguments(pub(crate) Map<String, Value>);

impl Arguments {
    pub(crate) fn str(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(crate) fn string(&self, name: &str) -> Option<String> {
        self.str(name).map(str::to_owned)
    }

    /// Returns a required string. Validation guarantees it, so an absent one reads as empty.
    pub(crate) fn required(&self, name: &str) -> &str {
        self.str(name).unwrap_or_default()
    }

    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    /// Returns a count. A negative one reads as zero.
    pub(crate) fn count(&self, name: &str) -> Option<usize> {
        self.int(name).map(|count| usize::try_from(count).unwrap_or(0))
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn strings(&self, name: &str) -> Option<Vec<String>> {
        let items = self.0.get(name)?.as_array()?;
        Some(items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
    }

    /// Returns the objects of a list.
    pub(crate) fn list(&self, name: &str) -> Vec<Arguments> {
        let items = self.0.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(|item| item.as_object().cloned().map(Arguments)).collect()
    }

    /// Returns the `input` of a mutation.
    pub(crate) fn input(&self) -> Arguments {
        Arguments(self.0.get("input").and_then(Value::as_object).cloned().unwrap_or_default())
    }
}

/// An object with fixed fields.
pub(crate) struct StaticObject {
    type_name: &'static str,
    fields: Vec<(&'static str, StaticField)>,
}

enum StaticField {
    Value(Value),
    Object(Box<dyn Fn() -> Answer>),
}

impl StaticObject {
    pub(crate) fn new(type_name: &'static str) -> Self {
        Self { type_name, fields: Vec::new() }
    }

    pub(crate) fn value(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, StaticField::Value(value.into())));
        self
    }

    pub(crate) fn object(mut self, name: &'static str, answer: impl Fn() -> Answer + 'static) -> Self {
        self.fields.push((name, StaticField::Object(Box::new(answer))));
        self
    }
}

impl Object for StaticObject {
    fn type_name(&self) -> &'static str {
        self.type_name
    }

    fn resolve(&self, field: &str, _arguments: &Arguments) -> Resolved {
        let fact = self.fields.iter().find(|(name, _)| *name == field).map(|(_, fact)| fact);
        Ok(match fact {
            None => Answer::NULL,
            Some(StaticField::Value(value)) => Answer::Value(value.clone()),
            Some(StaticField::Object(answer)) => answer(),
        })
    }
}
