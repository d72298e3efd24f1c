//! Connections: pages of edges behind opaque cursors.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::graphql::{Answer, Arguments, Facts, Object};

/// Edges when a query asks for no number.
const DEFAULT_PAGE: usize = 50;

/// The page that `first` and `after` ask for. `key` names an item for good, so that a cursor holds its place while
/// items are added and removed; an item that is gone is taken to have been where it was.
pub(crate) fn page<T: Object + Clone + 'static>(
    connection: &'static str,
    edge: &'static str,
    items: &[T],
    arguments: &Arguments,
    key: impl Fn(&T) -> String,
) -> Result<Facts, String> {
    let start = match arguments.str("after").filter(|cursor| !cursor.is_empty()) {
        None => 0,
        Some(cursor) => {
            let (index, name) = decode(cursor).ok_or_else(|| format!("invalid cursor {cursor:?}"))?;
            let found = items.iter().position(|item| key(item) == name);
            found.map_or(index, |index| index + 1).min(items.len())
        }
    };
    let count = arguments.count("first").unwrap_or(DEFAULT_PAGE);
    let end = start.saturating_add(count).min(items.len());
    let edges: Vec<(String, T)> = (start..end)
        .map(|index| (STANDARD.encode(format!("{index}:{}", key(&items[index]))), items[index].clone()))
        .collect();
    let cursor = |edge: Option<&(String, T)>| edge.map(|(cursor, _)| cursor.clone());
    let (first, last) = (cursor(edges.first()), cursor(edges.last()));
    let (more, before) = (end < items.len(), start > 0);
    Ok(Facts::new(connection)
        .object("edges", move || {
            Answer::objects(edges.clone().into_iter().map(|(cursor, node)| {
                Facts::new(edge).value("cursor", cursor).object("node", move || Answer::object(node.clone()))
            }))
        })
        .object("pageInfo", move || {
            Answer::object(
                Facts::new("PageInfo")
                    .value("startCursor", first.clone())
                    .value("endCursor", last.clone())
                    .value("hasNextPage", more)
                    .value("hasPreviousPage", before),
            )
        }))
}

fn decode(cursor: &str) -> Option<(usize, String)> {
    let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    let (index, name) = text.split_once(':')?;
    Some((index.parse().ok()?, name.to_owned()))
}
