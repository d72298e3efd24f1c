//! Messages and exit codes of the command `mirror`.

use serde_json::Value;

use super::project::{PROJECT, files, fill};
use crate::support::{Program, TRANSPORTS, server};

fn program() -> Program {
    let server = server();
    fill(&server);
    Program::new(server)
}

fn report(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn second_mirror_changes_nothing() {
    let program = program();
    for transport in TRANSPORTS {
        let folder = format!("by-{transport}");
        let first = program.over(transport, &["mirror", PROJECT, "-o", &folder, "--report", "-"]);
        assert_eq!(first.code, Some(0), "{first}");
        let reported = &report(&first.stdout)["projects"][0];
        assert_eq!((&reported["new"], &reported["same"]), (&10.into(), &0.into()), "{first}");
        assert!(first.stderr.contains("local-team/archive: 10 new runs"), "{first}");
        program.server.store().clear_requests();
        let before = files(&program.path(&folder));
        let again = program.over(transport, &["mirror", PROJECT, "-o", &folder]);
        assert!(again.stderr.contains("0 new runs, 0 grown, 0 changed, 10 unchanged, 0 gone"), "{again}");
        assert!(files(&program.path(&folder)) == before);
        assert_eq!(program.server.store().requests().len(), 2, "the lists of runs and sweeps");
    }
    assert!(files(&program.path("by-async")) == files(&program.path("by-blocking")));
}

#[test]
fn mirror_has_the_data_of_the_server() {
    let program = program();
    let ended = program.over("async", &["mirror", PROJECT, "-o", "here"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    let found = files(&program.path("here"));
    let names = |begin: &str| found.keys().filter(|name| name.starts_with(begin)).count();
    assert_eq!((names("history/"), names("system/"), names("logs/")), (9, 9, 9), "run-0 has logged nothing");
    assert_eq!(found["files/run-3/media/2.bin"], vec![b'c'; 40_005]);
    let log = std::str::from_utf8(&found["logs/run-1.log"]).expect("text");
    assert_eq!(log, "epoch 0: fine\nepoch 1: fine\nepoch 2: fine\n");
    let runs = std::str::from_utf8(&found["runs.jsonl"]).expect("text");
    let expected = program.over("async", &["runs", PROJECT, "-f", "jsonl"]);
    assert_eq!(runs, expected.stdout, "the same as `runs` prints");
    // The rows are those of `history`, with the run's id in front.
    for run in ["run-3", "run-4"] {
        let path = format!("{PROJECT}/{run}");
        let file = format!("{run}.parquet");
        let ended = program.over("async", &["history", &path, "--all", "-o", &file]);
        assert_eq!(ended.code, Some(0), "{ended}");
        let expected = table(&std::fs::read(program.path(&file)).expect("a file"));
        let mirrored = table(&found[&format!("history/{run}.parquet")]);
        let ids = mirrored.column(0);
        assert_eq!(mirrored.schema().field(0).name(), "run_id");
        let ids = ids.as_any().downcast_ref::<arrow_array::StringArray>().expect("text");
        assert!(ids.iter().all(|id| id == Some(run)));
        let rest: Vec<usize> = (1..mirrored.num_columns()).collect();
        assert_eq!(mirrored.project(&rest).expect("columns"), expected, "{run}: the same values");
    }
}

/// All rows of a Parquet file.
fn table(bytes: &[u8]) -> arrow_array::RecordBatch {
    let bytes = bytes::Bytes::copy_from_slice(bytes);
    let builder =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes).expect("Parquet");
    let schema = builder.schema().clone();
    let batches: Result<Vec<_>, _> = builder.build().expect("readable").collect();
    arrow_select::concat::concat_batches(&schema, &batches.expect("batches")).expect("one schema")
}

#[test]
fn missing_file_is_reported_and_retried() {
    let program = program();
    let path = format!("{PROJECT}/run-3");
    program
        .server
        .store()
        .set_stored_digest(&path, "media/1.bin", "AAAAAAAAAAAAAAAAAAAAAA==")
        .expect("a file");
    program.server.store().set_digest(&path, "media/1.bin", "").expect("a file");
    let arguments = ["mirror", PROJECT, "-o", "here", "--retries", "0"];
    let ended = program.over("blocking", &arguments);
    assert_eq!(ended.code, Some(5), "{ended}");
    assert!(ended.stderr.contains("incomplete: local-team/archive/run-3: media/1.bin: "), "{ended}");
    assert!(ended.stderr.contains("hint: run the command again"), "{ended}");
    let some = files(&program.path("here"));
    assert!(some.contains_key("files/run-3/media/2.bin") && !some.contains_key("files/run-3/media/1.bin"));
    program.server.store().add_file(&path, "media/1.bin", "mended").expect("a run");
    program.server.store().clear_requests();
    let again = program.over("blocking", &arguments);
    assert_eq!(again.code, Some(0), "{again}");
    assert!(again.stderr.contains("0 new runs, 0 grown, 1 changed, 9 unchanged"), "{again}");
    assert_eq!(files(&program.path("here"))["files/run-3/media/1.bin"], b"mended");
    let storage = |request: &wandb_local_server::RequestRecord| request.path.contains("media");
    let fetched = program.server.store().requests().iter().filter(|request| storage(request)).count();
    assert_eq!(fetched, 1, "only the missing file");
}

#[test]
fn verify_repairs_damage() {
    let program = program();
    program.over("async", &["mirror", PROJECT, "-o", "here"]);
    let whole = files(&program.path("here"));
    let mut history = whole["history/run-5.parquet"].clone();
    let middle = history.len() / 2;
    history[middle] ^= 1;
    std::fs::write(program.path("here/history/run-5.parquet"), &history).expect("a file");
    std::fs::remove_file(program.path("here/files/run-2/media/0.bin")).expect("a file");
    std::fs::write(program.path("here/runs.parquet"), "nonsense").expect("a file");
    let unseen = program.over("async", &["mirror", PROJECT, "-o", "here"]);
    assert!(unseen.stderr.contains("10 unchanged"), "{unseen}");
    let ended = program.over("async", &["mirror", PROJECT, "-o", "here", "--verify"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    for damage in [
        "history/run-5.parquet: its MD5 digest is ",
        "files/run-2/media/0.bin: it is not there",
        "runs.parquet: it has 8 bytes instead of ",
    ] {
        assert!(ended.stderr.contains(damage), "{ended}");
    }
    assert!(files(&program.path("here")) == whole);
    let again = program.over("async", &["mirror", PROJECT, "-o", "here", "--verify"]);
    assert!(!again.stderr.contains("damaged"), "{again}");
}

/// A server does not report that a config was edited long after the end of a run. Only a full comparison finds it.
#[test]
fn verify_server_updates_differences() {
    let program = program();
    program.over("async", &["mirror", PROJECT, "-o", "here"]);
    let whole = files(&program.path("here"));
    let compare = ["mirror", PROJECT, "-o", "here", "--verify=server"];
    for transport in TRANSPORTS {
        let same = program.over(transport, &compare);
        assert!(same.code == Some(0) && !same.stderr.contains("note:"), "{same}");
        assert!(
            same.stderr.contains("10 changed, 0 unchanged") || same.stderr.contains("0 unchanged"),
            "{same}"
        );
        assert!(files(&program.path("here")) == whole, "the files are unchanged");
    }
    let set = program.over("async", &["set", "config", &format!("{PROJECT}/run-3"), "edited=later"]);
    assert_eq!(set.code, Some(0), "{set}");
    let found = program.over("async", &compare);
    assert!(found.code == Some(0), "{found}");
    let is_reported = found.stderr.contains("runs.jsonl of run-3: the server has it otherwise");
    let is_updated = files(&program.path("here"))["runs.jsonl"] != whole["runs.jsonl"];
    assert!(is_reported && is_updated, "{found}");
    assert_eq!(found.stderr.matches("otherwise").count(), 1, "{found}");
    assert!(!program.over("async", &compare).stderr.contains("otherwise"));
}

#[test]
fn selected_parts_and_runs_are_mirrored() {
    let program = program();
    let filter = r#"{"summary_metrics.acc": {"$gt": 0.55}}"#;
    let arguments = ["mirror", PROJECT, "-o", "here", "--include", "runs,logs", "--filter", filter];
    let ended = program.over("async", &arguments);
    assert!(ended.stderr.contains("4 new runs"), "{ended}");
    let found = files(&program.path("here"));
    let names: Vec<_> = found.keys().map(String::as_str).collect();
    let logs = ["logs/run-6.log", "logs/run-7.log", "logs/run-8.log", "logs/run-9.log"];
    assert_eq!(names, [&logs[..], &["manifest.jsonl", "runs.jsonl", "runs.parquet"]].concat());
    let more = program.over("async", &["mirror", PROJECT, "-o", "here", "--exclude", "files"]);
    assert!(more.stderr.contains("6 new runs, 4 grown, 0 changed, 0 unchanged, 0 gone"), "{more}");
    let without = program
        .over("async", &["mirror", PROJECT, "-o", "here", "--include", "runs,logs", "--filter", filter]);
    assert!(without.stderr.contains("0 new runs, 0 grown, 0 changed, 4 unchanged, 0 gone"), "{without}");
}

#[test]
fn all_projects_of_an_entity_are_mirrored() {
    let program = program();
    program.server.store().add_project("local-team", "con");
    let ended = program.over("async", &["mirror", "local-team", "-o", "here", "--report", "report.json"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    let report = report(&std::fs::read_to_string(program.path("report.json")).expect("a report"));
    assert_eq!(report["projects"].as_array().map(Vec::len), Some(2));
    let found = files(&program.path("here"));
    assert!(found.contains_key("archive/runs.jsonl"), "{:?}", found.keys());
    assert!(
        found.keys().any(|name| name.starts_with("_con~") && name.ends_with("/manifest.jsonl")),
        "{:?}",
        found.keys()
    );
}

#[test]
fn invalid_arguments() {
    let program = program();
    program.over("async", &["mirror", PROJECT, "-o", "here"]);
    program.server.store().add_project("local-team", "other");
    let cases: [(&[&str], i32, &str); 5] = [
        (&["mirror", "local-team/other", "-o", "here"], 2, "holds a mirror of local-team/archive on "),
        (&["mirror", "local-team/archief", "-o", "there"], 3, "did you mean the project local-team/archive?"),
        (&["mirror", PROJECT, "-o", "there", "--include", "run"], 2, "unknown part \"run\""),
        (&["mirror", PROJECT, "-o", "there", "--filter", "x"], 2, "the filter is not JSON"),
        (&["mirror", PROJECT], 2, "--output"),
    ];
    for (arguments, code, text) in cases {
        let ended = program.run(arguments);
        assert_eq!(ended.code, Some(code), "{ended}");
        assert!(ended.stderr.contains(text), "{ended}");
    }
    std::fs::write(program.path("a-file"), "").expect("a file");
    let ended = program.over("async", &["mirror", PROJECT, "-o", "a-file"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.stderr.contains("opening a-file"), "{ended}");
}

#[test]
fn damage_of_a_deleted_run_is_reported() {
    let program = program();
    program.over("async", &["mirror", PROJECT, "-o", "here"]);
    program.server.store().remove_run(&format!("{PROJECT}/run-5")).expect("a run");
    let gone = program.over("async", &["mirror", PROJECT, "-o", "here"]);
    assert_eq!(gone.code, Some(0), "{gone}");
    assert!(gone.stderr.contains("9 unchanged, 1 gone"), "{gone}");
    let kept = files(&program.path("here"));
    std::fs::write(program.path("here/logs/run-5.log"), "").expect("a file");
    let ended = program.over("async", &["mirror", PROJECT, "-o", "here", "--verify"]);
    assert_eq!(ended.code, Some(5), "{ended}");
    assert!(ended.stderr.contains("logs/run-5.log: it has 0 bytes instead of "), "{ended}");
    let mut found = files(&program.path("here"));
    found.insert("logs/run-5.log".to_owned(), kept["logs/run-5.log"].clone());
    assert!(found == kept);
}

#[test]
fn damaged_rows_of_runs_are_fetched_again() {
    let program = program();
    program.over("async", &["mirror", PROJECT, "-o", "here"]);
    let whole = files(&program.path("here"));
    let damaged = String::from_utf8(whole["runs.jsonl"].clone()).expect("text").replace("quiet", "noisy");
    std::fs::write(program.path("here/runs.jsonl"), damaged).expect("a file");
    let ended = program.over("async", &["mirror", PROJECT, "-o", "here", "--verify"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert!(files(&program.path("here")) == whole);
}

#[test]
fn recreated_run_is_fetched_whole() {
    let program = program();
    program.over("async", &["mirror", PROJECT, "-o", "here"]);
    let history =
        |value: u32| (0..3_000).map(move |step| format!(r#"{{"_step":{step},"loss":{value}}}"#)).collect();
    program.server.store().add_run(wandb_local_server::NewRun {
        created_at: Some("2024-04-01T10:00:00Z".parse().expect("a time")),
        history: history(7),
        ..wandb_local_server::NewRun::new("local-team", "archive", "run-4")
    });
    let ended = program.over("async", &["mirror", PROJECT, "-o", "here"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    let rows = table(&files(&program.path("here"))["history/run-4.parquet"]);
    assert_eq!((rows.num_rows(), rows.num_columns()), (3_000, 3), "only rows of the new run");
}

#[test]
fn only_new_steps_of_a_grown_run_are_requested() {
    let program = program();
    let rows = |steps: std::ops::Range<u32>| {
        steps
            .map(|step| format!(r#"{{"_step":{step},"loss":{},"epoch":{step}}}"#, f64::from(step) / 8.0))
            .collect()
    };
    program.server.store().add_run(wandb_local_server::NewRun {
        history: rows(0..3_000),
        ..wandb_local_server::NewRun::new("local-team", "archive", "growing")
    });
    program.over("async", &["mirror", PROJECT, "-o", "here"]);
    program.server.store().append_history(&format!("{PROJECT}/growing"), rows(3_000..5_500)).expect("a run");
    program.server.store().clear_requests();
    let ended = program.over("async", &["mirror", PROJECT, "-o", "here"]);
    assert!(ended.stderr.contains("0 new runs, 1 grown, 0 changed, 10 unchanged"), "{ended}");
    let requests = program.server.store().requests();
    let pages = requests.iter().filter(|request| request.operation.as_deref() == Some("HistoryPage"));
    let begins: Vec<i64> =
        pages.filter_map(|page| page.variables.as_ref()?.get("minStep")?.as_i64()).collect();
    assert!(!begins.is_empty() && begins.iter().all(|step| *step >= 3_000), "{begins:?}");
    program.over("async", &["mirror", PROJECT, "-o", "fresh"]);
    let (found, fresh) = (files(&program.path("here")), files(&program.path("fresh")));
    assert_eq!(table(&found["history/growing.parquet"]).num_rows(), 5_500);
    assert!(found == fresh);
}

#[test]
fn folder_with_other_files_is_rejected() {
    let program = program();
    std::fs::create_dir(program.path("mine")).expect("a folder");
    std::fs::write(program.path("mine/runs.parquet"), "mine").expect("a file");
    let ended = program.run(&["mirror", PROJECT, "-o", "mine"]);
    assert_eq!(ended.code, Some(2), "{ended}");
    assert!(ended.stderr.contains("mine holds runs.parquet but no mirror"), "{ended}");
    assert_eq!(std::fs::read_to_string(program.path("mine/runs.parquet")).expect("a file"), "mine");
    // A mistyped project leaves nothing that would block the right mirror.
    assert_eq!(program.over("async", &["mirror", "local-team/typo", "-o", "new"]).code, Some(3));
    assert_eq!(program.over("async", &["mirror", PROJECT, "-o", "new"]).code, Some(0));
}

/// Dangling and circular links, with names that a mirror does not use.
#[cfg(unix)]
#[test]
fn unrelated_links_are_ignored() {
    let program = program();
    std::fs::create_dir(program.path("here")).expect("a folder");
    for (to, name) in [("loop", "loop"), ("none", "dangling")] {
        std::os::unix::fs::symlink(to, program.path("here").join(name)).expect("a link");
    }
    let ended = program.over("async", &["mirror", PROJECT, "-o", "here"]);
    assert_eq!(ended.code, Some(0), "{ended}");
}

#[test]
fn second_process_is_locked_out() {
    use wandb_local_server::{Fault, FaultKind, Faults};

    let program = program();
    let late = Fault::chance(1.0, FaultKind::Latency(std::time::Duration::from_millis(500))).on("WholeRuns");
    program.server.store().set_faults(Faults { faults: vec![late], ..Faults::default() });
    let mut first = program.command(&["mirror", PROJECT, "-o", "here"]).spawn().expect("the program");
    while !program.path("here/.wandb-export/journal").exists() {
        assert_eq!(first.try_wait().expect("a state"), None, "it has to be running");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let second = program.over("async", &["mirror", PROJECT, "-o", "here"]);
    assert_eq!(second.code, Some(1), "{second}");
    assert!(second.stderr.contains("another process is writing to it"), "{second}");
    assert!(first.wait().expect("an end").success());
}
