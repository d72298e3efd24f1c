//! List nodes that fail or violate the schema, among valid ones.

use serde_json::{Value, json};

/// A list node that fails or violates the schema.
#[derive(Debug, Clone, PartialEq)]
pub struct BadNode {
    list: &'static str,
    name: String,
    defect: Defect,
}

#[derive(Debug, Clone, PartialEq)]
enum Defect {
    /// Null, with an error that names its path.
    Failed(String),
    /// A field has another value.
    Field(&'static str, Value),
    /// Another value replaces the node.
    Replaced(Value),
}

impl BadNode {
    /// Makes the node null, and adds an error with `message` and the node's path.
    pub fn failed(list: &'static str, name: &str, message: &str) -> Self {
        Self { list, name: name.to_owned(), defect: Defect::Failed(message.to_owned()) }
    }

    /// Sets the node's `field` to `value`.
    pub fn field(list: &'static str, name: &str, field: &'static str, value: impl Into<Value>) -> Self {
        Self { list, name: name.to_owned(), defect: Defect::Field(field, value.into()) }
    }

    /// Replaces the node with `value`.
    pub fn replaced(list: &'static str, name: &str, value: impl Into<Value>) -> Self {
        Self { list, name: name.to_owned(), defect: Defect::Replaced(value.into()) }
    }

    fn matches_node(&self, node: &Value) -> bool {
        node["name"] == *self.name || self.name.parse::<u64>().is_ok_and(|number| node["number"] == number)
    }
}

/// Names of a run's node in an edge. The query for whole runs requests each run twice.
const NODES: [&str; 2] = ["node", "belongings"];

/// Applies these bad nodes to a response.
pub(crate) fn apply_bad_nodes(answer: Vec<u8>, bad: &[BadNode]) -> Vec<u8> {
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
                // A run requested on its own is as bad as in a list.
                if bad.list == "runs" && name == "run" && bad.matches_node(value) {
                    replace(value, bad, path, errors);
                } else if name == bad.list && value["edges"].is_array() {
                    path.push("edges".into());
                    for (index, edge) in value["edges"].as_array_mut().into_iter().flatten().enumerate() {
                        path.push(index.into());
                        if bad.matches_node(&edge["node"]) {
                            apply_to_edge(edge, bad, path, errors);
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

fn apply_to_edge(edge: &mut Value, bad: &BadNode, path: &mut Vec<Value>, errors: &mut Vec<Value>) {
    let Some(edge) = edge.as_object_mut() else { return };
    for (name, node) in edge.iter_mut().filter(|(name, _)| NODES.contains(&name.as_str())) {
        path.push(name.as_str().into());
        replace(node, bad, path, errors);
        path.pop();
    }
}

fn replace(node: &mut Value, bad: &BadNode, path: &[Value], errors: &mut Vec<Value>) {
    match &bad.defect {
        Defect::Failed(message) => {
            *node = Value::Null;
            errors.push(json!({ "message": message, "path": path }));
        }
        Defect::Field(field, value) => {
            if let Some(old) = node.get_mut(*field) {
                *old = value.clone();
            }
        }
        Defect::Replaced(value) => *node = value.clone(),
    }
}
