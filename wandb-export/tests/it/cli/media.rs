//! The command `media`.

use insta::assert_snapshot;

use super::on_disk::{done, folder, program as on_disk};
use crate::support::{LOGGED, Program, TRANSPORTS, logged, recorded, server, tree};

fn program() -> Program {
    let server = server();
    logged(&server);
    Program::new(server)
}

#[test]
fn media_are_listed() {
    let program = program();
    assert_snapshot!("listed", program.run(&["media", LOGGED, "-f", "csv"]));
    assert_snapshot!(
        "of_a_kind",
        program.run(&["media", LOGGED, "--type", "image", "--key", "samples", "-f", "jsonl"])
    );
    assert_snapshot!("in_the_summary", program.run(&["media", LOGGED, "--summary"]));
    assert_snapshot!("none", program.run(&["media", LOGGED, "--type", "picture"]));
}

#[test]
fn media_are_downloaded() {
    for transport in TRANSPORTS {
        let program = program();
        let arguments =
            ["media", LOGGED, "--step", "5", "--type", "audio", "--download", "-o", "here", "-f", "csv"];
        let ended = program.over(transport, &arguments);
        assert_eq!(ended.code, Some(0), "{ended}");
        let found = tree(&program.path("here"));
        assert_eq!(found.keys().collect::<Vec<_>>(), ["media/audio/s.wav"]);
        let again = program.over(transport, &arguments);
        assert!(again.stdout.contains("already there"), "{again}");
    }
}

#[test]
fn runs_on_disk_list_their_media() {
    let program = on_disk("0.31.0", &["media"]);
    let path = folder(&program, "media");
    let keys = |options: &[&str]| {
        let text = done(&program, &[&["media", &path, "-f", "jsonl"], options].concat());
        let key = |line: &str| {
            let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
            format!("{} {}", row["key"].as_str().expect("a key"), row["kind"].as_str().expect("a kind"))
        };
        text.lines().map(key).collect::<Vec<_>>()
    };
    let mut all = keys(&[]);
    all.sort();
    all.dedup();
    assert_eq!(
        all,
        [
            "histogram histogram",
            "nested.histogram histogram",
            "picture image",
            "pictures image",
            "table table"
        ]
    );
    assert_eq!(keys(&["--type", "image"]).len(), 3);
    assert_eq!(keys(&["--type", "table", "--summary"]), ["table table"]);
}

#[test]
fn recorded_media_are_downloaded() {
    let program = Program::new(recorded());
    let ended = program
        .over("async", &["media", "local-team/demo/media", "--type", "image", "--download", "-o", "here"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    let found = tree(&program.path("here"));
    assert_eq!(found.len(), 5);
    assert!(found.values().all(|content| content.starts_with(b"\x89PNG")));
}
