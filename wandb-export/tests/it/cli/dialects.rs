//! Servers that are compatible with W&B's: other names of types, other words, fewer fields and arguments.

use wandb_local_server::{Dialect, Wording};

use crate::support::{Ended, Program, RUN, SWEEP, server, sweep, team};

/// What a small compatible server is known to lack.
const LACKING: [(&str, &str); 14] = [
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

fn program(dialect: &Dialect, lacking: &[(&str, &str)]) -> Program {
    let server = server();
    team(&server);
    sweep(&server);
    server.store().add_file(RUN, "notes.txt", "hello\n").expect("a run");
    server.store().append_log(RUN, vec!["one".to_owned(), "two".to_owned()]).expect("a run");
    server.store().set_dialect(dialect.clone(), lacking).expect("fields of the schema");
    Program::new(server)
}

/// The output of a command that has to succeed over both transports.
fn done(program: &Program, arguments: &[&str]) -> Ended {
    let ended = program.run(arguments);
    assert_eq!(ended.code, Some(0), "{arguments:?}: {ended}");
    assert!(ended.stderr.lines().all(|line| !line.starts_with("incomplete")), "{arguments:?}: {ended}");
    ended
}

#[test]
fn every_command_gives_what_such_a_server_has() {
    for dialect in dialects() {
        let program = program(&dialect, &LACKING);
        let run = done(&program, &["run", RUN, "-f", "jsonl"]);
        assert!(
            run.stdout.contains(r#""name":"bright-sun-1""#) && !run.stdout.contains("read_only"),
            "{run}"
        );
        assert!(run.stderr.contains("note: the server does not have Run.readOnly"), "{dialect:?}: {run}");
        let strict = program.run(&["run", RUN, "-f", "jsonl", "--strict"]);
        assert_eq!(strict.code, Some(5), "{strict}");
        assert_eq!(done(&program, &["runs", "local-team/vision", "-f", "jsonl"]).stdout.lines().count(), 11);
        assert_eq!(done(&program, &["project", "local-team/vision", "-f", "csv"]).stdout.lines().count(), 12);
        assert_eq!(done(&program, &["sweep", SWEEP, "-f", "jsonl"]).stdout.lines().count(), 7);
        assert!(done(&program, &["compare", RUN, "local-team/vision/abd124"]).stdout.contains("lr"));
        assert!(done(&program, &["files", RUN]).stdout.contains("notes.txt"));
        assert!(done(&program, &["files", RUN, "--name", "notes.txt"]).stdout.contains("notes.txt"));
        assert_eq!(done(&program, &["logs", RUN]).stdout, "one\ntwo\n");
        assert!(done(&program, &["whoami"]).stdout.contains("local"));
        let machine = done(&program, &["history", RUN, "--stream", "system", "-f", "jsonl"]);
        assert_eq!(machine.stdout.lines().count(), 3, "{machine}");
        let metrics = done(&program, &["history", RUN, "--keys", "loss", "--all", "-f", "jsonl"]);
        assert_eq!(metrics.stdout.lines().count(), 25, "{metrics}");
        let projects = program.run(&["projects", "local-team"]);
        assert_eq!(projects.code, Some(5), "{projects}");
        assert!(projects.stderr.contains("the server does not have Query.models"), "{projects}");
    }
}

#[test]
fn mirrors_hold_what_such_a_server_has() {
    let lacking: Vec<_> = LACKING.into_iter().filter(|lacks| *lacks != ("Run", "historyKeys")).collect();
    for dialect in dialects() {
        let program = program(&dialect, &lacking);
        for (transport, counts) in [("async", "11 runs new"), ("blocking", "11 as they were")] {
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
            assert_eq!(done(&program, arguments).stdout.lines().count(), lines, "{dialect:?}: {arguments:?}");
        }
    }
}

#[test]
fn without_history_the_rows_come_by_their_keys() {
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
        // The summary does not show the keys `note`, `extra` and `count`.
        let guessed = program(&dialect, &[("Run", "history"), ("Run", "historyKeys")]);
        let rows = guessed.run(&["history", RUN, "--all", "-f", "jsonl"]);
        assert_eq!((rows.code, rows.stdout.lines().count()), (Some(5), 25), "{rows}");
        assert!(
            rows.stderr.contains("incomplete:") && rows.stderr.contains("keys of the summary;"),
            "{rows}"
        );
    }
}

/// Each row with its keys in order, since rows that come by keys have them in the order of the keys.
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
fn lacking_arguments_are_done_without() {
    let filter = r#"{"config.lr.value": {"$gt": 0.05}}"#;
    let runs = ["runs", "local-team/vision", "-f", "jsonl"];
    let chosen = [&runs[..], &["--filter", filter, "--order", "-config.lr.value", "--limit", "2"]].concat();
    let lacking = [
        ("Project.runs", "filters"),
        ("Project.runs", "order"),
        ("Project.runCount", "filters"),
        ("Run.files", "names"),
        ("Run.files", "pattern"),
        ("Run.files", "first"),
    ];
    let expected = program(&Dialect::default(), &[]);
    for dialect in dialects() {
        let program = program(&dialect, &lacking);
        let all = done(&program, &runs);
        assert_eq!((ids(&all), all.stderr.as_str()), (ids(&done(&expected, &runs)), ""), "{dialect:?}");
        let here = done(&program, &chosen);
        assert_eq!(here.stdout, done(&expected, &chosen).stdout, "{dialect:?}");
        let note = "note: the server does not have the argument filters of Project.runs";
        assert!(here.stderr.contains(note), "{here}");
        let best = done(&program, &["sweep", SWEEP, "--best", "--path"]);
        assert_eq!(best.stdout, done(&expected, &["sweep", SWEEP, "--best", "--path"]).stdout);
        let files = done(&program, &["files", RUN, "--pattern", "*.txt", "-f", "jsonl"]);
        assert_eq!(files.stdout.lines().count(), 1, "{files}");
    }
}

fn ids(ended: &Ended) -> Vec<String> {
    let id = |line: &str| line.split('"').nth(3).unwrap_or_default().to_owned();
    ended.stdout.lines().map(id).collect()
}

#[test]
fn a_filter_that_needs_a_lacking_field_is_incomplete() {
    let lacking = [("Project.runs", "filters"), ("Project.runCount", "filters"), ("Run", "summaryMetrics")];
    let program = program(&Dialect::default(), &lacking);
    let filter = r#"{"summary_metrics.acc": {"$gt": 0.5}}"#;
    let ended = program.run(&["runs", "local-team/vision", "--filter", filter]);
    assert_eq!(ended.code, Some(5), "{ended}");
    assert!(ended.stderr.contains("Run.summaryMetrics"), "{ended}");
}
