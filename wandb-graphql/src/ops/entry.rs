//! Parses list entries one by one, so that an unreadable entry does not affect the others.

use std::borrow::Cow;

use cynic::QueryFragment;
use cynic::queries::SelectionBuilder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use wandb_core::operation::UnreadableEntry;

use super::page::PageInfo;
use crate::envelope::EntryErrors;

/// A list entry that may not match the schema.
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

/// The name of an entry, or of its node, in a JSON text.
fn name_in(json: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(json).ok()?;
    let node = value.get("node").unwrap_or(&value);
    Some(node.get("name")?.as_str()?.to_owned())
}

/// Queries the same fields as `T`.
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

    /// The node, and the edge's cursor.
    fn into_parts(self) -> (Option<Entry<Self::Node>>, Option<String>);
}

/// A connection of the schema: a page of a list.
pub(super) trait Connection {
    type Edge: Edge;

    /// The edges, and the position of the next page.
    fn into_parts(self) -> (impl Iterator<Item = Option<Entry<Self::Edge>>>, PageInfo);

    /// The server's count of the entries of all pages, if it is part of the page.
    fn total(&self) -> Option<i32> {
        None
    }
}

/// Declares the fragments for a connection of the schema and for its edges, whose nodes are of another fragment.
///
/// The list of edges is written as in the schema: `[RunEdge!]!`, or `[FileEdge]` if it, or an edge, may be null. The
/// last word is `cursor` if the edges have cursors. A connection with the field `totalCount` names it, as servers may lack it.
macro_rules! connection {
    ($connection:ident, edges: [$edge:ident], node: $node:ident, counted: $feature:tt) => {
        #[derive(cynic::QueryFragment, Debug)]
        pub(super) struct $connection {
            #[cynic(feature = $feature)]
            total_count: Option<i32>,
            edges: Option<Vec<Option<$crate::ops::entry::Entry<$edge>>>>,
            page_info: $crate::ops::page::PageInfo,
        }

        impl $crate::ops::entry::Connection for $connection {
            type Edge = $edge;

            fn into_parts(
                self,
            ) -> (impl Iterator<Item = Option<$crate::ops::entry::Entry<$edge>>>, $crate::ops::page::PageInfo) {
                (self.edges.into_iter().flatten(), self.page_info)
            }

            fn total(&self) -> Option<i32> {
                self.total_count
            }
        }

        connection!(edge $edge, node: $node);
    };
    (edge $edge:ident, node: $node:ident $(, $cursor:ident)?) => {
        #[derive(cynic::QueryFragment, Debug)]
        pub(super) struct $edge {
            node: Option<$crate::ops::entry::Entry<$node>>,
            $($cursor: Option<String>,)?
        }

        impl $crate::ops::entry::Edge for $edge {
            type Node = $node;

            fn into_parts(self) -> (Option<$crate::ops::entry::Entry<$node>>, Option<String>) {
                (self.node, None$(.or(self.$cursor))?)
            }
        }
    };
    ($connection:ident, edges: [$edge:ident!]!, $($rest:tt)*) => {
        #[derive(cynic::QueryFragment, Debug)]
        pub(super) struct $connection {
            edges: Vec<$crate::ops::entry::Entry<$edge>>,
            page_info: $crate::ops::page::PageInfo,
        }

        connection!(@ $connection, map(Some), $edge, $($rest)*);
    };
    ($connection:ident, edges: [$edge:ident], $($rest:tt)*) => {
        #[derive(cynic::QueryFragment, Debug)]
        pub(super) struct $connection {
            edges: Option<Vec<Option<$crate::ops::entry::Entry<$edge>>>>,
            page_info: $crate::ops::page::PageInfo,
        }

        connection!(@ $connection, flatten(), $edge, $($rest)*);
    };
    (@ $connection:ident, $to_entries:ident($($with:tt)?), $edge:ident, node: $node:ident $(, $cursor:ident)?) => {
        impl $crate::ops::entry::Connection for $connection {
            type Edge = $edge;

            fn into_parts(
                self,
            ) -> (impl Iterator<Item = Option<$crate::ops::entry::Entry<$edge>>>, $crate::ops::page::PageInfo) {
                (self.edges.into_iter().$to_entries($($with)?), self.page_info)
            }
        }

        connection!(edge $edge, node: $node $(, $cursor)?);
    };
}

pub(super) use connection;

/// The entries of a page.
#[derive(Debug)]
pub(super) struct PageItems<T> {
    pub(super) items: Vec<T>,
    /// How many entries are null without an error.
    pub(super) null_entries: u64,
    pub(super) unreadable: Vec<UnreadableEntry>,
    /// The cursor of the last edge that has one.
    pub(super) last: Option<String>,
}

impl<T> PageItems<T> {
    /// Reads the edges of a page.
    ///
    /// `errors` are the answer's errors. `read` converts a node to an item, and fails for an unreadable one.
    pub(super) fn read<E: Edge>(
        edges: impl IntoIterator<Item = Option<Entry<E>>>,
        errors: &EntryErrors,
        mut read: impl FnMut(E::Node) -> Result<T, UnreadableEntry>,
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
                Some(Entry::Read(node)) => read(node).map(Some),
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

/// The error for an entry without a name, which no later request could refer to.
pub(super) fn unnamed_entry(what: &str, id: &str) -> UnreadableEntry {
    UnreadableEntry::new(None, format!("the {what} with the id {id:?} has no name"))
}

/// How many entries a page with `items` readable ones had in total.
pub(super) fn total_entries(items: usize, null_entries: u64, unreadable: &[UnreadableEntry]) -> usize {
    let left_out = unreadable.iter().filter(|entry| entry.is_left_out).count();
    items + left_out + usize::try_from(null_entries).unwrap_or(usize::MAX / 2)
}
