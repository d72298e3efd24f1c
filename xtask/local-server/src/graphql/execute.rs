//! Executes a validated query and writes the response as JSON, without a tree of values in between.

use apollo_compiler::ast::{Argument, DirectiveList, Value as Ast};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::{Name, Node};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Arguments, Object};
use super::served::CheckedQuery;
use crate::store::write_json_string;

/// Executes the query and returns the response body.
pub(crate) fn execute(query: &CheckedQuery, root: &dyn Object) -> Vec<u8> {
    let mut walk = Execution { query, errors: Vec::new(), path: Vec::new() };
    let mut out = br#"{"data":"#.to_vec();
    walk.object(root, &[&query.operation.selection_set], &mut out);
    if !walk.errors.is_empty() {
        out.extend_from_slice(br#","errors":"#);
        out.extend_from_slice(Value::Array(walk.errors).to_string().as_bytes());
    }
    out.push(b'}');
    out
}

struct Execution<'q> {
    query: &'q CheckedQuery,
    errors: Vec<Value>,
    path: Vec<Value>,
}

type Fields<'q> = IndexMap<Name, Vec<&'q Node<Field>>>;

impl<'q> Execution<'q> {
    fn object(&mut self, object: &dyn Object, selections: &[&'q SelectionSet], out: &mut Vec<u8>) {
        let mut fields = Fields::default();
        for selection in selections {
            self.collect(selection, object.type_name(), &mut fields);
        }
        out.push(b'{');
        for (at, (key, fields)) in fields.into_iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_json_string(&key, out);
            out.push(b':');
            self.path.push(key.as_str().into());
            self.field(object, &fields, out);
            self.path.pop();
        }
        out.push(b'}');
    }

    /// Collects the fields that apply to an object of this type.
    fn collect(&self, selection: &'q SelectionSet, type_name: &str, fields: &mut Fields<'q>) {
        for selection in &selection.selections {
            match selection {
                Selection::Field(field) if self.wanted(&field.directives) => {
                    fields.entry(field.response_key().clone()).or_default().push(field);
                }
                Selection::InlineFragment(fragment) if self.wanted(&fragment.directives) => {
                    let condition = fragment.type_condition.as_ref();
                    if condition.is_none_or(|condition| self.query.is_of_type(type_name, condition)) {
                        self.collect(&fragment.selection_set, type_name, fields);
                    }
                }
                Selection::FragmentSpread(spread) if self.wanted(&spread.directives) => {
                    let fragment = spread.fragment_def(&self.query.document);
                    if let Some(fragment) = fragment
                        .filter(|fragment| self.query.is_of_type(type_name, fragment.type_condition()))
                    {
                        self.collect(&fragment.selection_set, type_name, fields);
                    }
                }
                _ => {}
            }
        }
    }

    /// Evaluates `@include` and `@skip`.
    fn wanted(&self, directives: &DirectiveList) -> bool {
        let condition = |name: &str| {
            let argument = directives.get(name)?.specified_argument_by_name("if")?;
            self.value(argument)?.as_bool()
        };
        condition("include").unwrap_or(true) && !condition("skip").unwrap_or(false)
    }

    fn field(&mut self, object: &dyn Object, fields: &[&'q Node<Field>], out: &mut Vec<u8>) {
        let Some(field) = fields.first() else { return };
        if field.name == "__typename" {
            write_json_string(&self.query.type_name(object.type_name()), out);
            return;
        }
        let arguments = self.arguments(field);
        let selections: Vec<&SelectionSet> = fields.iter().map(|field| &field.selection_set).collect();
        match object.resolve(&field.name, &arguments) {
            Ok(Answer::Value(value)) => out.extend_from_slice(value.to_string().as_bytes()),
            Ok(Answer::Encoded(json)) => out.extend_from_slice(&json),
            Ok(Answer::Written(write)) => write(out),
            Ok(Answer::Object(object)) => self.object(&*object, &selections, out),
            Ok(Answer::Objects(objects)) => {
                out.push(b'[');
                for (at, object) in objects.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    self.path.push(at.into());
                    self.object(&**object, &selections, out);
                    self.path.pop();
                }
                out.push(b']');
            }
            Err(message) => {
                self.errors.push(json!({ "message": message, "path": self.path }));
                out.extend_from_slice(b"null");
            }
        }
    }

    fn arguments(&self, field: &Node<Field>) -> Arguments {
        let mut arguments = Map::new();
        for definition in &field.definition.arguments {
            let given =
                field.arguments.iter().find(|argument: &&Node<Argument>| argument.name == definition.name);
            let value = given.and_then(|argument| self.value(&argument.value));
            if let Some(value) =
                value.or_else(|| definition.default_value.as_ref().and_then(|v| self.value(v)))
            {
                arguments.insert(definition.name.to_string(), value);
            }
        }
        Arguments(arguments)
    }

    /// Substitutes the variables in a literal. Returns `None` for a variable without a value.
    fn value(&self, value: &Ast) -> Option<Value> {
        Some(match value {
            Ast::Null => Value::Null,
            Ast::Enum(name) => name.as_str().into(),
            Ast::Variable(name) => self.query.variables.get(name.as_str())?.clone(),
            Ast::String(text) => text.as_str().into(),
            Ast::Boolean(flag) => (*flag).into(),
            Ast::Int(number) => serde_json::from_str(number.as_str()).ok()?,
            Ast::Float(number) => serde_json::from_str(number.as_str()).ok()?,
            Ast::List(items) => items.iter().filter_map(|item| self.value(item)).collect(),
            Ast::Object(fields) => Value::Object(
                fields
                    .iter()
                    .filter_map(|(name, value)| Some((name.to_string(), self.value(value)?)))
                    .collect(),
            ),
        })
    }
}
