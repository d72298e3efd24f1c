//! Kinds of media.

use std::fmt;

/// The kind of a media object, whether it was logged alone or in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MediaKind {
    /// An image (`image-file`, `images/separated`).
    Image,
    /// A segmentation mask of an image (`mask`).
    Mask,
    /// Bounding boxes of an image (`boxes2D`).
    Boxes,
    /// A sound (`audio-file`, `audio`).
    Audio,
    /// A video (`video-file`, `videos`).
    Video,
    /// A web page (`html-file`, `html`).
    Html,
    /// A three-dimensional scene (`object3D-file`, `object3D`).
    Object3D,
    /// A molecule (`molecule-file`, `molecule`).
    Molecule,
    /// A Plotly chart (`plotly-file`, `plotly`).
    Plotly,
    /// A Bokeh chart (`bokeh-file`).
    Bokeh,
    /// A table (`table-file`, `incremental-table-file`, `partitioned-table`, `joined-table`, `table`).
    Table,
    /// A histogram (`histogram`), which is no file.
    Histogram,
    /// A file of another type.
    Other,
}

/// The types of each kind, as W&B writes them.
const TYPES: [(&str, MediaKind); 25] = [
    ("image-file", MediaKind::Image),
    ("images/separated", MediaKind::Image),
    ("images", MediaKind::Image),
    ("mask", MediaKind::Mask),
    ("boxes2D", MediaKind::Boxes),
    ("bounding-boxes", MediaKind::Boxes),
    ("audio-file", MediaKind::Audio),
    ("audio", MediaKind::Audio),
    ("video-file", MediaKind::Video),
    ("videos", MediaKind::Video),
    ("html-file", MediaKind::Html),
    ("html", MediaKind::Html),
    ("object3D-file", MediaKind::Object3D),
    ("object3D", MediaKind::Object3D),
    ("molecule-file", MediaKind::Molecule),
    ("molecule", MediaKind::Molecule),
    ("plotly-file", MediaKind::Plotly),
    ("plotly", MediaKind::Plotly),
    ("bokeh-file", MediaKind::Bokeh),
    ("table-file", MediaKind::Table),
    ("incremental-table-file", MediaKind::Table),
    ("partitioned-table", MediaKind::Table),
    ("joined-table", MediaKind::Table),
    ("table", MediaKind::Table),
    ("histogram", MediaKind::Histogram),
];

impl MediaKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Image,
        Self::Mask,
        Self::Boxes,
        Self::Audio,
        Self::Video,
        Self::Html,
        Self::Object3D,
        Self::Molecule,
        Self::Plotly,
        Self::Bokeh,
        Self::Table,
        Self::Histogram,
        Self::Other,
    ];

    /// Returns the name: `image`, `mask`, `boxes` and so on.
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Mask => "mask",
            Self::Boxes => "boxes",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Html => "html",
            Self::Object3D => "object3d",
            Self::Molecule => "molecule",
            Self::Plotly => "plotly",
            Self::Bokeh => "bokeh",
            Self::Table => "table",
            Self::Histogram => "histogram",
            Self::Other => "other",
        }
    }

    /// Returns the kind of a type of W&B. An unknown type counts as media only if it is a file.
    pub(super) fn of(type_name: &str, is_file: bool) -> Option<Self> {
        let known = TYPES.iter().find(|(name, _)| *name == type_name).map(|(_, kind)| *kind);
        known.or_else(|| is_file.then_some(Self::Other))
    }
}

impl fmt::Display for MediaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
