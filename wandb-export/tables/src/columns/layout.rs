//! Maps the keys of a row to the columns of a schema.

use indexmap::IndexMap;

use super::column_type::ColumnType;
use super::schema::{Field, FieldKind};

/// A tree of keys that leads to slots, one per column, and to marks, one per struct.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout {
    pub(super) nodes: Vec<Node>,
    slots: usize,
    pub(crate) marks: usize,
    /// The slot of the JSON text column for keys without a column.
    pub(crate) rest: Option<usize>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    pub(super) children: IndexMap<String, usize>,
    pub(super) slot: Option<usize>,
    pub(super) mark: Option<usize>,
    /// Whether objects at this node are stored whole in the slot rather than split.
    pub(super) whole: bool,
}

impl Layout {
    /// Builds the layout of `fields`, and assigns their slots.
    pub(super) fn of(fields: &mut [Field]) -> Self {
        let mut layout = Self { nodes: vec![Node::default()], ..Self::default() };
        layout.add(fields);
        for node in &mut layout.nodes {
            node.whole &= node.children.is_empty();
        }
        layout
    }

    /// Returns the number of slots.
    pub(crate) fn slots(&self) -> usize {
        self.slots
    }

    /// Returns the slot of a top-level key.
    #[cfg(any(feature = "csv", feature = "parquet"))]
    pub(crate) fn slot_of(&self, key: &str) -> Option<usize> {
        self.nodes[self.nodes.first()?.children.get(key).copied()?].slot
    }

    fn add(&mut self, fields: &mut [Field]) {
        for field in fields {
            match &mut field.kind {
                FieldKind::Column(column_type) => {
                    field.slot = self.slots;
                    self.slots += 1;
                    if field.path.is_empty() {
                        self.rest = Some(field.slot);
                        continue;
                    }
                    let node = self.node(&field.path);
                    self.nodes[node].slot = Some(field.slot);
                    self.nodes[node].whole = *column_type == ColumnType::Json;
                }
                FieldKind::Struct(children) => {
                    let node = self.node(&field.path);
                    field.slot = self.marks;
                    self.marks += 1;
                    self.nodes[node].mark = Some(field.slot);
                    self.add(children);
                }
            }
        }
    }

    fn node(&mut self, path: &[String]) -> usize {
        let mut node = 0;
        for key in path {
            node = if let Some(&child) = self.nodes[node].children.get(key) {
                child
            } else {
                let child = self.nodes.len();
                self.nodes.push(Node::default());
                self.nodes[node].children.insert(key.clone(), child);
                child
            };
        }
        node
    }
}
