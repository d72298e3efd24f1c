//! Incomplete lists give exit code 5.

use wandb_local_server::{LocalServer, NewRun, NewSweep, Quirks};

use crate::support::{Program, server};

const SHORT: &str =
    "incomplete: e/p: the server counts 5 runs but listed only 4 of them; run the command again\n";

fn project() -> LocalServer {
    let server = server();
    for number in 0..5_u32 {
        server.store().add_run(NewRun {
            created_at: Some(format!("2024-03-01T10:00:0{number}Z").parse().expect("a time")),
            sweep: Some("sw1".to_owned()),
            ..NewRun::new("e", "p", &format!("run{number}")).summary(&serde_json::json!({ "acc": number }))
        });
    }
    server.store().add_sweep(NewSweep::new("e", "p", "sw1"));
    server.store().set_quirks(Quirks { hidden_runs: vec!["run4".to_owned()], ..Quirks::default() });
    server
}

#[test]
fn incomplete_lists_of_runs() {
    let program = Program::new(project());
    for arguments in [&["runs", "e/p", "-f", "jsonl"][..], &["project", "e/p", "-f", "jsonl"]] {
        let ended = program.run(arguments);
        assert_eq!((ended.code, ended.stdout.lines().count()), (Some(5), 4), "{arguments:?}");
        assert_eq!(ended.stderr, SHORT);
    }
    let limited = program.run(&["runs", "e/p", "--limit", "2", "-f", "jsonl"]);
    assert_eq!((limited.code, limited.stderr.as_str()), (Some(0), ""));
}

#[test]
fn incomplete_sweep() {
    let program = Program::new(project());
    for arguments in [
        &["sweep", "e/p/sw1", "--path"][..],
        &["sweep", "e/p/sw1", "-f", "jsonl"],
        &["sweep", "e/p/sw1", "--best", "acc", "--maximize", "--path"],
    ] {
        let ended = program.run(arguments);
        assert_eq!(ended.code, Some(5), "{arguments:?} {ended}");
        assert!(ended.stderr.ends_with(SHORT), "{ended}");
    }
}

#[test]
fn runs_found_late_are_a_note() {
    let server = project();
    for number in 5..600 {
        server.store().add_run(NewRun::new("e", "p", &format!("run{number}")));
    }
    let program = Program::new(server);
    let quirks = Quirks { moving_runs: 2, ..Quirks::default() };
    for transport in crate::support::TRANSPORTS {
        program.server.store().set_quirks(quirks.clone());
        let ended = program.over(transport, &["runs", "e/p", "--light", "-f", "jsonl"]);
        assert_eq!((ended.code, ended.stdout.lines().count()), (Some(0), 600));
        assert_eq!(
            ended.stderr,
            "note: e/p: the list changed while it was read; 1 runs were found by reading it again and come last, \
             out of order\n"
        );
    }
}

#[test]
fn incomplete_projects_and_files() {
    let server = project();
    server.store().add_project("e", "q");
    server.store().add_file("e/p/run0", "a.txt", "a").expect("a run");
    server.store().add_file("e/p/run0", "b.txt", "b").expect("a run");
    let null_entries = vec![("models", 2), ("files", 2)];
    server.store().set_quirks(Quirks { null_entries, ..Quirks::default() });
    let program = Program::new(server);
    for (arguments, list) in [
        (&["projects", "e", "-f", "jsonl"][..], "projects of e"),
        (&["files", "e/p/run0", "-f", "jsonl"], "files of e/p/run0"),
    ] {
        let ended = program.run(arguments);
        assert_eq!((ended.code, ended.stdout.lines().count()), (Some(5), 1), "{arguments:?} {ended}");
        let said = format!("incomplete: the server listed 1 empty entries among the {list}\n");
        assert!(ended.stderr.contains(&said), "{ended}");
    }
    for transport in crate::support::TRANSPORTS {
        let arguments = ["files", "e/p/run0", "--all", "--download", "-o", transport, "-f", "jsonl"];
        let ended = program.over(transport, &arguments);
        assert_eq!((ended.code, ended.stdout.lines().count()), (Some(5), 1), "{ended}");
        assert!(ended.stderr.contains("1 empty entries among the files of e/p/run0\n"), "{ended}");
    }
}
