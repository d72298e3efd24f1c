//! Connections: pages of edges behind opaque cursors.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::graphql::{Answer, Arguments, Facts, Object};
use crate::quirks::Quirks;

/// Edges when a query asks for no number.
const DEFAULT_PAGE: usize = 50;

/// What kind of list a page is of.
pub(crate) struct List<'a> {
    /// The field's name.
    pub(crate) name: &'static str,
    pub(crate) connection: &'static str,
    pub(crate) edge: &'static str,
    pub(crate) quirks: &'a Arc<Quirks>,
}

/// The page that `first` and `after` ask for. `key` names an item for good, so that a cursor holds its place while
/// items are added and removed; an item that is gone is taken to have been where it was. Where runs move, a cursor is an
/// offset.
pub(crate) fn page<T: Object + Clone + 'static>(
    kind: &List<'_>,
    items: &[T],
    arguments: &Arguments,
    key: impl Fn(&T) -> String,
) -> Result<Facts, String> {
    page_with(kind, items, arguments, key, T::clone)
}

/// The same, of items of which only those on the page are made into objects.
pub(crate) fn page_with<I, T: Object + Clone + 'static>(
    kind: &List<'_>,
    items: &[I],
    arguments: &Arguments,
    key: impl Fn(&I) -> String,
    object: impl Fn(&I) -> T,
) -> Result<Facts, String> {
    let &List { name: field, connection, edge, quirks } = kind;
    let quirks = Arc::clone(quirks);
    let by_offset = field == "runs" && quirks.moving_runs > 0;
    let endless = quirks.endless_lists.map(|endless| endless.turn(arguments.str("after")));
    let count = arguments.count("first").unwrap_or(DEFAULT_PAGE);
    let after = arguments.str("after").filter(|cursor| !cursor.is_empty() && endless.is_none());
    let start = match after {
        None if endless.is_some() => {
            endless.as_ref().map_or(0, |(turn, _)| turn.saturating_mul(count)).min(items.len())
        }
        None => 0,
        Some(cursor) => {
            let (index, name) = decode(cursor).ok_or_else(|| format!("invalid cursor {cursor:?}"))?;
            let is_there = items.get(index).is_some_and(|item| key(item) == name);
            let found = if is_there { Some(index) } else { items.iter().position(|item| key(item) == name) };
            let found = if by_offset { Some(index) } else { found };
            found.map_or(index, |index| index + 1).min(items.len())
        }
    };
    let end = start.saturating_add(count).min(items.len());
    let named = |index: usize| match &endless {
        Some((_, cursor)) => cursor.clone(),
        None => Some(STANDARD.encode(format!("{index}:{}", key(&items[index])))),
    };
    let edges: Vec<(Option<String>, T)> =
        (start..end).map(|index| (named(index), object(&items[index]))).collect();
    let cursor = |edge: Option<&(Option<String>, T)>| edge.and_then(|(cursor, _)| cursor.clone());
    let (first, last) = (cursor(edges.first()), cursor(edges.last()));
    let (more, before) = (end < items.len() || endless.is_some(), start > 0);
    Ok(Facts::new(connection)
        .object("edges", move || {
            let edges = edges.clone().into_iter().enumerate();
            Answer::objects(edges.map(|(index, (cursor, node))| {
                let is_null = quirks.is_null(field, start + index);
                Facts::new(edge)
                    .value("cursor", cursor)
                    .object("node", move || if is_null { Answer::NULL } else { Answer::object(node.clone()) })
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
