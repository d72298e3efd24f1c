//! GraphQL errors that concern single entries of a list, so that the other entries stay usable.

use std::collections::BTreeMap;

use serde_json::Value;
use wandb_core::operation::UnreadableEntry;

use super::response::GraphQlError;

/// The errors of an answer by the index of the entry they concern.
#[derive(Debug, Default)]
pub(crate) struct EntryErrors(BTreeMap<usize, UnreadableEntry>);

/// The connection field that holds the entries.
const EDGES: &str = "edges";

impl EntryErrors {
    /// Groups `errors` by entry.
    ///
    /// Returns `None` if an error does not concern exactly one entry, or if every entry of a longer list is null.
    /// `may_pass` decides whether a retry may get an answer without the error.
    pub(super) fn group(
        errors: &[GraphQlError],
        data: &str,
        may_pass: impl Fn(&GraphQlError) -> bool,
    ) -> Option<Self> {
        let data: Value = serde_json::from_str(data).ok()?;
        let mut sorted: BTreeMap<usize, UnreadableEntry> = BTreeMap::new();
        let mut list = None;
        for error in errors {
            let (entries, index, field) = find_entry(error, &data)?;
            let is_same_list = list.is_none_or(|list: &Vec<Value>| std::ptr::eq(list, entries));
            list = Some(entries);
            if !is_same_list {
                return None;
            }
            let message = match field {
                Some(field) => format!("{field}: {}", error.text()),
                None => error.text().to_owned(),
            };
            let entry =
                sorted.entry(index).or_insert_with(|| UnreadableEntry::new(name(&entries[index]), ""));
            if !entry.reason.is_empty() {
                entry.reason.push_str("; ");
            }
            entry.reason.push_str(&message);
            entry.may_pass |= may_pass(error);
        }
        let nodes = list.into_iter().flatten().map(|entry| &entry["node"]);
        let is_all_lost = nodes.clone().count() > 1 && nodes.clone().all(Value::is_null);
        (!is_all_lost).then_some(Self(sorted))
    }

    /// The error of the entry at `index`.
    pub(crate) fn at(&self, index: usize) -> Option<UnreadableEntry> {
        self.0.get(&index).cloned()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Follows an error's path to the outermost list.
///
/// Returns the list, the index of the entry, and the field of the entry's node, if the path leads into one.
fn find_entry<'d>(error: &GraphQlError, data: &'d Value) -> Option<(&'d Vec<Value>, usize, Option<String>)> {
    let mut steps = error.path.as_ref()?.as_array()?.iter();
    let mut at = data;
    while let Some(step) = steps.next() {
        let name = step.as_str()?;
        at = at.get(name)?;
        if name != EDGES {
            continue;
        }
        let entries = at.as_array()?;
        let index = usize::try_from(steps.next()?.as_u64()?).ok().filter(|index| *index < entries.len())?;
        let field = steps.filter_map(Value::as_str).find(|name| *name != "node");
        return Some((entries, index, field.map(str::to_owned)));
    }
    None
}

fn name(entry: &Value) -> Option<String> {
    Some(entry.get("node")?.get("name")?.as_str()?.to_owned())
}
