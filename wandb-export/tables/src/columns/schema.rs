//! The columns of a table.

use super::column_type::ColumnType;
use super::finding::Finding;
use super::layout::Layout;

/// The columns of a table, inferred from its rows by a [`SchemaBuilder`](super::SchemaBuilder) or given.
///
/// # Order
///
/// `_step` comes first, then the columns asked for by name (`_step` where it was asked for), then the others as the
/// rows first showed them. The keys of one object stay together, again as first seen.
#[derive(Debug, Clone)]
pub struct Schema {
    pub(super) fields: Vec<Field>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) layout: Layout,
    /// Whether a column of floats takes integers of some rows, whose text would be another one as floats.
    #[cfg(feature = "parquet")]
    pub(crate) widens: bool,
}

impl Schema {
    /// A schema of `columns`, each one the value of a row's own key. Rows written with it may have no other keys, and
    /// values must fit; a column of [`ColumnType::Json`] takes every value.
    ///
    /// ```
    /// use wandb_tables::{ColumnType, Schema};
    ///
    /// let schema = Schema::given([("_step", ColumnType::Int64), ("loss", ColumnType::Float64)]);
    /// assert_eq!(schema.fields()[1].name(), "loss");
    /// ```
    pub fn given<N: Into<String>>(columns: impl IntoIterator<Item = (N, ColumnType)>) -> Self {
        let fields = columns
            .into_iter()
            .map(|(name, column_type)| {
                let name = name.into();
                Field {
                    path: vec![name.clone()],
                    name,
                    kind: FieldKind::Column(column_type),
                    slot: 0,
                    values: 0,
                }
            })
            .collect();
        Self::new(fields, Vec::new())
    }

    pub(super) fn new(mut fields: Vec<Field>, findings: Vec<Finding>) -> Self {
        let layout = Layout::of(&mut fields);
        Self {
            fields,
            findings,
            layout,
            #[cfg(feature = "parquet")]
            widens: false,
        }
    }

    /// The columns, in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// What a reader of the table should know about its columns.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The columns that hold values, by slot: the fields of structs rather than these.
    #[cfg(feature = "parquet")]
    pub(crate) fn leaves(&self) -> Vec<&Field> {
        fn add<'a>(fields: &'a [Field], leaves: &mut Vec<&'a Field>) {
            for field in fields {
                match &field.kind {
                    FieldKind::Column(_) => leaves.push(field),
                    FieldKind::Struct(fields) => add(fields, leaves),
                }
            }
        }
        let mut leaves = Vec::with_capacity(self.column_count());
        add(&self.fields, &mut leaves);
        leaves
    }

    /// How many columns hold values: a struct counts as its fields.
    pub fn column_count(&self) -> usize {
        self.layout.slots()
    }
}

/// One column, or one field of a struct column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub(super) name: String,
    pub(super) path: Vec<String>,
    pub(super) kind: FieldKind,
    /// Where a row's value for this field stands among its [`Cells`](super::layout::Cells).
    pub(crate) slot: usize,
    /// How many values were seen; none if the schema was given.
    pub(crate) values: u64,
}

impl Field {
    /// The name in the output, different from that of every other field beside it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the values stand in a row: the keys from the outermost object inwards.
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// What the field holds.
    pub fn kind(&self) -> &FieldKind {
        &self.kind
    }
}

/// What a [`Field`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// Values of one type.
    Column(ColumnType),
    /// Objects with these fields, with [`Nested::Struct`](super::Nested::Struct).
    Struct(Vec<Field>),
}
