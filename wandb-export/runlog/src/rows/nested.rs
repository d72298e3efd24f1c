//! Assembles objects that a row stores as one item per leaf.

use wandb_core::{Map, Value};

use crate::items;
use crate::proto::Item;

/// Passes the cells of a row to `take`, with objects as JSON text, and returns its result.
///
/// Returns `false` if JSON text cannot represent the row.
pub(super) fn cells(items: &[Item], take: impl FnOnce(Vec<(&[u8], &[u8])>) -> bool) -> bool {
    let Some(nested) = objects(items) else { return false };
    let mut cells = Vec::with_capacity(items.len() + 1);
    for item in items {
        match (item.single_key(), item.json()) {
            (Some(key), Some(json)) => cells.push((key.as_bytes(), json.as_bytes())),
            (None, Some(_)) if item.nested_key.len() > 1 => {}
            _ => return false,
        }
    }
    cells.extend(nested.iter().map(|(key, json)| (key.as_bytes(), json.as_bytes())));
    take(cells)
}

/// The objects made of items with several keys, as JSON text.
///
/// Returns `None` if JSON text cannot represent them, or if other items of the row would have to be merged into them.
fn objects(items: &[Item]) -> Option<Vec<(&str, String)>> {
    let mut objects: Vec<(&str, Map)> = Vec::new();
    for item in items.iter().filter(|item| item.nested_key.len() > 1) {
        let (path, json) = (item.path()?, item.json()?);
        // Inside objects, text can only represent non-finite numbers as strings, which are different values.
        if json.contains("NaN") || json.contains("Infinity") {
            return None;
        }
        let (key, inner) = path.split_first()?;
        let at = objects.iter().position(|(known, _)| known == key);
        let at = at.unwrap_or_else(|| {
            objects.push((key, Map::new()));
            objects.len() - 1
        });
        items::merge(&mut objects[at].1, inner, item.value()?);
    }
    let is_alone = |key: &str| items.iter().all(|item| item.single_key() != Some(key));
    let text = |(key, map): (_, Map)| is_alone(key).then(|| (key, Value::from(map).to_json()));
    objects.into_iter().map(text).collect()
}
