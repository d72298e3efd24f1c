//! The schema as currently served, and the validation of queries against it.

use std::sync::Arc;

use apollo_compiler::ast::OperationType;
use apollo_compiler::executable::{ExecutableDocument, Operation};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, Schema};
use serde::Deserialize;
use serde_json::{Value, json};

use super::dialect::Dialect;

const SDL: &str = include_str!("schema.graphql");

/// Why a schema cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The field or argument does not exist.
    #[error("cannot leave out {field:?} of {owner:?}: the schema has none")]
    NoSuchField {
        /// The type, or `Type.field` for an argument.
        owner: String,
        /// The field or argument.
        field: String,
    },
    /// The remaining schema is invalid.
    #[error("the schema is not valid: {0}")]
    Invalid(String),
}

/// A schema that queries are validated against.
#[derive(Debug)]
pub(crate) struct ServedSchema {
    schema: Arc<Valid<Schema>>,
    dialect: Dialect,
}

/// The body of a GraphQL request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Query {
    #[serde(rename = "query")]
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) variables: Option<Value>,
    /// The operation name. The SDK sends an empty one for none.
    #[serde(default)]
    pub(crate) operation_name: Option<String>,
}

/// A validated query.
#[derive(Debug)]
pub(crate) struct CheckedQuery {
    schema: Arc<Valid<Schema>>,
    dialect: Dialect,
    pub(crate) document: Valid<ExecutableDocument>,
    pub(crate) operation: Node<Operation>,
    pub(crate) variables: serde_json::Map<String, Value>,
}

impl CheckedQuery {
    pub(crate) fn type_name(&self, name: &str) -> String {
        self.dialect.type_name(name)
    }

    /// Whether an object of a type has the type that a fragment requires: its own, an interface or a union.
    pub(crate) fn is_of_type(&self, type_name: &str, condition: &str) -> bool {
        let name = self.type_name(type_name);
        name == condition || self.schema.is_subtype(condition, &name)
    }
}

/// The `errors` of a rejected request.
#[derive(Debug)]
pub(crate) struct Rejection(pub(crate) Vec<Value>);

impl Rejection {
    fn new(message: impl std::fmt::Display) -> Self {
        Self(vec![json!({ "message": message.to_string() })])
    }

    /// Removes the type from errors about unknown arguments: `Unknown argument "x" on field "f"`.
    pub(crate) fn omit_types(&mut self) {
        for error in &mut self.0 {
            let message = error["message"].as_str().unwrap_or_default();
            let Some((argument, rest)) = message.split_once(" on field \"") else { continue };
            let field = rest.split('"').next().unwrap_or_default();
            let field = field.rsplit('.').next().unwrap_or(field);
            if argument.starts_with("Unknown argument") {
                error["message"] = format!("{argument} on field \"{field}\"").into();
            }
        }
    }
}

impl ServedSchema {
    /// Builds the schema without some fields (type, field) or arguments (`Type.field`, argument).
    pub(crate) fn without(missing: &[(&str, &str)]) -> Result<Self, SchemaError> {
        Self::of_dialect(Dialect::default(), missing)
    }

    /// Like [`without`](Self::without), in a dialect. `missing` uses the type names of W&B's own server.
    pub(crate) fn of_dialect(dialect: Dialect, missing: &[(&str, &str)]) -> Result<Self, SchemaError> {
        let invalid = |error: &dyn std::fmt::Display| SchemaError::Invalid(error.to_string());
        let sdl = dialect.rename(SDL);
        let mut schema = Schema::parse(sdl, "schema.graphql").map_err(|error| invalid(&error.errors))?;
        for (owner, field) in missing {
            let no_such =
                || SchemaError::NoSuchField { owner: (*owner).to_owned(), field: (*field).to_owned() };
            let (on_type, of) =
                owner.split_once('.').map_or((*owner, None), |(on_type, of)| (on_type, Some(of)));
            let renamed = dialect.type_name(on_type);
            let is_object = matches!(schema.types.get(renamed.as_str()), Some(ExtendedType::Object(_)));
            let on_type = if is_object { &*renamed } else { on_type };
            if !remove(&mut schema, on_type, of, field) {
                return Err(no_such());
            }
        }
        match schema.validate() {
            Ok(schema) => Ok(Self { schema: Arc::new(schema), dialect }),
            Err(error) => Err(invalid(&error.errors)),
        }
    }

    /// Returns the status and body of a rejection.
    pub(crate) fn rejection_response(&self, rejection: &Rejection) -> (u16, Value) {
        self.dialect.response(&rejection.0)
    }

    /// Validates a request: unknown fields and arguments, wrong types, missing variables, introspection.
    pub(crate) fn check(&self, query: Query) -> Result<CheckedQuery, Rejection> {
        let document =
            ExecutableDocument::parse_and_validate(&self.schema, query.text, "query").map_err(|failed| {
                let errors = failed.errors.iter().map(|error| error.unstable_to_json_compat());
                let mut errors: Vec<Value> =
                    errors.filter_map(|error| serde_json::to_value(error).ok()).collect();
                // If all fields of a selection are unknown, the selection also counts as missing. W&B reports only the
                // first.
                let unknown =
                    |error: &Value| error["message"].as_str().is_some_and(|m| m.starts_with("Cannot query"));
                if errors.iter().any(unknown) {
                    errors.retain(unknown);
                }
                Rejection(self.dialect.reword_errors(errors))
            })?;
        let name = query.operation_name.as_deref().filter(|name| !name.is_empty());
        let operation =
            document.operations.get(name).map_err(|error| Rejection::new(error.message()))?.clone();
        if operation.operation_type == OperationType::Subscription {
            return Err(Rejection::new("Subscriptions are not supported."));
        }
        if operation
            .root_fields(&document)
            .any(|field| field.name.starts_with("__") && field.name != "__typename")
        {
            return Err(Rejection::new("GraphQL introspection is not allowed."));
        }
        let variables = match query.variables {
            None | Some(Value::Null) => json!({}),
            Some(variables) => variables,
        };
        let variables = serde_json::from_value(variables).map_err(Rejection::new)?;
        let variables =
            apollo_compiler::request::coerce_variable_values(&self.schema, &operation, &variables)
                .map_err(|error| Rejection::new(error.message()))?
                .into_inner();
        let Ok(Value::Object(variables)) = serde_json::to_value(variables) else {
            return Err(Rejection::new("variables must be an object"));
        };
        let (schema, dialect) = (Arc::clone(&self.schema), self.dialect.clone());
        Ok(CheckedQuery { schema, dialect, document, operation, variables })
    }
}

fn remove(schema: &mut Schema, type_name: &str, argument_of: Option<&str>, field: &str) -> bool {
    let Ok(type_name) = Name::new(type_name) else { return false };
    match (schema.types.get_mut(&type_name), argument_of) {
        (Some(ExtendedType::Object(object)), None) => object.make_mut().fields.shift_remove(field).is_some(),
        (Some(ExtendedType::Interface(interface)), None) => {
            interface.make_mut().fields.shift_remove(field).is_some()
        }
        (Some(ExtendedType::InputObject(object)), None) => {
            object.make_mut().fields.shift_remove(field).is_some()
        }
        (Some(ExtendedType::Object(object)), Some(of)) => {
            let Some(definition) = object.make_mut().fields.get_mut(of) else { return false };
            let arguments = &mut definition.make_mut().arguments;
            let before = arguments.len();
            arguments.retain(|argument| argument.name != *field);
            arguments.len() < before
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(missing: &[(&str, &str)], query: &str) -> String {
        let schema = ServedSchema::without(missing).unwrap();
        let query = Query { text: query.to_owned(), variables: None, operation_name: Some(String::new()) };
        schema
            .check(query)
            .map_or_else(|rejection| rejection.0[0]["message"].to_string(), |_| "accepted".to_owned())
    }

    #[test]
    fn unknown_fields_get_wandbs_message() {
        assert_eq!(
            rejection(&[], "{ viewer { nope } }"),
            r#""Cannot query field \"nope\" on type \"User\".""#
        );
        assert_eq!(rejection(&[], "{ viewer { entity } }"), "accepted");
        assert_eq!(
            rejection(&[], "{ __schema { types { name } } }"),
            r#""GraphQL introspection is not allowed.""#
        );
    }

    #[test]
    fn fields_and_arguments_can_be_hidden() {
        let query = r#"{ project(name: "p") { run(name: "r") { historyKeys logLines(last: 1) { edges { cursor } } } } }"#;
        assert_eq!(rejection(&[], query), "accepted");
        let answer = rejection(&[("Run", "historyKeys")], query);
        assert_eq!(answer, r#""Cannot query field \"historyKeys\" on type \"Run\".""#);
        let answer = rejection(&[("Run.logLines", "last")], query);
        assert_eq!(answer, r#""Unknown argument \"last\" on field \"logLines\" of type \"Run\".""#);
        assert!(ServedSchema::without(&[("Run", "nope")]).is_err());
    }
}
