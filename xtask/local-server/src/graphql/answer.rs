//! What resolvers take and give.

use serde_json::{Map, Value};

/// What a field resolves to.
pub(crate) enum Answer {
    /// A scalar, or a list of scalars.
    Value(Value),
    /// JSON that is already encoded.
    Encoded(Vec<u8>),
    /// JSON that is written where it is to be, for answers too large to be copied.
    Written(Write),
    /// An object whose fields are asked for next.
    Object(Box<dyn Object>),
    /// A list of objects.
    Objects(Vec<Box<dyn Object>>),
}

/// Appends JSON to the answer.
pub(crate) type Write = Box<dyn FnOnce(&mut Vec<u8>)>;

/// An answer, or the message of an error that makes the field null.
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

/// Something of a GraphQL object type.
pub(crate) trait Object {
    /// Name of the type.
    fn type_name(&self) -> &'static str;

    /// The value of a field that the query has been checked to be allowed to ask for.
    fn resolve(&self, field: &str, arguments: &Arguments) -> Resolved;
}

/// The arguments of a field with variables put in; absent and null are the same.
#[derive(Debug, Default)]
pub(crate) struct Arguments(pub(crate) Map<String, Value>);

impl Arguments {
    pub(crate) fn str(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(crate) fn string(&self, name: &str) -> Option<String> {
        self.str(name).map(str::to_owned)
    }

    /// A required text; the schema check has made sure of it, so that absence reads as empty.
    pub(crate) fn required(&self, name: &str) -> &str {
        self.str(name).unwrap_or_default()
    }

    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    /// A count; a negative one reads as zero.
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

    /// The objects of a list.
    pub(crate) fn list(&self, name: &str) -> Vec<Arguments> {
        let items = self.0.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(|item| item.as_object().cloned().map(Arguments)).collect()
    }

    /// The `input` of a mutation.
    pub(crate) fn input(&self) -> Arguments {
        Arguments(self.0.get("input").and_then(Value::as_object).cloned().unwrap_or_default())
    }
}

/// An object whose fields are all known beforehand.
pub(crate) struct Facts {
    type_name: &'static str,
    fields: Vec<(&'static str, Fact)>,
}

enum Fact {
    Value(Value),
    Object(Box<dyn Fn() -> Answer>),
}

impl Facts {
    pub(crate) fn new(type_name: &'static str) -> Self {
        Self { type_name, fields: Vec::new() }
    }

    pub(crate) fn value(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, Fact::Value(value.into())));
        self
    }

    pub(crate) fn object(mut self, name: &'static str, answer: impl Fn() -> Answer + 'static) -> Self {
        self.fields.push((name, Fact::Object(Box::new(answer))));
        self
    }
}

impl Object for Facts {
    fn type_name(&self) -> &'static str {
        self.type_name
    }

    fn resolve(&self, field: &str, _arguments: &Arguments) -> Resolved {
        let fact = self.fields.iter().find(|(name, _)| *name == field).map(|(_, fact)| fact);
        Ok(match fact {
            None => Answer::NULL,
            Some(Fact::Value(value)) => Answer::Value(value.clone()),
            Some(Fact::Object(answer)) => answer(),
        })
    }
}
