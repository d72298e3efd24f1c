//! Servers compatible with W&B's, with other type names, other error texts, and fewer fields and arguments.

use wandb_local_server::{Dialect, Wording};

use crate::support::{Ended, Program, RUN, SWEEP, server, sweep, team};

/// Fields that a small compatible server lacks.
const MISSING: [(&str, &str); 14] = [
    ("Query", "models"),
    ("Run", "historyKeys"),
    ("Run", "systemMetrics"),
    ("Run", "readOnly"),
    ("Run", "projectId"),
    ("Run", "history"),
    ("Run", "jobType"),
    ("Run", "commit"),
    ("Run", "sweepName"),
    ("Project", "runCount"),
    ("Sweep", "runCountExpected"),
    ("Sweep", "displayName"),
    ("File", "directUrl"),
    ("User", "name"),
];

fn dialects() -> [Dialect; 5] {
    let named = |wording| Dialect { type_suffix: "Type".to_owned(), wording, ..Dialect::default() };
    [
        Dialect::default(),
        Dialect::python(),
        Dialect { one_at_a_time: true, ..Dialect::python() },
        Dialect { without_locations: true, ..named(Wording::Gqlgen) },
        Dialect { one_at_a_time: true, without_locations: true, ..named(Wording::GraphqlGo) },
    ]
}

fn program(dialect: &Dialect, missing: &[(&str, &str)]) -> Program {
    let server = server();
    team(&server);
    sweep(&server);
    server.store().add_file(RUN, "notes.txt", "hello\n").expect("a run");
    server.store().append_log(RUN, vec!["one".to_owned(), "two".to_owned()]).expect("a run");
    server.store().set_dialect(dialect.clone(), missing).expect("fields of the schema");
    Program::new(server)
}

/// Runs a command that has to succeed with both transports.
fn succeed(program: &Program, arguments: &[&str]) -> Ended {
    let ended = program.run(arguments);
    assert_eq!(ended.code, Some(0), "{arguments:?}: {ended}");
    assert!(ended.stderr.lines().all(|line| !line.starts_with("incomplete")), "{arguments:?}: {ended}");
    ended
}

#[test]
fn every_command_works_on_compatible_servers() {
    for dialect in dialects() {
        let program = program(&dialect, &MISSING);
        let run = succeed(&program, &["run", RUN, "-f", "jsonl"]);
        assert!(
            run.stdout.contains(r#""name":"bright-sun-1""#) && !run.stdout.contains("read_only"),
            "{run}"
        );
        assert!(run.stderr.contains("note: the server does not have Run.readOnly"), "{dialect:?}: {run}");
        let strict = program.run(&["run", RUN, "-f", "jsonl", "--strict"]);
        assert_eq!(strict.code, Some(5), "{strict}");
        assert_eq!(
            succeed(&program, &["runs", "local-team/vision", "-f", "jsonl"]).stdout.lines().count(),
            11
        );
        assert_eq!(
            succeed(&program, &["project", "local-team/vision", "-f", "csv"]).stdout.lines().count(),
            12
        );
        assert_eq!(succeed(&program, &["sweep", SWEEP, "-f", "jsonl"]).stdout.lines().count(), 7);
        assert!(succeed(&program, &["compare", RUN, "local-team/vision/abd124"]).stdout.contains("lr"));
        assert!(succeed(&program, &["files", RUN]).stdout.contains("notes.txt"));
        assert!(succeed(&program, &["files", RUN, "--name", "notes.txt"]).stdout.contains("notes.txt"));
        assert_eq!(succeed(&program, &["logs", RUN]).stdout, "one\ntwo\n");
        assert!(succeed(&program, &["whoami"]).stdout.contains("local"));
        let machine = succeed(&program, &["history", RUN, "--stream", "system", "-f", "jsonl"]);
        assert_eq!(machine.stdout.lines().count(), 3, "{machine}");
        let metrics = succeed(&program, &["history", RUN, "--keys", "loss", "--all", "-f", "jsonl"]);
        assert_eq!(metrics.stdout.lines().count(), 25, "{metrics}");
        let projects = program.run(&["projects", "local-team"]);
        assert_eq!(projects.code, Some(5), "{projects}");
        assert!(projects.stderr.contains("the server does not have Query.models"), "{projects}");
    }
}

#[test]
fn mirrors_work_on_compatible_servers() {
    let missing: Vec<_> = MISSING.into_iter().filter(|field| *field != ("Run", "historyKeys")).collect();
    for dialect in dialects() {
        let program = program(&dialect, &missing);
        for (transport, counts) in [("async", "11 new runs"), ("blocking", "11 unchanged")] {
            let mirrored = program.over(transport, &["mirror", "local-team/vision", "-o", "archive"]);
            assert!(mirrored.code == Some(0) && mirrored.stderr.contains(counts), "{dialect:?}: {mirrored}");
        }
        for (arguments, lines) in [
            (&["runs", "./archive", "-f", "jsonl"][..], 11),
            (&["history", "./archive/abc123", "--all", "-f", "jsonl"], 25),
            (&["history", "./archive/abc123", "--stream", "system", "-f", "jsonl"], 3),
            (&["files", "./archive/abc123", "-f", "jsonl"], 1),
            (&["logs", "./archive/abc123"], 2),
        ] {
            assert_eq!(
                succeed(&program, arguments).stdout.lines().count(),
                lines,
                "{dialect:?}: {arguments:?}"
            );
        }
    }
}

#[test]
fn rows_are_read_by_key_without_history() {
    for dialect in dialects() {
        let whole = program(&dialect, &[]).run(&["history", RUN, "--all", "-f", "jsonl"]);
        let by_keys = program(&dialect, &[("Run", "history")]);
        let rows = by_keys.run(&["history", RUN, "--all", "-f", "jsonl"]);
        assert_eq!(rows.code, Some(0), "{rows}");
        assert!(
            rows.stderr.starts_with("note: local-team/vision/abc123: the server does not have Run.history")
        );
        assert_eq!(sorted(&rows), sorted(&whole), "{dialect:?}");
        let samples = by_keys.run(&["history", RUN, "--samples", "10", "-f", "jsonl"]);
        assert_eq!((samples.code, samples.stdout.lines().count()), (Some(0), 10), "{samples}");
        // The summary lacks the keys `note`, `extra` and `count`.
        let guessed = program(&dialect, &[("Run", "history"), ("Run", "historyKeys")]);
        let rows = guessed.run(&["history", RUN, "--all", "-f", "jsonl"]);
        assert_eq!((rows.code, rows.stdout.lines().count()), (Some(5), 25), "{rows}");
        assert!(
            rows.stderr.contains("incomplete:") && rows.stderr.contains("keys of the summary;"),
            "{rows}"
        );
    }
}

/// Sorts the keys of each row, because rows read by key have another order of keys.
fn sorted(ended: &Ended) -> Vec<String> {
    let sorted = |line: &str| {
        let mut fields: Vec<_> =
            line.trim_matches(['{', '}']).split(",\"").map(|f| f.trim_matches('"')).collect();
        fields.sort_unstable();
        fields.join(",")
    };
    ended.stdout.lines().map(sorted).collect()
}

#[test]
fn missing_arguments_are_emulated() {
    let filter = r#"{"config.lr.value": {"$gt": 0.05}}"#;
    let runs = ["runs", "local-team/vision", "-f", "jsonl"];
    let chosen = [&runs[..], &["--filter", filter, "--order", "-config.lr.value", "--limit", "2"]].concat();
    let missing = [
        ("Project.runs", "filters"),
        ("Project.runs", "order"),
        ("Project.runCount", "filters"),
        ("Run.files", "names"),
        ("Run.files", "pattern"),
        ("Run.files", "first"),
    ];
    let expected = program(&Dialect::default(), &[]);
    for dialect in dialects() {
        let program = program(&dialect, &missing);
        let all = succeed(&program, &runs);
        assert_eq!((ids(&all), all.stderr.as_str()), (ids(&succeed(&expected, &runs)), ""), "{dialect:?}");
        let here = succeed(&program, &chosen);
        assert_eq!(here.stdout, succeed(&expected, &chosen).stdout, "{dialect:?}");
        let note = "note: the server does not have the argument filters of Project.runs";
        assert!(here.stderr.contains(note), "{here}");
        let best = succeed(&program, &["sweep", SWEEP, "--best", "--path"]);
        assert_eq!(best.stdout, succeed(&expected, &["sweep", SWEEP, "--best", "--path"]).stdout);
        let files = succeed(&program, &["files", RUN, "--pattern", "*.txt", "-f", "jsonl"]);
        assert_eq!(files.stdout.lines().count(), 1, "{files}");
    }
}

fn ids(ended: &Ended) -> Vec<String> {
    let id = |line: &str| line.split('"').nth(3).unwrap_or_default().to_owned();
    ended.stdout.lines().map(id).collect()
}

#[test]
fn filter_on_a_missing_field_is_incomplete() {
    let missing = [("Project.runs", "filters"), ("Project.runCount", "filters"), ("Run", "summaryMetrics")];
    let program = program(&Dialect::default(), &missing);
    let filter = r#"{"summary_metrics.acc": {"$gt": 0.5}}"#;
    let ended = program.run(&["runs", "local-team/vision", "--filter", filter]);
    assert_eq!(ended.code, Some(5), "{ended}");
    assert!(ended.stderr.contains("Run.summaryMetrics"), "{ended}");
}
