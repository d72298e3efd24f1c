//! Seed data: a run with tables and media, as the SDK logs them.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wandb_local_server::{LocalServer, NewRun};

/// The path of the run of [`logged`].
pub(crate) const LOGGED: &str = "local-team/vision/logged";

/// Returns the object that refers to a table file, as in a history.
pub(crate) fn table_object(path: &str, content: &str, rows: u64, columns: u64) -> Value {
    json!({
        "_type": "table-file", "path": path, "sha256": sha256(content), "size": content.len(), "nrows": rows,
        "ncols": columns, "log_mode": "IMMUTABLE",
        "artifact_path": "wandb-client-artifact://abc/predictions.table.json",
    })
}

pub(crate) fn sha256(content: &str) -> String {
    Sha256::digest(content).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string has room");
        text
    })
}

/// Adds a run with two versions of a table, an incremental table, images, a sound and histograms.
pub(crate) fn logged(server: &LocalServer) {
    let first = r#"{"columns": ["id", "text", "score"], "data": [[1, "a", 0.5]]}"#;
    let second = r#"{"columns": ["id", "text", "score"], "data": [[1, "a", NaN], [9007199254740993, "ü, \"q\"", 2.5]]}"#;
    let part = |rows: &str| format!(r#"{{"columns": ["x"], "data": {rows}}}"#);
    let parts = [part("[[1], [2]]"), part("[[3]]")];
    let increment = |number: usize, rows: u64| {
        let mut object =
            table_object(&format!("media/table/inc_{number}.table.json"), &parts[number], rows, 1);
        object["_type"] = "incremental-table-file".into();
        object["increment_num"] = number.into();
        object["log_mode"] = "INCREMENTAL".into();
        object
    };
    let image = |path: &str, caption: &str| {
        json!({"_type": "image-file", "path": path, "sha256": sha256(path), "size": path.len(), "format": "png",
            "width": 4, "height": 3, "caption": caption})
    };
    let histogram = |counts: [u64; 2]| json!({"_type": "histogram", "values": counts, "bins": [0, 0.5, 1]});
    let newest = table_object("media/table/t_1.table.json", second, 2, 3);
    let rows = [
        json!({"_step": 0, "loss": 1, "predictions": table_object("media/table/t_0.table.json", first, 1, 3),
            "weights": histogram([1, 2]), "inc": increment(0, 2)}),
        json!({"_step": 1, "loss": 0.5, "eval": {"image": image("media/images/one.png", "one")}}),
        json!({"_step": 5, "predictions": newest, "weights": histogram([3, 4]), "inc": increment(1, 3),
            "samples": {"_type": "images/separated", "count": 2, "width": 4, "height": 4, "format": "png",
                "filenames": ["media/images/one.png", "media/images/two.png"], "captions": ["cat", "dog"],
                "all_masks": [null, {"truth": {"_type": "mask", "path": "media/images/mask/m.mask.png", "size": 5}}]},
            "sound": {"_type": "audio-file", "path": "media/audio/s.wav", "size": 3, "caption": "beep"}}),
    ];
    let summary =
        json!({"_step": 5, "predictions": newest, "inc": increment(1, 3), "weights": histogram([3, 4])});
    let run = NewRun::new("local-team", "vision", "logged").rows(rows).summary(&summary);
    server.store().add_run(run);
    for (name, content) in [
        ("media/table/t_0.table.json", first),
        ("media/table/t_1.table.json", second),
        ("media/table/inc_0.table.json", &parts[0]),
        ("media/table/inc_1.table.json", &parts[1]),
        ("media/images/one.png", "one"),
        ("media/images/two.png", "two"),
        ("media/images/mask/m.mask.png", "mask!"),
        ("media/audio/s.wav", "wav"),
    ] {
        server.store().add_file(LOGGED, name, content.to_owned()).expect("a run");
    }
}
