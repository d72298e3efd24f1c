//! Infers a table's columns row by row.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use wandb_core::Row;
use wandb_core::Value;

use super::column_type::ColumnType;
use super::kind_counts::KindCounts;
use super::nested::{Nested, splittable_object};
use super::resolve;
use super::schema::Schema;

/// Infers a [`Schema`] from rows. Memory grows with the number of distinct keys, up to a limit, and not with
/// the number of rows.
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
    /// The types of columns whose values do not show them.
    stated: HashMap<String, ColumnType>,
    max_columns: usize,
    nodes: Vec<Node>,
    revision: u64,
    /// Whether some keys were ignored because there were too many.
    overflowed: bool,
}

/// The minimum number of keys to track per allowed column.
const KEYS_PER_COLUMN: usize = 2;

/// The minimum number of distinct keys to track, even if a table may have few columns.
const FEWEST_KEYS: usize = 1 << 17;

/// Maximum nesting depth of objects that become columns. Deeper objects become JSON text: pyarrow cannot read
/// Arrow files with 64 levels or Parquet files with 99, and other readers and writers recurse as well.
pub(super) const MOST_LEVELS: usize = 32;

/// Counts of the values seen at one path of the rows.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The values that are not split.
    pub(super) kinds: KindCounts,
    /// Number of empty objects among those values.
    pub(super) empty_objects: u64,
    /// Number of objects split into children.
    pub(super) divided: u64,
    /// Whether some objects were not split because they are nested too deeply.
    pub(super) is_too_deep: bool,
    /// The keys below, in the order first seen, with the indices of their nodes.
    pub(super) children: IndexMap<String, usize>,
}

impl SchemaBuilder {
    /// Default limit on the number of columns; see [`max_columns`](Self::max_columns).
    pub const DEFAULT_MAX_COLUMNS: usize = 50_000;

    /// Creates an empty builder.
    pub fn new(nested: Nested) -> Self {
        Self {
            nested,
            asked_for: Vec::new(),
            stated: HashMap::new(),
            max_columns: Self::DEFAULT_MAX_COLUMNS,
            nodes: vec![Node::default()],
            revision: 0,
            overflowed: false,
        }
    }

    /// Requests columns that the table always has, in this order, before the others. A requested column that
    /// no row has is all null.
    #[must_use]
    pub fn asked_for(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.asked_for = names.into_iter().collect();
        self
    }

    /// Sets the maximum number of columns, at least one. If the rows have more keys, the most common ones
    /// become columns, and the last column, `rest`, holds all others as JSON text. Among equally common keys,
    /// those seen first become columns.
    ///
    /// Only the first 131 072 distinct keys are counted, or twice `limit` if that is more; others go to
    /// `rest`. This bounds the builder's memory.
    #[must_use]
    pub fn max_columns(mut self, limit: usize) -> Self {
        self.max_columns = limit.max(1);
        self
    }

    /// Adds columns that the table always has, after those requested before. A stated type is used if the values leave
    /// the type open: if there are none, or only texts such as `NaN`.
    pub(crate) fn expect(&mut self, columns: &[(String, Option<ColumnType>)]) {
        let known: HashSet<String> = self.asked_for.iter().cloned().collect();
        for (name, column_type) in columns {
            if !known.contains(name) {
                self.asked_for.push(name.clone());
            }
            if let Some(column_type) = column_type {
                self.stated.entry(name.clone()).or_insert(*column_type);
            }
        }
        self.revision += 1;
    }

    /// Adds a row to the inference.
    pub fn observe(&mut self, row: &Row) {
        self.descend(0, row.iter(), 1);
    }

    /// Returns how nested values are laid out.
    #[cfg(any(feature = "csv", feature = "parquet"))]
    pub(super) fn nested(&self) -> Nested {
        self.nested
    }

    /// Observes many values of a top-level key, none of which is to be split. `guess` is the key's likely
    /// index among the columns.
    #[cfg(any(feature = "csv", feature = "parquet"))]
    pub(super) fn observe_column(&mut self, guess: usize, key: &str, kinds: &KindCounts, empty_objects: u64) {
        let Some(child) = self.child(0, guess, key) else { return };
        let node = &mut self.nodes[child];
        let before = node.kinds.sorts();
        node.kinds.merge(kinds);
        node.empty_objects += empty_objects;
        self.revision += u64::from(node.kinds.sorts() != before);
    }

    /// Returns a counter that grows whenever something new is observed. While it is unchanged, so are the
    /// columns, their types and their order.
    #[cfg(feature = "csv")]
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the schema that holds every observed row.
    pub fn finish(&self) -> Schema {
        let limits = Limits { columns: self.max_columns, overflowed: self.overflowed };
        resolve::schema(&self.nodes, self.nested, &self.asked_for, &self.stated, limits)
    }

    fn descend<'row>(
        &mut self,
        node: usize,
        entries: impl Iterator<Item = (&'row str, &'row Value)>,
        level: usize,
    ) {
        for (guess, (key, value)) in entries.enumerate() {
            let Some(child) = self.child(node, guess, key) else { continue };
            match splittable_object(value).filter(|_| self.nested != Nested::Json) {
                Some(map) if level < MOST_LEVELS => {
                    self.nodes[child].divided += 1;
                    self.descend(child, map.iter(), level + 1);
                }
                map => {
                    let child = &mut self.nodes[child];
                    child.is_too_deep |= map.is_some();
                    self.revision += u64::from(child.observe(value));
                }
            }
        }
    }

    /// Returns the node for a key, and adds one if needed. Returns `None` if there are too many keys.
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
            self.revision += u64::from(!self.overflowed);
            self.overflowed = true;
            return None;
        }
        self.nodes.push(Node::default());
        self.revision += 1;
        self.nodes[node].children.insert(key.to_owned(), child);
        Some(child)
    }
}

/// The maximum number of columns, and whether keys were ignored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) columns: usize,
    pub(super) overflowed: bool,
}

impl Node {
    /// Counts a value. Returns whether the column's type may have changed.
    fn observe(&mut self, value: &Value) -> bool {
        let before = self.kinds.sorts();
        self.kinds.observe(value);
        self.empty_objects += u64::from(matches!(value, Value::Map(map) if map.is_empty()));
        self.kinds.sorts() != before
    }
}
