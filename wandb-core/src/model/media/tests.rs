use super::*;

fn items(row: &str) -> Vec<MediaItem> {
    MediaItem::of_row(&Row::parse(row.as_bytes()).expect("valid JSON"))
}

/// Returns key, index, kind, layer and file of each item.
fn summary(items: &[MediaItem]) -> Vec<String> {
    let text = |item: &MediaItem| {
        let index = item.index.map(|index| format!("[{index}]")).unwrap_or_default();
        let layer = item.layer.as_ref().map(|layer| format!("/{layer}")).unwrap_or_default();
        let file = item.path.as_ref().or(item.artifact_path.as_ref()).map_or("-", String::as_str);
        format!("{}{index} {}{layer} {file}", item.key, item.kind)
    };
    items.iter().map(text).collect()
}

#[test]
fn single_objects_have_their_fields() {
    let items = items(
        r#"{"_step": 4, "loss": 1, "a": {"_type": "image-file", "path": "media/images/a.png", "size": 77, "sha256": "6a",
            "format": "png", "width": 4, "height": 3, "caption": "red"},
            "eval": {"t": {"_type": "table-file", "path": "media/table/t.table.json", "ncols": 2, "nrows": 9}},
            "h": {"_type": "histogram", "values": [1, 2], "bins": [0, 1, 2]},
            "other": {"_type": "graph-file", "path": "media/graph/g.graph.json"},
            "plot": {"_type": "plotly", "plot": {}},
            "no": {"_type": "ndarray", "min": 0}}"#,
    );
    assert_eq!(
        summary(&items),
        [
            "a image media/images/a.png",
            "eval.t table media/table/t.table.json",
            "h histogram -",
            "other other media/graph/g.graph.json",
            "plot plotly -",
        ]
    );
    assert!(items.iter().all(|item| item.step == Some(4)));
    let image = &items[0];
    assert_eq!((image.size, image.width, image.height), (Some(77), Some(4), Some(3)));
    assert_eq!((image.caption.as_deref(), image.sha256.as_deref()), (Some("red"), Some("6a")));
    assert_eq!(
        (items[1].rows, items[1].columns, items[1].format.as_deref()),
        (Some(9), Some(2), Some("json"))
    );
    assert_eq!(items[2].rows, Some(2));
    assert_eq!(
        items[0].to_row().to_json_line(),
        "{\"_step\":4,\"key\":\"a\",\"kind\":\"image\",\"type\":\"image-file\",\"caption\":\"red\",\"path\":\"media/images/a.png\",\
         \"size\":77,\"format\":\"png\",\"width\":4,\"height\":3,\"sha256\":\"6a\"}\n"
    );
}

#[test]
fn batches_become_an_item_each() {
    let found = items(
        r#"{"i": {"_type": "images/separated", "count": 2, "width": 4, "height": 4, "format": "png",
                "filenames": ["media/images/0.png", "wandb-client-artifact://x/1.png"], "captions": [null, "b"],
                "all_masks": [null, {"truth": {"_type": "mask", "path": "media/images/mask/m.mask.png"}}],
                "all_boxes": [{"p": {"_type": "boxes2D", "path": "media/metadata/boxes2D/b.boxes2D.json"}}, null]},
            "s": {"_type": "audio", "count": 1, "audio": [{"_type": "audio-file", "path": "media/audio/s.wav", "caption": "x"}],
                "sampleRates": [8000], "durations": [0.5], "captions": ["x"]},
            "v": {"_type": "videos", "count": 1, "videos": [{"_type": "video-file", "path": "media/videos/v.mp4", "width": 8}],
                "captions": false},
            "p": {"_type": "html", "count": 1, "html": [{"_type": "html-file", "path": "media/html/p.html"}]},
            "m": {"_type": "molecule", "count": 1, "filenames": ["media/molecule/m.pdb"], "captions": ["H2O"]},
            "o": {"_type": "object3D", "count": 2, "filenames": ["o.pts.json", "p.pts.json"],
                "objects": [{"_type": "object3D-file", "path": "media/object3D/o.pts.json", "size": 3}]},
            "none": {"_type": "images/separated", "count": 0, "filenames": []},
            "old": {"_type": "images", "count": 3, "width": 9}}"#,
    );
    assert_eq!(
        summary(&found),
        [
            "i[0] image media/images/0.png",
            "i[0] boxes/p media/metadata/boxes2D/b.boxes2D.json",
            "i[1] image wandb-client-artifact://x/1.png",
            "i[1] mask/truth media/images/mask/m.mask.png",
            "s[0] audio media/audio/s.wav",
            "v[0] video media/videos/v.mp4",
            "p[0] html media/html/p.html",
            "m[0] molecule media/molecule/m.pdb",
            "o[0] object3d media/object3D/o.pts.json",
            "o[1] object3d media/object3D/p.pts.json",
            "old image -",
        ]
    );
    assert_eq!((found[0].caption.as_deref(), found[2].caption.as_deref()), (None, Some("b")));
    assert_eq!((found[4].duration, found[4].sample_rate), (Some(0.5), Some(8000.0)));
    assert_eq!((found[7].caption.as_deref(), found[7].format.as_deref()), (Some("H2O"), Some("pdb")));
    assert_eq!(found[8].size, Some(3));
}

#[test]
fn lists_of_objects_become_an_item_each() {
    let found = items(
        r#"{"l": [{"_type": "image-file", "path": "a.png"}, 5, {"_type": "html-file", "path": "b.html"}], "n": [1, {}]}"#,
    );
    assert_eq!(summary(&found), ["l[0] image a.png", "l[2] html b.html"]);
}

#[test]
fn layers_belong_to_their_image() {
    let found = items(
        r#"{"a": {"_type": "image-file", "path": "a.png", "masks": {"m": {"_type": "mask", "path": "m.png", "size": 2}},
            "boxes": {"b": [{"position": {}}]}}}"#,
    );
    assert_eq!(summary(&found), ["a image a.png", "a mask/m m.png", "a boxes/b -"]);
    assert_eq!((found[1].size, &*found[2].type_name), (Some(2), "boxes"));
}

#[test]
fn names_select_kinds_and_types() {
    let found = items(r#"{"a.b": {"_type": "image-file", "path": "a.png"}}"#);
    assert!(
        found[0].is_of_type("image") && found[0].is_of_type("Image") && found[0].is_of_type("image-file")
    );
    assert!(!found[0].is_of_type("images/separated") && !found[0].is_of_type("mask"));
    assert!(
        found[0].is_under("a.b")
            && found[0].is_under("a")
            && !found[0].is_under("a.")
            && !found[0].is_under("b")
    );
    for kind in MediaKind::ALL {
        assert_eq!(MediaKind::ALL.iter().filter(|other| other.name() == kind.name()).count(), 1);
    }
}

#[test]
fn deep_objects_end() {
    let mut text = r#"{"_type": "image-file", "path": "a.png"}"#.to_owned();
    for _ in 0..200 {
        text = format!(r#"{{"x": {text}}}"#);
    }
    assert_eq!(items(&text), []);
    let summary =
        Value::parse(br#"{"a": {"b": {"_type": "html-file", "path": "p.html"}}}"#).expect("valid JSON");
    let found = MediaItem::of_summary(summary.as_map().expect("a map"));
    assert_eq!((&*found[0].key, found[0].step), ("a.b", None));
}
