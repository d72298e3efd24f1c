//! Finding out a table's columns, one row at a time.

use indexmap::IndexMap;
use wandb_core::Row;
use wandb_core::Value;

use super::nested::{Nested, divisible};
use super::resolve;
use super::schema::Schema;
use super::tally::Tally;

/// Infers a [`Schema`] from rows. What it keeps grows with the number of different keys, up to a limit, not of rows.
///
/// ```
/// use wandb_core::Row;
/// use wandb_tables::{ColumnType, FieldKind, Nested, SchemaBuilder};
///
/// let mut builder = SchemaBuilder::new(Nested::Dotted);
/// builder.observe(&Row::parse(br#"{"loss": 1, "_step": 0}"#)?);
/// builder.observe(&Row::parse(br#"{"loss": "NaN", "_step": 1, "eval": {"acc": 0.5}}"#)?);
/// let schema = builder.finish();
///
/// let names: Vec<_> = schema.fields().iter().map(|field| field.name()).collect();
/// assert_eq!(names, ["_step", "loss", "eval.acc"]);
/// assert_eq!(*schema.fields()[1].kind(), FieldKind::Column(ColumnType::Float64));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SchemaBuilder {
    nested: Nested,
    asked_for: Vec<String>,
    max_columns: usize,
    nodes: Vec<Node>,
    surprises: u64,
    /// Whether some keys were not looked at, because there were too many.
    overflowed: bool,
}

/// How many keys are looked at for each column that a table may have, at the least.
const KEYS_PER_COLUMN: usize = 2;

/// How many different keys are looked at, however few columns a table may have.
const FEWEST_KEYS: usize = 1 << 17;

/// How deeply objects become columns. Deeper ones are JSON text: pyarrow reads no Arrow file of 64 levels and no Parquet file
/// of 99, other readers recurse as well, and so do those who write.
pub(super) const MOST_LEVELS: usize = 32;

/// What was seen at one place of the rows.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The values that are not taken apart.
    pub(super) tally: Tally,
    /// How many of those values are empty objects.
    pub(super) empty_objects: u64,
    /// How many objects were taken apart into children.
    pub(super) divided: u64,
    /// Whether there were objects that were not taken apart because they are nested too deeply.
    pub(super) is_too_deep: bool,
    /// The keys below, as first seen, and the places of their nodes.
    pub(super) children: IndexMap<String, usize>,
}

impl SchemaBuilder {
    /// The most columns that a table may have unless [`max_columns`](Self::max_columns) says otherwise.
    pub const DEFAULT_MAX_COLUMNS: usize = 50_000;

    /// A builder that has seen nothing yet.
    pub fn new(nested: Nested) -> Self {
        Self {
            nested,
            asked_for: Vec::new(),
            max_columns: Self::DEFAULT_MAX_COLUMNS,
            nodes: vec![Node::default()],
            surprises: 0,
            overflowed: false,
        }
    }

    /// Columns that the table has in any case, in this order, before the others. A column that no row has is one of
    /// nulls.
    #[must_use]
    pub fn asked_for(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.asked_for = names.into_iter().collect();
        self
    }

    /// The most columns, one at least. If the rows have more keys, those that most rows have become columns, of equally
    /// common ones those that were seen first, and the last column, `rest`, holds all others as JSON text.
    ///
    /// Only the first 131 072 different keys are counted, or twice `limit` if that is more; others go to the rest. This
    /// is the bound on the builder's memory.
    #[must_use]
    pub fn max_columns(mut self, limit: usize) -> Self {
        self.max_columns = limit.max(1);
        self
    }

    /// Takes a row into account.
    pub fn observe(&mut self, row: &Row) {
        self.descend(0, row.iter(), 1);
    }

    /// What becomes of nested values.
    #[cfg(any(feature = "csv", feature = "parquet"))]
    pub(super) fn nested(&self) -> Nested {
        self.nested
    }

    /// Takes many values under a key of rows into account, none of which is to be taken apart. `guess` is the key's
    /// place among the columns, probably.
    #[cfg(any(feature = "csv", feature = "parquet"))]
    pub(super) fn observe_column(&mut self, guess: usize, key: &str, tally: &Tally, empty_objects: u64) {
        let Some(child) = self.child(0, guess, key) else { return };
        let node = &mut self.nodes[child];
        let before = node.tally.sorts();
        node.tally.merge(tally);
        node.empty_objects += empty_objects;
        self.surprises += u64::from(node.tally.sorts() != before);
    }

    /// How often something has come that there was not before. As long as this is the same, so are the columns, their
    /// types and their order.
    #[cfg(feature = "csv")]
    pub(crate) fn surprises(&self) -> u64 {
        self.surprises
    }

    /// The schema that holds every row observed.
    pub fn finish(&self) -> Schema {
        let limits = Limits { columns: self.max_columns, overflowed: self.overflowed };
        resolve::schema(&self.nodes, self.nested, &self.asked_for, limits)
    }

    fn descend<'row>(
        &mut self,
        node: usize,
        entries: impl Iterator<Item = (&'row str, &'row Value)>,
        level: usize,
    ) {
        for (guess, (key, value)) in entries.enumerate() {
            let Some(child) = self.child(node, guess, key) else { continue };
            match divisible(value).filter(|_| self.nested != Nested::Json) {
                Some(map) if level < MOST_LEVELS => {
                    self.nodes[child].divided += 1;
                    self.descend(child, map.iter(), level + 1);
                }
                map => {
                    let child = &mut self.nodes[child];
                    child.is_too_deep |= map.is_some();
                    self.surprises += u64::from(child.observe(value));
                }
            }
        }
    }

    /// The node for a key, a new one if there is none. `None` if there are too many.
    fn child(&mut self, node: usize, guess: usize, key: &str) -> Option<usize> {
        let children = &self.nodes[node].children;
        if let Some((name, &child)) = children.get_index(guess)
            && name == key
        {
            return Some(child);
        }
        if let Some(&child) = children.get(key) {
            return Some(child);
        }
        let child = self.nodes.len();
        if child > FEWEST_KEYS.max(self.max_columns.saturating_mul(KEYS_PER_COLUMN)) {
            self.surprises += u64::from(!self.overflowed);
            self.overflowed = true;
            return None;
        }
        self.nodes.push(Node::default());
        self.surprises += 1;
        self.nodes[node].children.insert(key.to_owned(), child);
        Some(child)
    }
}

/// How many columns a schema may have, and whether there are keys beyond those that were seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) columns: usize,
    pub(super) overflowed: bool,
}

impl Node {
    /// Whether the column's type may be another one now.
    fn observe(&mut self, value: &Value) -> bool {
        let before = self.tally.sorts();
        self.tally.observe(value);
        self.empty_objects += u64::from(matches!(value, Value::Map(map) if map.is_empty()));
        self.tally.sorts() != before
    }
}
