//! A summary in the SDK's form: values under paths of keys. An object that was set as a whole is a single value.
//!
//! Values stay JSON text until the end, because most of them are replaced before that.

use indexmap::IndexMap;
use wandb_core::{Map, Value};

use crate::items;

/// A tree of values under paths of keys.
#[derive(Debug, Default)]
pub(super) struct Tree(IndexMap<String, Node, ahash::RandomState>);

#[derive(Debug)]
enum Node {
    Value(Vec<u8>),
    Tree(Tree),
}

impl Tree {
    /// Sets a value. Creates trees along the path, replacing any values there, even objects.
    pub(super) fn set(&mut self, path: &[&str], json: &[u8]) {
        match path {
            [] => {}
            [key] => match self.0.get_mut(*key) {
                Some(Node::Value(value)) => {
                    value.clear();
                    value.extend_from_slice(json);
                }
                Some(node) => *node = Node::Value(json.to_vec()),
                None => {
                    self.0.insert((*key).to_owned(), Node::Value(json.to_vec()));
                }
            },
            [key, rest @ ..] => {
                let node = self.0.entry((*key).to_owned()).or_insert_with(|| Node::Tree(Self::default()));
                if let Node::Value(_) = node {
                    *node = Node::Tree(Self::default());
                }
                if let Node::Tree(below) = node {
                    below.set(rest, json);
                }
            }
        }
    }

    /// Removes the node at a path and any trees that become empty. Does not remove keys from inside a value.
    pub(super) fn remove(&mut self, path: &[&str]) {
        match path {
            [] => {}
            [key] => {
                self.0.shift_remove(*key);
            }
            [key, rest @ ..] => {
                if let Some(Node::Tree(below)) = self.0.get_mut(*key) {
                    below.remove(rest);
                    if below.0.is_empty() {
                        self.0.shift_remove(*key);
                    }
                }
            }
        }
    }

    /// Converts the tree to nested maps.
    pub(super) fn into_map(self) -> Map {
        let value = |node| match node {
            Node::Value(json) => items::value(&json),
            Node::Tree(below) => Some(Value::Map(below.into_map())),
        };
        self.0.into_iter().filter_map(|(key, node)| Some((key, value(node)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(tree: Tree) -> String {
        Value::from(tree.into_map()).to_json()
    }

    #[test]
    fn object_set_as_a_whole_is_one_value() {
        let mut tree = Tree::default();
        tree.set(&["whole"], br#"{"a":1,"c":2}"#);
        tree.remove(&["whole", "a"]);
        tree.set(&["row", "a"], b"1");
        tree.set(&["row", "c"], b"2");
        assert_eq!(json(tree), r#"{"whole":{"a":1,"c":2},"row":{"a":1,"c":2}}"#);

        let mut tree = Tree::default();
        tree.set(&["whole"], br#"{"a":1,"c":2}"#);
        tree.set(&["whole", "c"], b"3");
        assert_eq!(json(tree), r#"{"whole":{"c":3}}"#);
    }

    #[test]
    fn emptied_trees_are_removed_but_empty_values_stay() {
        let mut tree = Tree::default();
        tree.set(&["a", "b", "c"], b"1");
        tree.set(&["empty"], b"{}");
        tree.remove(&["a", "b", "c"]);
        tree.remove(&["missing", "b"]);
        assert_eq!(json(tree), r#"{"empty":{}}"#);
    }
}
