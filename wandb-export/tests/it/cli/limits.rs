//! Limits of time and size: commands end, keep received data, and say what to do next.

use std::time::{Duration, Instant};

use wandb_local_server::{EndlessList, Fault, FaultKind, Faults, GeneratedRun, NewRun, Port, Quirks};

use crate::support::{Program, RUN, TRANSPORTS, server, team};

const PROJECT: &str = "e/p";

fn program() -> Program {
    let server = server();
    team(&server);
    server.store().add_file(RUN, "model-best.h5", "best".to_owned()).expect("a run");
    Program::new(server)
}

fn fail(program: &Program, faults: Vec<Fault>) {
    program.server.store().set_faults(Faults { faults, ..Faults::default() });
}

fn retry_after_days() -> FaultKind {
    FaultKind::TooManyRequests { reset: 999_999, retry_after: Some(999_999) }
}

#[test]
fn long_retry_after_ends_with_a_time() {
    let program = program();
    fail(&program, vec![Fault::chance(1.0, retry_after_days())]);
    for command in [&["history", RUN, "--all"][..], &["runs", "e/p"], &["files", RUN]] {
        program.server.store().clear_requests();
        let ended = program.over("async", command);
        assert_eq!((ended.code, program.server.store().requests().len()), (Some(1), 1), "{ended}");
        assert!(ended.stderr.contains("retry after 11 d 13 h"), "{ended}");
        assert!(ended.stderr.contains("hint: run the command again then"), "{ended}");
    }
}

#[test]
fn max_wait_bounds_the_wait_of_the_server() {
    let program = program();
    fail(&program, vec![Fault::next(1, FaultKind::TooManyRequests { reset: 0, retry_after: Some(1) })]);
    let ended = program.over("blocking", &["whoami", "--max-wait", "500s"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    fail(&program, vec![Fault::next(1, FaultKind::TooManyRequests { reset: 0, retry_after: Some(2) })]);
    let ended = program.over("blocking", &["whoami", "--max-wait", "1s"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.stderr.contains("the longest wait is 1 s"), "{ended}");
}

#[test]
fn timeout_ends_a_command() {
    let program = program();
    fail(&program, vec![Fault::chance(1.0, FaultKind::Latency(Duration::from_secs(60)))]);
    for transport in TRANSPORTS {
        let began = Instant::now();
        let ended = program.over(transport, &["whoami", "--timeout", "0.3s"]);
        assert_eq!((ended.code, began.elapsed() < Duration::from_secs(20)), (Some(1), true), "{ended}");
        assert!(
            ended.stderr.contains("for all requests has expired") && ended.stderr.contains("--timeout"),
            "{ended}"
        );
    }
}

#[test]
fn stopped_mirror_keeps_finished_runs() {
    for transport in TRANSPORTS {
        let program = Program::new(server());
        let store = program.server.store();
        for number in 0..3 {
            store.add_run(NewRun::new("e", "p", &format!("small{number}")));
        }
        let mirror = ["mirror", PROJECT, "-o", "archive"];
        assert_eq!(program.over(transport, &mirror).code, Some(0));
        store.generate_run(&GeneratedRun { columns: 2, ..GeneratedRun::new("e", "p", "long", 5_000) });
        fail(&program, vec![Fault::chance(1.0, retry_after_days()).on("HistoryPage")]);
        let stopped = program.over(transport, &mirror);
        assert_eq!(stopped.code, Some(5), "{stopped}");
        assert!(stopped.stderr.contains("stopped before everything was copied"), "{stopped}");
        assert!(stopped.stderr.contains("retry after 11 d 13 h"), "{stopped}");
        let listed = program.over(transport, &["runs", "./archive", "-f", "csv"]);
        assert_eq!((listed.code, listed.stdout.lines().count()), (Some(0), 4), "{listed}");
        fail(&program, Vec::new());
        let whole = program.over(transport, &mirror);
        assert_eq!(whole.code, Some(0), "{whole}");
        assert!(whole.stderr.contains("1 new runs"), "{whole}");
    }
}

#[test]
fn refused_download_leaves_nothing_behind() {
    for transport in TRANSPORTS {
        let program = program();
        let faults = vec![
            Fault::chance(1.0, FaultKind::Status(403)).at(Port::Storage),
            Fault::chance(1.0, FaultKind::Status(403)).on("/files/"),
        ];
        fail(&program, faults);
        let ended = program.over(transport, &["files", RUN, "--name", "model-best.h5", "--download"]);
        assert_eq!((ended.code, program.names()), (Some(4), Vec::<String>::new()), "{ended}");
    }
}

#[test]
fn max_file_size_refuses_larger_files() {
    for transport in TRANSPORTS {
        let program = program();
        let download = ["files", RUN, "--name", "model-best.h5", "--download"];
        let ended = program.over(transport, &[&download[..], &["--max-file-size", "3"]].concat());
        assert_eq!((ended.code, program.names()), (Some(1), Vec::<String>::new()), "{ended}");
        assert!(ended.stderr.contains("exceeds the limit of 3 bytes"), "{ended}");
        let ended = program.over(transport, &[&download[..], &["--max-file-size", "4"]].concat());
        assert_eq!(ended.code, Some(0), "{ended}");
    }
}

#[test]
fn endless_lists_end_with_code_5() {
    for kind in [EndlessList::Circle, EndlessList::NoCursor, EndlessList::EmptyCursor, EndlessList::Repeats] {
        let server = server();
        let store = server.store();
        for number in 0..3 {
            store.add_project("e", &format!("p{number}"));
            let log = vec!["a line".to_owned()];
            store.add_run(NewRun { log, ..NewRun::new("e", "p", &format!("run{number}")) });
            store.add_file("e/p/run0", &format!("{number}.txt"), "text").expect("a run");
        }
        store.set_quirks(Quirks { endless_lists: Some(kind), ..Quirks::default() });
        let program = Program::new(server);
        for (command, entries) in [
            (&["files", "e/p/run0", "-f", "csv"][..], 4),
            (&["projects", "e", "-f", "csv"], 5),
            (&["logs", "e/p/run0"], 1),
            (&["mirror", "e", "-o", "archive"], 0),
        ] {
            let ended = program.over("async", command);
            assert_eq!((ended.code, ended.stdout.lines().count()), (Some(5), entries), "{kind:?} {ended}");
            assert!(ended.stderr.contains("ended early"), "{kind:?} {ended}");
        }
    }
}
