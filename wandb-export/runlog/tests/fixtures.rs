//! Compares files written by many SDK versions with two references: the records found by an independent reader, and the
//! data of a server after an upload by the SDK. The files and their origin: `xtask/fixtures/offline`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use wandb_core::{Map, Row, Value};
use wandb_runlog::{ConsoleReader, Facts, HistoryReader, Losses, Rows, Selection, SystemReader};

struct Fixture {
    /// The folder of the SDK version.
    version: PathBuf,
    id: String,
    file: PathBuf,
}

impl Fixture {
    fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/fixtures/offline");
        let inside = |folder: &Path| -> Vec<PathBuf> {
            fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
        };
        let mut all = Vec::new();
        for version in inside(&root) {
            for file in inside(&version).iter().flat_map(|folder| inside(folder)) {
                let name = file.file_name().unwrap().to_str().unwrap();
                if let Some(id) = name.strip_prefix("run-").and_then(|name| name.strip_suffix(".wandb")) {
                    all.push(Self { version: version.clone(), id: id.to_owned(), file });
                }
            }
        }
        all.sort_by(|one, other| one.file.cmp(&other.file));
        // A resumed run has a folder for each session.
        for at in 1..all.len() {
            if all[at].version == all[at - 1].version && all[at].id == all[at - 1].id {
                all[at].id.push_str("-2");
            }
        }
        assert!(all.len() > 70, "{}", all.len());
        all
    }

    fn facts(&self) -> Facts {
        Facts::read(|| File::open(&self.file)).unwrap()
    }

    fn rows(&self) -> (Vec<Row>, Losses) {
        let mut reader = HistoryReader::new(File::open(&self.file).unwrap(), Selection::default());
        let mut rows = Vec::new();
        while let Some(batch) = reader.next_rows().unwrap() {
            match batch {
                Rows::Page(page) => rows.extend(page.to_rows()),
                Rows::Single(single) => rows.extend(single),
            }
        }
        assert_eq!(reader.out_of_order(), 0, "{self}");
        (rows, reader.losses().clone())
    }

    fn system(&self) -> Vec<Row> {
        let mut reader = SystemReader::new(File::open(&self.file).unwrap());
        let mut all = Vec::new();
        while let Some(rows) = reader.next_rows().unwrap() {
            all.extend(rows);
        }
        all
    }

    /// Reads a file next to the run's folder.
    fn read_sibling(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.version.join(format!("{}.{name}", self.id))).ok()
    }

    /// The rows that a server received, normalized.
    fn synced(&self, name: &str) -> Vec<String> {
        let lines = self.read_sibling(&format!("synced/{name}")).unwrap_or_default();
        lines.lines().map(|line| normalize(&parsed(line))).collect()
    }

    fn is_version(&self, version: &str) -> bool {
        self.version.file_name().unwrap() == version
    }
}

impl std::fmt::Display for Fixture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.file.display().fmt(f)
    }
}

fn parsed(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap()
}

/// Normalizes a value: sorts keys and unifies equal numbers. Newer SDKs write `2.0` as `2`, and keys in any order.
fn normalize(value: &Value) -> String {
    match value {
        Value::Map(map) => {
            let entries: BTreeMap<_, _> = map.iter().map(|(key, value)| (key, normalize(value))).collect();
            format!("{entries:?}")
        }
        Value::List(list) => format!("{:?}", list.iter().map(normalize).collect::<Vec<_>>()),
        Value::Float(float) => format!("{float}"),
        Value::Int(integer) => format!("{integer}"),
        other => format!("{other:?}"),
    }
}

fn normalize_rows(rows: &[Row]) -> Vec<String> {
    let map = |row: &Row| row.iter().map(|(key, value)| (key, value.clone())).collect::<Map>();
    rows.iter().map(|row| normalize(&map(row).into())).collect()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Sets a value at the keys of an item.
fn put(map: &mut Map, keys: &[Value], value: Value) {
    let key = keys[0].as_str().unwrap();
    if keys.len() == 1 {
        map.insert(key, value);
        return;
    }
    if map.get(key).is_none() {
        map.insert(key, Map::new());
    }
    let Some(Value::Map(below)) = map.get_mut(key) else { panic!("{key} is no map") };
    put(below, &keys[1..], value);
}

#[test]
fn rows_match_those_of_the_sdk_reader() {
    let mut compared = 0;
    for fixture in Fixture::all() {
        let Some(golden) = fixture.read_sibling("records.json") else { continue };
        let golden = parsed(&golden);
        let records = golden.get("records").and_then(Value::as_list).unwrap();
        let wanted: Vec<_> = records.iter().filter(|record| text(record, "type") == "history").collect();
        let (rows, losses) = fixture.rows();
        assert_eq!(rows.len(), wanted.len(), "{fixture}");
        assert!(losses.is_empty() || fixture.id == "killed", "{fixture}: {losses:?}");
        for ((row, own), record) in rows.iter().zip(normalize_rows(&rows)).zip(wanted) {
            let mut expected = Map::new();
            let mut is_whole = true;
            for item in record.get("items").and_then(Value::as_list).unwrap() {
                let item = item.as_list().unwrap();
                match &item[1] {
                    Value::String(json) => put(&mut expected, item[0].as_list().unwrap(), parsed(json)),
                    // Of long texts, the reference only has the length and digest.
                    _ => is_whole = false,
                }
            }
            if is_whole {
                assert_eq!(own, normalize(&expected.into()), "{fixture}");
                compared += 1;
            }
            let step = record.get("step").and_then(Value::as_i64);
            assert!(step.is_none() || step == row.step(), "{fixture}");
        }
    }
    assert!(compared > 1_500, "{compared}");
}

/// The core of SDK 0.17.0 to 0.17.5 started blocks after the header.
#[test]
fn blocks_after_the_header_are_read() {
    let has_old_layout = |fixture: &Fixture| fixture.is_version("0.17.0") || fixture.is_version("0.17.5");
    let mut blocks = 0;
    for fixture in Fixture::all().into_iter().filter(has_old_layout) {
        let (rows, losses) = fixture.rows();
        assert!(losses.is_empty(), "{fixture}: {losses:?}");
        assert_eq!(fixture.facts().exit_code, Some(0), "{fixture}");
        if fixture.id == "blocks" {
            let steps: Vec<_> = rows.iter().filter_map(Row::step).collect();
            assert_eq!(steps, (0..200).collect::<Vec<_>>(), "{fixture}");
            blocks += 1;
        }
    }
    assert_eq!(blocks, 2);
}

#[test]
fn runs_match_the_server_after_an_upload() {
    let mut compared = 0;
    for fixture in Fixture::all() {
        let Some(server) = fixture.read_sibling("synced/run.json") else { continue };
        if fixture.id == "resumed" {
            // The server merges both sessions.
            continue;
        }
        let server = parsed(&server);
        let server = server.get("facts").unwrap();
        compared += 1;
        let facts = fixture.facts();
        let mut config = parsed(text(server, "config")).as_map().unwrap().clone();
        config.remove("_wandb");
        let mut own_config = Map::new();
        for (key, value) in facts.run.config.as_ref().unwrap().values().iter() {
            // The upload omits empty maps.
            if !matches!(value, Value::Map(map) if map.is_empty()) {
                own_config.insert(key, [("value", value.clone())].into_iter().collect::<Map>());
            }
        }
        assert_eq!(normalize(&own_config.into()), normalize(&config.into()), "{fixture}");
        if let Some(name) = &facts.run.name {
            assert_eq!(name, text(server, "display_name"), "{fixture}");
        }
        let own = (normalize_rows(&fixture.rows().0), normalize_rows(&fixture.system()));
        let uploaded = (fixture.synced("history.jsonl"), fixture.synced("events.jsonl"));
        if fixture.is_version("0.12.21") {
            // The upload omits records that old SDKs write after the exit record, including the summary.
            assert!(own.0.len() >= uploaded.0.len() && own.1.len() >= uploaded.1.len(), "{fixture}");
            continue;
        }
        assert_eq!((own.0.len(), own.1.len()), (uploaded.0.len(), uploaded.1.len()), "{fixture}");
        for (own, uploaded) in own.0.iter().zip(&uploaded.0).chain(own.1.iter().zip(&uploaded.1)) {
            assert_eq!(own, uploaded, "{fixture}");
        }
        let summary = parsed(text(server, "summary"));
        // The upload omits nulls.
        let own = facts.run.summary.unwrap().into_iter().filter(|(_, value)| *value != Value::Null);
        assert_eq!(normalize(&own.collect::<Map>().into()), normalize(&summary), "{fixture}");
        // Without an exit record, the upload marks the run as failed.
        let state = facts.run.state.as_ref().map_or("failed", |state| state.as_str());
        assert_eq!(state, text(server, "state"), "{fixture}");
    }
    assert!(compared >= 15, "{compared}");
}

/// All versions ran the same program.
#[test]
fn every_version_describes_the_same_run() {
    for fixture in Fixture::all().into_iter().filter(|fixture| fixture.id == "scalars") {
        let facts = fixture.facts();
        assert!(facts.losses.is_empty(), "{fixture}: {:?}", facts.losses);
        let run = &facts.run;
        let place = (run.entity.as_str(), run.project.as_str(), run.id.as_str());
        assert_eq!(place, ("local-team", "offline", "scalars"), "{fixture}");
        let texts = [&run.name, &run.notes, &run.group, &run.job_type];
        assert!(texts.iter().all(|text| text.is_some()), "{fixture}: {texts:?}");
        assert!(
            run.created_at.is_some() && run.tags.as_ref().is_some_and(|tags| !tags.is_empty()),
            "{fixture}"
        );
        assert_eq!(facts.exit_code, Some(0), "{fixture}");
        let config = run.config.as_ref().unwrap();
        assert_eq!(config.get("big"), Some(&Value::Int(i64::MAX)), "{fixture}");
        assert!(run.summary.as_ref().is_some_and(|summary| summary.contains_key("loss")), "{fixture}");
        assert!(facts.sdk.is_some() && facts.has_console, "{fixture}");
    }
}

/// `log_offline.py` creates an alert and an artifact in every version that supports them.
#[test]
fn alerts_and_artifacts_are_listed() {
    for fixture in Fixture::all().into_iter().filter(|fixture| fixture.id == "scalars") {
        let facts = fixture.facts();
        let alerts: Vec<_> = facts
            .alerts
            .iter()
            .map(|alert| [&alert.title, &alert.text, &alert.level].map(String::as_str))
            .collect();
        // 0.10.8 has no alerts.
        let expected = [["An alert", "with text", "WARN"]];
        assert_eq!(alerts, expected[usize::from(fixture.is_version("0.10.8"))..], "{fixture}");
        let [artifact] = &facts.artifacts[..] else { panic!("{fixture}: {:?}", facts.artifacts) };
        assert!(artifact.is_output && artifact.aliases.iter().any(|alias| alias == "first"), "{fixture}");
        assert_eq!((&*artifact.kind, &*artifact.name), ("dataset", "small"), "{fixture}");
        assert_eq!(artifact.digest.len(), 32, "{fixture}: {artifact:?}");
        assert_eq!((facts.branch, facts.resumed), (None, false), "{fixture}");
    }
    for fixture in Fixture::all().into_iter().filter(|fixture| fixture.id != "scalars") {
        let facts = fixture.facts();
        assert_eq!(facts.alerts, [], "{fixture}");
        // A logged table becomes an artifact.
        let kinds: Vec<_> = facts.artifacts.iter().map(|artifact| &*artifact.kind).collect();
        let has_table = fixture.id == "media";
        assert_eq!(kinds, ["run_table"][usize::from(!has_table)..], "{fixture}");
    }
}

/// SDKs up to 0.19 do not record the fork of an offline run.
#[test]
fn forked_run_has_its_branch_point() {
    let mut versions = Vec::new();
    for fixture in Fixture::all() {
        let facts = fixture.facts();
        if fixture.id != "forked" {
            assert_eq!(facts.branch, None, "{fixture}");
            continue;
        }
        let version = fixture.version.file_name().unwrap().to_str().unwrap().to_owned();
        let is_recorded = !["0.17.9", "0.18.7", "0.19.11"].contains(&&*version);
        let branch = facts.branch.as_ref().map(|branch| (&*branch.run, &*branch.metric, branch.value));
        assert_eq!(branch, is_recorded.then_some(("resumed", "_step", 3.0)), "{fixture}");
        assert_eq!(facts.steps, Some(if is_recorded { (4, 8) } else { (0, 4) }), "{fixture}");
        assert!(!facts.resumed, "{fixture}");
        versions.push(version);
    }
    assert_eq!(versions, ["0.17.9", "0.18.7", "0.19.11", "0.22.3", "0.25.1", "0.29.0", "0.30.0", "0.31.0"]);
}

/// Since 0.30, the SDK records that a session resumes an earlier one.
#[test]
fn resumed_run_is_marked_since_0_30() {
    let resumed = Fixture::all().into_iter().filter(|fixture| fixture.facts().resumed);
    let resumed: Vec<_> = resumed
        .map(|fixture| (fixture.version.file_name().unwrap().to_str().unwrap().to_owned(), fixture.id))
        .collect();
    assert_eq!(resumed, ["0.30.0", "0.31.0"].map(|version| (version.to_owned(), "resumed-2".to_owned())));
}

/// A killed process leaves a file that ends anywhere. Complete records are read, and the rest is reported.
#[test]
fn killed_run_is_read_up_to_its_end() {
    for fixture in Fixture::all().into_iter().filter(|fixture| fixture.id == "killed") {
        let facts = fixture.facts();
        let (rows, losses) = fixture.rows();
        assert_eq!((facts.exit_code, facts.run.state), (None, None), "{fixture}");
        assert_eq!(facts.run.history_line_count, Some(rows.len() as u64), "{fixture}");
        assert!(rows.len() > 100, "{fixture}");
        assert!(losses.damages.iter().all(|damage| damage.at_end), "{fixture}: {losses:?}");
        let last = rows.last().and_then(Row::step).unwrap();
        assert_eq!(facts.steps.map(|(_, last)| last), Some(last), "{fixture}");
        // Older SDKs write the summary only at the end; otherwise it is computed from the rows.
        let summary = facts.run.summary.unwrap();
        let in_summary = summary.get("_step").and_then(Value::as_i64).unwrap();
        assert!((last..=last + 1).contains(&in_summary), "{fixture}: {last} {in_summary}");
    }
}

/// Damages a file of several blocks at random. The rows read are a subset of the written ones, in order, and losses
/// are reported.
#[test]
fn damage_loses_rows_but_makes_up_none() {
    let fixtures: Vec<_> = Fixture::all().into_iter().filter(|fixture| fixture.id == "blocks").collect();
    assert!(fixtures.len() >= 3);
    let files: Vec<_> = fixtures
        .iter()
        .map(|fixture| (fs::read(&fixture.file).unwrap(), normalize_rows(&fixture.rows().0)))
        .collect();
    let lost = std::cell::Cell::new(0);
    proptest!(ProptestConfig::with_cases(200), |(
        which in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 0..4),
        zeros in prop::option::of((any::<prop::sample::Index>(), 1_usize..50_000)),
        cut in prop::option::of(any::<prop::sample::Index>()),
    )| {
        let (file, written) = &files[which.index(files.len())];
        let mut file = file.clone();
        for (at, bit) in flips {
            let at = at.index(file.len());
            file[at] ^= 1 << bit;
        }
        if let Some((at, length)) = zeros {
            let at = at.index(file.len());
            let end = (at + length).min(file.len());
            file[at..end].fill(0);
        }
        if let Some(at) = cut {
            file.truncate(at.index(file.len()));
        }
        let facts = Facts::read(|| Ok(&file[..])).unwrap();
        let mut reader = HistoryReader::new(&file[..], Selection::default());
        let mut rows = Vec::new();
        while let Some(batch) = reader.next_rows().unwrap() {
            match batch {
                Rows::Page(page) => rows.extend(page.to_rows()),
                Rows::Single(single) => rows.extend(single),
            }
        }
        prop_assert_eq!(facts.run.history_line_count, Some(rows.len() as u64));
        let mut left = written.iter();
        for row in normalize_rows(&rows) {
            prop_assert!(left.any(|written| *written == row), "made up: {}", row);
        }
        if rows.len() < written.len() {
            lost.set(lost.get() + 1);
            // Truncation right after a record is only visible by the missing exit record.
            prop_assert!(!reader.losses().is_empty() || facts.exit_code.is_none());
        }
    });
    assert!(lost.get() > 50, "{lost:?}");
}

/// SDK 0.31 also writes the lines to a separate file, after applying carriage returns and the like.
#[test]
fn console_output_matches_the_sdk() {
    let mut compared = 0;
    for fixture in Fixture::all() {
        let mut reader = ConsoleReader::new(File::open(&fixture.file).unwrap());
        let mut text = String::new();
        while let Some(more) = reader.next_text().unwrap() {
            text.push_str(&more);
        }
        assert!(!text.contains('\r'), "{fixture}");
        let beside = fixture.file.parent().unwrap().join("files/output.log");
        if let (true, Ok(expected)) = (fixture.is_version("0.31.0"), fs::read_to_string(beside)) {
            assert_eq!(text, expected, "{fixture}");
            compared += 1;
        }
        if fixture.id == "scalars" {
            assert!(
                text.contains("\nprogress 100%\n") && text.contains("no newline at the end\n"),
                "{fixture}: {text}"
            );
        }
    }
    assert!(compared > 0);
}
