//! Entries of lists, each read by itself, so that a bad one does not take the others along.

use std::borrow::Cow;

use cynic::QueryFragment;
use cynic::queries::SelectionBuilder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use wandb_core::operation::UnreadableEntry;

use crate::envelope::EntryErrors;

/// Something in a list that may not be what the schema says.
#[derive(Debug)]
pub(super) enum Entry<T> {
    Read(T),
    Unreadable(UnreadableEntry),
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(match serde_json::from_str(raw.get()) {
            Ok(read) => Self::Read(read),
            Err(error) => Self::Unreadable(UnreadableEntry::new(name_in(raw.get()), error.to_string())),
        })
    }
}

/// The name that an entry, or its node, has in a JSON text.
fn name_in(json: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(json).ok()?;
    let node = value.get("node").unwrap_or(&value);
    Some(node.get("name")?.as_str()?.to_owned())
}

/// The query for an entry is that for what it holds.
impl<T: QueryFragment> QueryFragment for Entry<T> {
    type SchemaType = T::SchemaType;
    type VariablesFields = T::VariablesFields;

    const TYPE: Option<&'static str> = T::TYPE;

    fn query(builder: SelectionBuilder<'_, Self::SchemaType, Self::VariablesFields>) {
        T::query(builder);
    }

    fn name() -> Option<Cow<'static, str>> {
        T::name()
    }
}

/// An edge of a connection.
pub(super) trait Edge {
    type Node;

    /// The node, and the cursor behind the edge.
    fn into_parts(self) -> (Option<Entry<Self::Node>>, Option<String>);
}

/// The entries of a page.
#[derive(Debug)]
pub(super) struct PageItems<T> {
    pub(super) items: Vec<T>,
    /// How many entries are null without a reason.
    pub(super) null_entries: u64,
    pub(super) unreadable: Vec<UnreadableEntry>,
    /// The cursor of the last edge that has one.
    pub(super) last: Option<String>,
}

impl<T> PageItems<T> {
    /// Reads the edges of a page. `errors` are those beside the data; `read` makes an item of a node, or says why it
    /// cannot. `None` from it stands for a node that says nothing.
    pub(super) fn read<E: Edge>(
        edges: impl IntoIterator<Item = Option<Entry<E>>>,
        errors: &EntryErrors,
        mut read: impl FnMut(E::Node) -> Result<Option<T>, UnreadableEntry>,
    ) -> Self {
        let mut entries = Self { items: Vec::new(), null_entries: 0, unreadable: Vec::new(), last: None };
        for (index, edge) in edges.into_iter().enumerate() {
            let (node, cursor) = match edge {
                Some(Entry::Read(edge)) => edge.into_parts(),
                Some(Entry::Unreadable(entry)) => (Some(Entry::Unreadable(entry)), None),
                None => (None, None),
            };
            entries.last = cursor.or(entries.last);
            let item = match node {
                Some(Entry::Read(node)) => read(node),
                Some(Entry::Unreadable(entry)) => Err(entry),
                None => Ok(None),
            };
            match (item, errors.at(index)) {
                (Ok(Some(item)), error) => {
                    entries.items.push(item);
                    entries.unreadable.extend(error.map(UnreadableEntry::without_parts));
                }
                (Ok(None), Some(error)) => entries.unreadable.push(error),
                (Ok(None), None) => entries.null_entries += 1,
                (Err(entry), _) => entries.unreadable.push(entry),
            }
        }
        entries
    }
}

/// An entry without a name, of which nothing could be asked.
pub(super) fn nameless(what: &str, id: &str) -> UnreadableEntry {
    UnreadableEntry::new(None, format!("the {what} with the id {id:?} has no name"))
}

/// How many entries a page had, which holds `items` of them.
pub(super) fn count(items: usize, null_entries: u64, unreadable: &[UnreadableEntry]) -> usize {
    let left_out = unreadable.iter().filter(|entry| entry.is_left_out).count();
    items + left_out + usize::try_from(null_entries).unwrap_or(usize::MAX / 2)
}
