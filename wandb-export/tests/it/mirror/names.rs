//! With hostile names and links, a mirror writes and reads nothing outside of its folder.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use wandb_local_server::{LocalServer, NewRun};

use super::reading::offline;
use crate::support::{Ended, Program, server};

/// Ids that some system treats as special, or as equal to each other.
const HOSTILE: [&str; 10] =
    ["..", ".", "...", "runs.", "Run1", "run1", "CON", r"a\..\b", "x:y", ".wandb-export"];

fn fill(server: &LocalServer, ids: &[&str]) {
    for (number, id) in ids.iter().enumerate() {
        let rows = (0..=number).map(|step| serde_json::json!({ "_step": step, "of": id }));
        server.store().add_run(NewRun::new("e", "p", id).rows(rows));
        server.store().add_file(&format!("e/p/{id}"), "model.bin", id.as_bytes().to_vec()).expect("a run");
    }
}

fn mirror(program: &Program) -> Ended {
    program.over("async", &["mirror", "e/p", "-o", "here"])
}

#[test]
fn hostile_ids_stay_in_their_folders() {
    let server = server();
    fill(&server, &HOSTILE);
    let program = Program::new(server);
    let ended = mirror(&program);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(program.names(), ["here"]);
    let own: BTreeSet<String> = names(&program.path("here"));
    let expected = [
        ".wandb-export",
        "files",
        "history",
        "manifest.jsonl",
        "runs.jsonl",
        "runs.parquet",
        "sweeps.parquet",
    ];
    assert_eq!(own, expected.map(str::to_owned).into());
    for folder in ["here/history", "here/files"] {
        assert_eq!(names(&program.path(folder)).len(), HOSTILE.len(), "{folder}");
    }
    for (number, id) in HOSTILE.iter().enumerate() {
        let rows = offline(&program, &["history", &format!("./here/{id}"), "-f", "jsonl"]);
        if !matches!(*id, "." | ".." | "..." | r"a\..\b") {
            assert_eq!((rows.code, rows.stdout.lines().count()), (Some(0), number + 1), "{id} {rows}");
        }
    }
    let all = offline(&program, &["runs", "./here", "-f", "jsonl"]);
    assert_eq!((all.code, all.stdout.lines().count()), (Some(0), HOSTILE.len()), "{all}");
    assert_eq!(mirror(&program).code, Some(0), "a second time");
    assert_eq!(program.over("async", &["mirror", "e/p", "-o", "here", "--verify"]).code, Some(0));
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn ordinary_ids_keep_their_names() {
    let server = server();
    let ids = ["1a2b3c4d", "run 7", "größe", "a.b", "-x", "v1~2"];
    fill(&server, &ids);
    let program = Program::new(server);
    assert_eq!(mirror(&program).code, Some(0));
    assert_eq!(names(&program.path("here/files")), ids.map(str::to_owned).into());
}

#[test]
fn unsafe_path_of_an_earlier_version_is_replaced() {
    let server = server();
    fill(&server, &["..", "run1"]);
    let program = Program::new(server);
    assert_eq!(mirror(&program).code, Some(0));
    let manifest = program.path("here/manifest.jsonl");
    let text = fs::read_to_string(&manifest).expect("a manifest");
    let line = text.lines().find(|line| line.contains("\"run\":\"..\"")).expect("a line of the run");
    let begin = line.find("\"here\":").expect("another name");
    let end = begin + line[begin..].find(',').expect("more fields") + 1;
    let old = format!("{}{}", &line[..begin], &line[end..]);
    fs::write(&manifest, text.replace(line, &old)).expect("a manifest");
    let ended = mirror(&program);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(fs::read_to_string(&manifest).expect("a manifest"), text, "the same as a new mirror");
}

#[test]
fn links_out_of_a_mirror_are_not_followed() {
    let server = server();
    fill(&server, &["run1", "run2"]);
    let program = Program::new(server);
    let outside = program.path("outside");
    for linked in ["here/history", "here/files/run1", "here/.wandb-export/journal", "here/.wandb-export"] {
        fs::create_dir_all(&outside).expect("a folder");
        fs::create_dir_all(program.path(linked).parent().expect("a folder")).expect("a folder");
        let target = if linked.ends_with("journal") { outside.join("file") } else { outside.clone() };
        fs::create_dir_all(program.path("here/.wandb-export")).expect("a folder");
        if linked.ends_with(".wandb-export") {
            fs::remove_dir_all(program.path("here/.wandb-export")).expect("a folder");
        }
        symlink(&target, program.path(linked)).expect("a link");
        let ended = mirror(&program);
        assert_ne!(ended.code, Some(0), "{linked} {ended}");
        assert_eq!(names(&outside), BTreeSet::new(), "{linked} {ended}");
        for folder in ["here", "outside"] {
            fs::remove_dir_all(program.path(folder)).expect("a folder");
        }
    }
}

#[test]
fn links_out_of_a_mirror_are_not_read() {
    let server = server();
    fill(&server, &["run1", "run2"]);
    let program = Program::new(server);
    assert_eq!(mirror(&program).code, Some(0));
    for place in ["here/history/run1.parquet", "here/files/run1/model.bin"] {
        let moved = program.path(place.rsplit('/').next().expect("a name"));
        fs::rename(program.path(place), &moved).expect("a file");
        symlink(&moved, program.path(place)).expect("a link");
    }
    let rows = offline(&program, &["history", "./here/run1", "-f", "jsonl"]);
    assert_eq!((rows.code, rows.stdout.as_str()), (Some(1), ""), "{rows}");
    let files = offline(&program, &["files", "./here/run1", "-f", "jsonl"]);
    assert_eq!(files.code, Some(1), "{files}");
    assert_eq!(offline(&program, &["history", "./here/run2"]).code, Some(0));
}
