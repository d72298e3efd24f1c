//! Finding out a table's columns, one row at a time.

use indexmap::IndexMap;
use wandb_core::Row;
use wandb_core::Value;

use super::error::TableError;
use super::nested::{Nested, divisible};
use super::resolve;
use super::schema::Schema;
use super::tally::Tally;

/// Infers a [`Schema`] from rows. What it keeps grows with the number of different keys, not of rows.
///
/// ```
/// use wandb_core::Row;
/// use wandb_export::table::{ColumnType, FieldKind, Nested, SchemaBuilder};
///
/// let mut builder = SchemaBuilder::new(Nested::Dotted);
/// builder.observe(&Row::parse(br#"{"loss": 1, "_step": 0}"#)?)?;
/// builder.observe(&Row::parse(br#"{"loss": "NaN", "_step": 1, "eval": {"acc": 0.5}}"#)?)?;
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
}

/// What was seen at one place of the rows.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The values that are not taken apart.
    pub(super) tally: Tally,
    /// How many of those values are empty objects.
    pub(super) empty_objects: u64,
    /// How many objects were taken apart into children.
    pub(super) divided: u64,
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
        }
    }

    /// Columns that the table has in any case, in this order, before the others. A column that no row has is one of
    /// nulls.
    #[must_use]
    pub fn asked_for(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.asked_for = names.into_iter().collect();
        self
    }

    /// The most different keys to accept, those of nested objects included: the bound on this builder's memory.
    #[must_use]
    pub fn max_columns(mut self, limit: usize) -> Self {
        self.max_columns = limit;
        self
    }

    /// Takes a row into account.
    ///
    /// # Errors
    ///
    /// [`TableError::TooManyColumns`]
    pub fn observe(&mut self, row: &Row) -> Result<(), TableError> {
        self.descend(0, row.iter())
    }

    /// What becomes of nested values.
    #[cfg(any(feature = "csv", feature = "parquet"))]
    pub(super) fn nested(&self) -> Nested {
        self.nested
    }

    /// Takes many values under a key of rows into account, none of which is to be taken apart. `guess` is the key's
    /// place among the columns, probably.
    #[cfg(any(feature = "csv", feature = "parquet"))]
    pub(super) fn observe_column(
        &mut self,
        guess: usize,
        key: &str,
        tally: &Tally,
        empty_objects: u64,
    ) -> Result<(), TableError> {
        let child = self.child(0, guess, key)?;
        let node = &mut self.nodes[child];
        let before = node.tally.sorts();
        node.tally.merge(tally);
        node.empty_objects += empty_objects;
        self.surprises += u64::from(node.tally.sorts() != before);
        Ok(())
    }

    /// How often something has come that there was not before. As long as this is the same, so are the columns, their
    /// types and their order.
    #[cfg(feature = "csv")]
    pub(crate) fn surprises(&self) -> u64 {
        self.surprises
    }

    /// The schema that holds every row observed.
    pub fn finish(&self) -> Schema {
        resolve::schema(&self.nodes, self.nested, &self.asked_for)
    }

    fn descend<'row>(
        &mut self,
        node: usize,
        entries: impl Iterator<Item = (&'row str, &'row Value)>,
    ) -> Result<(), TableError> {
        for (guess, (key, value)) in entries.enumerate() {
            let child = self.child(node, guess, key)?;
            match divisible(value).filter(|_| self.nested != Nested::Json) {
                Some(map) => {
                    self.nodes[child].divided += 1;
                    self.descend(child, map.iter())?;
                }
                None => self.surprises += u64::from(self.nodes[child].observe(value)),
            }
        }
        Ok(())
    }

    fn child(&mut self, node: usize, guess: usize, key: &str) -> Result<usize, TableError> {
        let children = &self.nodes[node].children;
        if let Some((name, &child)) = children.get_index(guess)
            && name == key
        {
            return Ok(child);
        }
        if let Some(&child) = children.get(key) {
            return Ok(child);
        }
        let child = self.nodes.len();
        // The root is no column.
        if child > self.max_columns {
            return Err(TableError::TooManyColumns { limit: self.max_columns });
        }
        self.nodes.push(Node::default());
        self.surprises += 1;
        self.nodes[node].children.insert(key.to_owned(), child);
        Ok(child)
    }
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
