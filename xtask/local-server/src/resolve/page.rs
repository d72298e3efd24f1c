//! GraphQL connections: pages of edges with opaque cursors.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::graphql::{Answer, Arguments, Object, StaticObject};
use crate::quirks::Quirks;

/// Default number of edges in a page.
const DEFAULT_PAGE: usize = 50;

/// The list that a page belongs to.
pub(crate) struct List<'a> {
    /// The field's name.
    pub(crate) name: &'static str,
    pub(crate) connection: &'static str,
    pub(crate) edge: &'static str,
    pub(crate) quirks: &'a Arc<Quirks>,
}

/// Returns the page that `first` and `after` select.
///
/// `key` is a permanent name of an item, so that a cursor keeps its position while items are added and removed. If the
/// item is gone, its old index is used. If runs move, a cursor is an offset.
pub(crate) fn page<T: Object + Clone + 'static>(
    kind: &List<'_>,
    items: &[T],
    arguments: &Arguments,
    key: impl Fn(&T) -> String,
) -> Result<StaticObject, String> {
    page_with(kind, items, arguments, key, T::clone)
}

/// Like [`page`], but converts only the items on the page to objects.
pub(crate) fn page_with<I, T: Object + Clone + 'static>(
    kind: &List<'_>,
    items: &[I],
    arguments: &Arguments,
    key: impl Fn(&I) -> String,
    object: impl Fn(&I) -> T,
) -> Result<StaticObject, String> {
    page_of_edges(kind, items, arguments, key, |item| (object(item), None))
}

/// A field of an edge, besides its node and its cursor.
pub(crate) type EdgeField = Option<(&'static str, Value)>;

/// Like [`page_with`], with edges that may have another field.
pub(crate) fn page_of_edges<I, T: Object + Clone + 'static>(
    kind: &List<'_>,
    items: &[I],
    arguments: &Arguments,
    key: impl Fn(&I) -> String,
    object: impl Fn(&I) -> (T, EdgeField),
) -> Result<StaticObject, String> {
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
    let edges: Vec<(Option<String>, (T, EdgeField))> =
        (start..end).map(|index| (named(index), object(&items[index]))).collect();
    let cursor =
        |edge: Option<&(Option<String>, (T, EdgeField))>| edge.and_then(|(cursor, _)| cursor.clone());
    let (first, last) = (cursor(edges.first()), cursor(edges.last()));
    let (more, before) = (end < items.len() || endless.is_some(), start > 0);
    Ok(StaticObject::new(connection)
        .value("totalCount", items.len())
        .object("edges", move || {
            let edges = edges.clone().into_iter().enumerate();
            Answer::objects(edges.map(|(index, (cursor, (node, extra)))| {
                let is_null = quirks.is_null(field, start + index);
                let edge = StaticObject::new(edge).value("cursor", cursor);
                let edge = extra.into_iter().fold(edge, |edge, (name, value)| edge.value(name, value));
                edge.object("node", move || if is_null { Answer::NULL } else { Answer::object(node.clone()) })
            }))
        })
        .object("pageInfo", move || {
            Answer::object(
                StaticObject::new("PageInfo")
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
