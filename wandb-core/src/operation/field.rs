use std::collections::BTreeSet;
use std::fmt;

/// A field of the server's schema, named as the server's own messages name it: `Run.historyKeys`.
///
/// ```
/// use wandb_core::operation::Field;
///
/// assert_eq!(Field::new("Run", "historyKeys").to_string(), "Run.historyKeys");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field {
    on_type: std::borrow::Cow<'static, str>,
    name: std::borrow::Cow<'static, str>,
}

impl Field {
    /// The field `name` of the type `on_type`.
    pub const fn new(on_type: &'static str, name: &'static str) -> Self {
        Self { on_type: std::borrow::Cow::Borrowed(on_type), name: std::borrow::Cow::Borrowed(name) }
    }

    /// The same for names that are known only at run time, as in a server's message.
    pub fn named(on_type: impl Into<String>, name: impl Into<String>) -> Self {
        Self { on_type: on_type.into().into(), name: name.into().into() }
    }

    /// The type that has, or lacks, the field.
    pub fn on_type(&self) -> &str {
        &self.on_type
    }

    /// The field's own name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.on_type, self.name)
    }
}

/// The fields that a server has said it does not have.
///
/// Older and self-hosted servers lack some; they are learnt from the server's refusals (`Cannot query field …`),
/// as W&B's servers do not want to be asked for their schema.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lacks(BTreeSet<Field>);

impl Lacks {
    /// A server that lacks nothing so far.
    pub const fn nothing() -> Self {
        Self(BTreeSet::new())
    }

    /// Whether `field` is lacking.
    pub fn contains(&self, field: &Field) -> bool {
        self.0.contains(field)
    }

    /// Notes that `field` is lacking; `false` if that was known.
    pub fn insert(&mut self, field: Field) -> bool {
        self.0.insert(field)
    }

    /// Whether nothing is lacking.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The lacking fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.0.iter()
    }

    /// Those of `fields` that are lacking.
    #[must_use]
    pub fn among(&self, fields: &[Field]) -> Self {
        Self(fields.iter().filter(|field| self.contains(field)).cloned().collect())
    }
}

impl FromIterator<Field> for Lacks {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl fmt::Display for Lacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, field) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            field.fmt(f)?;
        }
        Ok(())
    }
}
