//! Media that a run has logged: images, audio, tables and the like.

mod batch;
mod kind;
#[cfg(test)]
mod tests;

use crate::row::Row;
use crate::value::{Map, Value};

pub use kind::MediaKind;

/// The deepest nesting of objects in which media are looked for.
const MAX_LEVELS: usize = 32;

/// A media object that a run has logged, or one of a batch.
///
/// In history and summary, media are objects with a `_type`; most of them name a file of the run. (`to_json` and
/// `seq_to_json` of the classes in `sdk/data_types` in wandb/wandb.)
///
/// ```
/// use wandb_core::Row;
/// use wandb_core::model::{MediaItem, MediaKind};
///
/// let row = br#"{"_step": 3, "samples": {"_type": "images/separated", "count": 2, "format": "png", "width": 4,
///     "height": 4, "filenames": ["media/images/a.png", "media/images/b.png"], "captions": ["cat", "dog"]}}"#;
/// let items = MediaItem::of_row(&Row::parse(row)?);
/// assert_eq!(items.len(), 2);
/// assert_eq!((items[1].kind, items[1].step, items[1].index), (MediaKind::Image, Some(3), Some(1)));
/// assert_eq!(items[1].path.as_deref(), Some("media/images/b.png"));
/// assert_eq!(items[1].caption.as_deref(), Some("dog"));
/// # Ok::<(), wandb_core::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MediaItem {
    /// The key under which the object was logged, with dots between the keys of nested objects.
    pub key: String,
    /// The step at which the object was logged. `None` in a summary.
    pub step: Option<i64>,
    /// The kind of media.
    pub kind: MediaKind,
    /// The type as W&B writes it, such as `image-file` or `images/separated`.
    pub type_name: String,
    /// The position in a batch, from 0. `None` for an object of its own.
    pub index: Option<u64>,
    /// The name of a mask or of a set of boxes, which belong to an image.
    pub layer: Option<String>,
    /// The caption.
    pub caption: Option<String>,
    /// The file of the run, by its name there.
    pub path: Option<String>,
    /// The file in an artifact (`wandb-artifact://…` or `wandb-client-artifact://…`).
    pub artifact_path: Option<String>,
    /// The size of the file in bytes.
    pub size: Option<u64>,
    /// The SHA-256 digest of the file in hexadecimal.
    pub sha256: Option<String>,
    /// The width in pixels. In a batch, that of the first image.
    pub width: Option<u64>,
    /// The height in pixels. In a batch, that of the first image.
    pub height: Option<u64>,
    /// The file format, such as `png`.
    pub format: Option<String>,
    /// The duration in seconds. Only batches of audio have it.
    pub duration: Option<f64>,
    /// The sample rate in hertz. Only batches of audio have it.
    pub sample_rate: Option<f64>,
    /// The number of rows of a table, or of bins of a histogram.
    pub rows: Option<u64>,
    /// The number of columns of a table.
    pub columns: Option<u64>,
    /// The object as it was logged. For an item of a batch, its part of the batch, if it has one.
    pub object: Map,
}

impl MediaItem {
    /// Returns the media in a row of a history, in the order of the row.
    pub fn of_row(row: &Row) -> Vec<Self> {
        let mut items = Vec::new();
        for (key, value) in row.iter() {
            find(key, value, 0, &mut items);
        }
        let step = row.step();
        for item in &mut items {
            item.step = step;
        }
        items
    }

    /// Returns the media in a summary.
    pub fn of_summary(summary: &Map) -> Vec<Self> {
        let mut items = Vec::new();
        for (key, value) in summary.iter() {
            find(key, value, 0, &mut items);
        }
        items
    }

    /// Returns the media in a value that was logged under `key`.
    pub fn of_value(key: &str, value: &Value) -> Vec<Self> {
        let mut items = Vec::new();
        find(key, value, 0, &mut items);
        items
    }

    /// Returns whether the object was logged under this key, or inside an object of this key.
    pub fn is_under(&self, key: &str) -> bool {
        self.key.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Returns whether `name` is the kind of this object, or its type as W&B writes it.
    pub fn is_of_type(&self, name: &str) -> bool {
        self.kind.name().eq_ignore_ascii_case(name) || self.type_name == name
    }

    /// Converts the item to a table row. Values that are unknown are missing.
    pub fn to_row(&self) -> Row {
        let text = |text: &Option<String>| text.clone().map(Value::String);
        let number = |number: Option<u64>| number.map(Value::from);
        let cells = [
            ("_step", self.step.map(Value::Int)),
            ("key", Some(Value::String(self.key.clone()))),
            ("index", number(self.index)),
            ("kind", Some(self.kind.name().into())),
            ("type", Some(Value::String(self.type_name.clone()))),
            ("layer", text(&self.layer)),
            ("caption", text(&self.caption)),
            ("path", text(&self.path)),
            ("size", number(self.size)),
            ("format", text(&self.format)),
            ("width", number(self.width)),
            ("height", number(self.height)),
            ("duration", self.duration.map(Value::Float)),
            ("sample_rate", self.sample_rate.map(Value::Float)),
            ("rows", number(self.rows)),
            ("columns", number(self.columns)),
            ("sha256", text(&self.sha256)),
            ("artifact_path", text(&self.artifact_path)),
        ];
        cells.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Reads the fields that all single objects have.
    fn of_object(key: &str, kind: MediaKind, type_name: &str, object: &Map) -> Self {
        let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
        let path = text("path");
        let format = text("format").or_else(|| path.as_deref().and_then(extension));
        Self {
            key: key.to_owned(),
            step: None,
            kind,
            type_name: type_name.to_owned(),
            index: None,
            layer: None,
            caption: text("caption"),
            artifact_path: text("artifact_path"),
            size: count(object.get("size")),
            sha256: text("sha256"),
            width: count(object.get("width")),
            height: count(object.get("height")),
            format,
            duration: None,
            sample_rate: None,
            rows: count(object.get("nrows")).or_else(|| entries(object)),
            columns: count(object.get("ncols")),
            path,
            object: object.clone(),
        }
    }
}

/// Adds the media in a value.
fn find(key: &str, value: &Value, level: usize, items: &mut Vec<MediaItem>) {
    match value {
        Value::Map(object) => match object.get("_type").and_then(Value::as_str) {
            Some(type_name) => add_object(key, type_name, object, items),
            None if level < MAX_LEVELS => {
                for (inner, value) in object.iter() {
                    find(&format!("{key}.{inner}"), value, level + 1, items);
                }
            }
            None => {}
        },
        // The SDK writes a list of media of different types as a list of objects.
        Value::List(list) if list.iter().any(|item| item.get("_type").is_some()) => {
            for (index, value) in list.iter().enumerate() {
                let start = items.len();
                find(key, value, MAX_LEVELS, items);
                for item in &mut items[start..] {
                    // The position in the outer list. An item of a batch in a list keeps that in the batch.
                    item.index.get_or_insert(index as u64);
                }
            }
        }
        _ => {}
    }
}

fn add_object(key: &str, type_name: &str, object: &Map, items: &mut Vec<MediaItem>) {
    if batch::add(key, type_name, object, items) {
        return;
    }
    let is_file = object.contains_key("path") || object.contains_key("artifact_path");
    let Some(kind) = MediaKind::of(type_name, is_file) else { return };
    let item = MediaItem::of_object(key, kind, type_name, object);
    items.push(item);
    add_layers(key, None, object.get("masks"), object.get("boxes"), items);
}

/// Adds the masks and boxes of an image. `index` is its position in a batch.
fn add_layers(
    key: &str,
    index: Option<u64>,
    masks: Option<&Value>,
    boxes: Option<&Value>,
    items: &mut Vec<MediaItem>,
) {
    for (kind, layers) in [(MediaKind::Mask, masks), (MediaKind::Boxes, boxes)] {
        for (name, layer) in layers.and_then(Value::as_map).map(Map::iter).into_iter().flatten() {
            // In artifacts, boxes are a list inside the image and no file.
            let empty = Map::new();
            let object = layer.as_map().unwrap_or(&empty);
            let type_name = object.get("_type").and_then(Value::as_str).unwrap_or(kind.name());
            let mut item = MediaItem::of_object(key, kind, type_name, object);
            item.index = index;
            item.layer = Some(name.to_owned());
            items.push(item);
        }
    }
}

fn count(value: Option<&Value>) -> Option<u64> {
    value.and_then(Value::as_i64).and_then(|count| u64::try_from(count).ok())
}

/// Counts the bins of a histogram, or the rows of a table that is inside the object.
fn entries(object: &Map) -> Option<u64> {
    let list = object.get("values").or_else(|| object.get("data"))?.as_list()?;
    Some(list.len() as u64)
}

/// Returns the extension of a file's name.
fn extension(path: &str) -> Option<String> {
    let name = path.rsplit('/').next()?;
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_owned())
}
