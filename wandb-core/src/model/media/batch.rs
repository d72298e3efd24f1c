//! Batches: one object that stands for several media of a type.

use super::kind::MediaKind;
use super::{MediaItem, add_layers, count, extension};
use crate::value::{Map, Value};

/// The folder of three-dimensional objects, which batches leave out (`Object3D.seq_to_json`).
const OBJECT3D_FOLDER: &str = "media/object3D";

/// Adds the items of a batch. Returns false if the object is no batch.
pub(super) fn add(key: &str, type_name: &str, object: &Map, items: &mut Vec<MediaItem>) -> bool {
    let (kind, list) = match type_name {
        "images/separated" | "images" => (MediaKind::Image, "filenames"),
        "molecule" => (MediaKind::Molecule, "filenames"),
        "object3D" => (MediaKind::Object3D, "objects"),
        "audio" => (MediaKind::Audio, "audio"),
        "videos" => (MediaKind::Video, "videos"),
        "html" => (MediaKind::Html, "html"),
        _ => return false,
    };
    let at =
        |name: &str, index: usize| object.get(name).and_then(Value::as_list).and_then(|list| list.get(index));
    let parts = object.get(list).and_then(Value::as_list).unwrap_or_default();
    let names = object.get("filenames").and_then(Value::as_list).unwrap_or_default();
    let stated = count(object.get("count")).and_then(|count| usize::try_from(count).ok());
    let length = parts.len().max(names.len());
    if length == 0 {
        // Old SDKs put all images of a batch into one file, or name no files. An empty batch has no item.
        if stated != Some(0) {
            items.push(MediaItem::of_object(key, kind, type_name, object));
        }
        return true;
    }
    for index in 0..length {
        let empty = Map::new();
        let part = parts.get(index).and_then(Value::as_map).unwrap_or(&empty);
        let mut item = MediaItem::of_object(key, kind, type_name, part);
        item.index = Some(index as u64);
        if item.path.is_none()
            && item.artifact_path.is_none()
            && let Some(name) = names.get(index).and_then(Value::as_str)
        {
            set_file(&mut item, kind, name);
        }
        if kind == MediaKind::Image {
            item.width = count(object.get("width"));
            item.height = count(object.get("height"));
            item.format = object.get("format").and_then(Value::as_str).map(str::to_owned).or(item.format);
        }
        let caption = at("captions", index).and_then(Value::as_str).map(str::to_owned);
        item.caption = item.caption.or(caption);
        item.duration = at("durations", index).and_then(Value::as_f64);
        item.sample_rate = at("sampleRates", index).and_then(Value::as_f64);
        items.push(item);
        add_layers(key, Some(index as u64), at("all_masks", index), at("all_boxes", index), items);
    }
    true
}

/// Sets the file of an item by its name in a batch, which is a path in the run or an address in an artifact.
fn set_file(item: &mut MediaItem, kind: MediaKind, name: &str) {
    if name.contains("://") {
        item.artifact_path = Some(name.to_owned());
        return;
    }
    let is_short = kind == MediaKind::Object3D && !name.starts_with(OBJECT3D_FOLDER);
    item.path = Some(if is_short { format!("{OBJECT3D_FOLDER}/{name}") } else { name.to_owned() });
    item.format = item.format.take().or_else(|| extension(name));
}
