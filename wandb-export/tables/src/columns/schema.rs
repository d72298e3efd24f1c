//! The columns of a table.

use super::column_type::ColumnType;
use super::finding::Finding;
use super::layout::Layout;

/// The columns of a table, inferred from its rows by a [`SchemaBuilder`](super::SchemaBuilder) or given.
///
/// # Order
///
/// `_step` comes first, unless it was requested by name. Requested columns come next, in the order requested,
/// and then the others in the order first seen. The keys of one object stay together, in the order first
/// seen.
#[derive(Debug, Clone)]
pub struct Schema {
    pub(super) fields: Vec<Field>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) layout: Layout,
    /// Whether a float column also has integers, whose text would change if they were written as floats.
    #[cfg(feature = "parquet")]
    pub(crate) widens: bool,
}

impl Schema {
    /// Creates a schema of `columns`, one for each top-level key. Rows written with it may have no other
    /// keys, and their values must fit. A column of [`ColumnType::Json`] takes every value.
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

    /// States that a float column has integers, too, so that text formats write the rows themselves rather than record
    /// batches, in which the integers are floats.
    #[cfg(feature = "parquet")]
    #[doc(hidden)]
    #[must_use]
    pub fn with_widened_integers(mut self) -> Self {
        self.widens = true;
        self
    }

    /// Whether a float column has integers, too.
    #[cfg(feature = "parquet")]
    #[doc(hidden)]
    pub fn has_widened_integers(&self) -> bool {
        self.widens
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

    /// Returns the columns in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Returns notes on how the columns were inferred.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns the columns that hold values, by slot: a struct is replaced by its fields.
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

    /// Returns the number of columns that hold values. A struct counts as its fields.
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
    /// Index of this field's value in a row's [`Cells`](super::layout::Cells).
    pub(crate) slot: usize,
    /// Number of values seen; 0 if the schema was given.
    pub(crate) values: u64,
}

impl Field {
    /// Returns the name in the output, unique among sibling fields.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the path of the values in a row: the keys from the outermost object inwards.
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// Returns the kind of values in this field.
    pub fn kind(&self) -> &FieldKind {
        &self.kind
    }
}

/// The kind of values in a [`Field`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// Values of one type.
    Column(ColumnType),
    /// Objects with these fields, used with [`Nested::Struct`](super::Nested::Struct).
    Struct(Vec<Field>),
}
