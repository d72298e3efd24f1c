//! Nodes that the server fails to give, or gives in a form that no client expects, among others that are whole.

use serde_json::{Value, json};

/// A node of a list that is not as the schema says.
#[derive(Debug, Clone, PartialEq)]
pub struct BadNode {
    list: &'static str,
    name: String,
    badness: Badness,
}

#[derive(Debug, Clone, PartialEq)]
enum Badness {
    /// Null, with an error that names its place.
    Failed(String),
    /// A field holds something else.
    Field(&'static str, Value),
    /// Something else is in its place.
    Replaced(Value),
}

impl BadNode {
    /// The server fails at the node: it is null, and an error with `message` names its place.
    pub fn failed(list: &'static str, name: &str, message: &str) -> Self {
        Self { list, name: name.to_owned(), badness: Badness::Failed(message.to_owned()) }
    }

    /// The node's `field` holds `value`.
    pub fn field(list: &'static str, name: &str, field: &'static str, value: impl Into<Value>) -> Self {
        Self { list, name: name.to_owned(), badness: Badness::Field(field, value.into()) }
    }

    /// `value` is in place of the node.
    pub fn replaced(list: &'static str, name: &str, value: impl Into<Value>) -> Self {
        Self { list, name: name.to_owned(), badness: Badness::Replaced(value.into()) }
    }

    fn is(&self, node: &Value) -> bool {
        node["name"] == *self.name || self.name.parse::<u64>().is_ok_and(|number| node["number"] == number)
    }
}

/// The names that a node of a run goes by in an edge: the query for whole runs asks for each run twice.
const NODES: [&str; 2] = ["node", "belongings"];

/// The answer with these nodes bad.
pub(crate) fn spoil(answer: Vec<u8>, bad: &[BadNode]) -> Vec<u8> {
    if bad.is_empty() {
        return answer;
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(&answer) else { return answer };
    let mut errors = Vec::new();
    for node in bad {
        visit(&mut body["data"], node, &mut Vec::new(), &mut errors);
    }
    if !errors.is_empty() {
        body["errors"] = errors.into();
    }
    body.to_string().into_bytes()
}

fn visit(value: &mut Value, bad: &BadNode, path: &mut Vec<Value>, errors: &mut Vec<Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                path.push(name.as_str().into());
                // A run by itself is as bad as in a list.
                if bad.list == "runs" && name == "run" && bad.is(value) {
                    replace(value, bad, path, errors);
                } else if name == bad.list && value["edges"].is_array() {
                    path.push("edges".into());
                    for (index, edge) in value["edges"].as_array_mut().into_iter().flatten().enumerate() {
                        path.push(index.into());
                        if bad.is(&edge["node"]) {
                            spoil_edge(edge, bad, path, errors);
                        }
                        path.pop();
                    }
                    path.pop();
                } else {
                    visit(value, bad, path, errors);
                }
                path.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                path.push(index.into());
                visit(item, bad, path, errors);
                path.pop();
            }
        }
        _ => {}
    }
}

fn spoil_edge(edge: &mut Value, bad: &BadNode, path: &mut Vec<Value>, errors: &mut Vec<Value>) {
    let Some(edge) = edge.as_object_mut() else { return };
    for (name, node) in edge.iter_mut().filter(|(name, _)| NODES.contains(&name.as_str())) {
        path.push(name.as_str().into());
        replace(node, bad, path, errors);
        path.pop();
    }
}

fn replace(node: &mut Value, bad: &BadNode, path: &[Value], errors: &mut Vec<Value>) {
    match &bad.badness {
        Badness::Failed(message) => {
            *node = Value::Null;
            errors.push(json!({ "message": message, "path": path }));
        }
        Badness::Field(field, value) => {
            if let Some(old) = node.get_mut(*field) {
                *old = value.clone();
            }
        }
        Badness::Replaced(value) => *node = value.clone(),
    }
}
