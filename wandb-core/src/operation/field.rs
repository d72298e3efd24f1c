use std::collections::BTreeSet;
use std::fmt;

/// A field of the server's schema, in the notation of the server's messages: `Run.historyKeys`.
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

    /// Creates a field from names known only at run time, as in a server's message.
    pub fn named(on_type: impl Into<String>, name: impl Into<String>) -> Self {
        Self { on_type: on_type.into().into(), name: name.into().into() }
    }

    /// The type of the field.
    pub fn on_type(&self) -> &str {
        &self.on_type
    }

    /// The field's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.on_type, self.name)
    }
}

/// An argument of a field of the server's schema: `Run.files(pattern:)`.
///
/// ```
/// use wandb_core::operation::Argument;
///
/// assert_eq!(Argument::new("Run", "files", "pattern").to_string(), "Run.files(pattern:)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Argument {
    field: Field,
    name: std::borrow::Cow<'static, str>,
}

impl Argument {
    /// The argument `name` of the field `field` of the type `on_type`.
    pub const fn new(on_type: &'static str, field: &'static str, name: &'static str) -> Self {
        Self { field: Field::new(on_type, field), name: std::borrow::Cow::Borrowed(name) }
    }

    /// Creates an argument from names known only at run time, as in a server's message.
    pub fn named(field: Field, name: impl Into<String>) -> Self {
        Self { field, name: name.into().into() }
    }

    /// The field of the argument.
    pub fn field(&self) -> &Field {
        &self.field
    }

    /// The argument's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({}:)", self.field, self.name)
    }
}

/// The fields and arguments that a server's schema is known to lack.
///
/// Older and self-hosted servers lack some. They are learned from the server's rejections (`Cannot query field …`),
/// because W&B's servers do not allow schema queries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnsupportedFields {
    fields: BTreeSet<Field>,
    arguments: BTreeSet<Argument>,
}

impl UnsupportedFields {
    /// Creates an empty set.
    pub const fn nothing() -> Self {
        Self { fields: BTreeSet::new(), arguments: BTreeSet::new() }
    }

    /// Returns true if `field` is missing.
    pub fn contains(&self, field: &Field) -> bool {
        self.fields.contains(field)
    }

    /// Returns true if `argument` is missing.
    pub fn contains_argument(&self, argument: &Argument) -> bool {
        self.arguments.contains(argument)
    }

    /// Adds a missing field. Returns false if it was already known.
    pub fn insert(&mut self, field: Field) -> bool {
        self.fields.insert(field)
    }

    /// Adds a missing argument. Returns false if it was already known.
    pub fn insert_argument(&mut self, argument: Argument) -> bool {
        self.arguments.insert(argument)
    }

    /// Adds all entries of `other`.
    pub fn extend(&mut self, other: &Self) {
        self.fields.extend(other.fields.iter().cloned());
        self.arguments.extend(other.arguments.iter().cloned());
    }

    /// Returns true if nothing is missing.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.arguments.is_empty()
    }

    /// The missing fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter()
    }

    /// The missing arguments, in order, without those of missing fields.
    pub fn arguments(&self) -> impl Iterator<Item = &Argument> {
        self.arguments.iter()
    }

    /// Returns those of `fields` that are missing.
    #[must_use]
    pub fn among(&self, fields: &[Field]) -> Self {
        fields.iter().filter(|field| self.contains(field)).cloned().collect()
    }

    /// Returns those of `arguments` that are missing.
    #[must_use]
    pub fn arguments_among(&self, arguments: &[Argument]) -> Self {
        let lacking = arguments.iter().filter(|argument| self.contains_argument(argument));
        Self { arguments: lacking.cloned().collect(), ..Self::nothing() }
    }
}

impl FromIterator<Field> for UnsupportedFields {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        Self { fields: fields.into_iter().collect(), ..Self::nothing() }
    }
}

impl FromIterator<Argument> for UnsupportedFields {
    fn from_iter<I: IntoIterator<Item = Argument>>(arguments: I) -> Self {
        Self { arguments: arguments.into_iter().collect(), ..Self::nothing() }
    }
}

impl fmt::Display for UnsupportedFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields.iter().map(|field| field as &dyn fmt::Display);
        let arguments = self.arguments.iter().map(|argument| argument as &dyn fmt::Display);
        for (index, lacking) in fields.chain(arguments).enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            lacking.fmt(f)?;
        }
        Ok(())
    }
}
