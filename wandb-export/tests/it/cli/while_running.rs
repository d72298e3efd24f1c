//! Events while the program is running: a closed pipe, Ctrl-C, and a growing run.
#![cfg(unix)]

use std::io::Read;
use std::process::{Child, Command};
use std::time::Duration;

use insta::assert_snapshot;
use wandb_local_server::{Fault, FaultKind, Faults, GeneratedRun};

use crate::support::{Program, RUN, TRANSPORTS, server, team};

#[test]
fn closed_stdout_is_not_a_failure() {
    let server = server();
    server.store().generate_run(&GeneratedRun::new("e", "p", "r", 3_000));
    let program = Program::new(server);
    for transport in TRANSPORTS {
        for format in ["jsonl", "csv"] {
            let arguments = ["history", "e/p/r", "--all", "-f", format, "--transport", transport];
            let mut child = program.command(&arguments).spawn().expect("the program");
            let mut first = [0; 10];
            // Dropping the pipe closes it like `head`.
            child.stdout.take().expect("a pipe").read_exact(&mut first).expect("some output");
            let ended = program.ended(&child.wait_with_output().expect("an end"));
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        }
    }
}

#[test]
fn ctrl_c_leaves_files_unchanged() {
    for transport in TRANSPORTS {
        for signal in ["INT", "TERM"] {
            let program = program_with_slow_rows(Duration::from_secs(3_600));
            std::fs::write(program.path("history.csv"), "from yesterday").expect("a file");
            let arguments = ["history", RUN, "--all", "-o", "history.csv", "--transport", transport];
            let mut child = program.command(&arguments).spawn().expect("the program");
            wait_for_first_request(&program, &mut child);
            let kill = format!("kill -{signal} {}", child.id());
            assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
            let ended = program.ended(&child.wait_with_output().expect("an end"));
            assert_eq!(ended.code, Some(130), "{arguments:?}: {ended}");
            assert_eq!(ended.stderr, "interrupted: unfinished files were not written\n");
            assert_eq!(program.names(), ["history.csv"]);
            let content = std::fs::read_to_string(program.path("history.csv")).expect("the file");
            assert_eq!(content, "from yesterday");
        }
    }
}

#[test]
fn growth_during_a_read_is_a_note() {
    for transport in TRANSPORTS {
        let program = program_with_slow_rows(Duration::from_secs(1));
        let arguments = ["history", RUN, "--all", "-f", "jsonl", "--transport", transport];
        let mut child = program.command(&arguments).spawn().expect("the program");
        wait_for_first_request(&program, &mut child);
        let store = program.server.store();
        store.append_history(RUN, vec![r#"{"_step":25,"loss":0}"#.to_owned()]).expect("the run");
        let ended = program.ended(&child.wait_with_output().expect("an end"));
        assert_eq!((ended.code, ended.stdout.lines().count()), (Some(0), 25), "{ended}");
        assert_snapshot!("growth_during_a_read_is_a_note", ended.stderr);
    }
}

/// A server that returns the extent of a history at once, and its rows after `time`.
pub(super) fn program_with_slow_rows(time: Duration) -> Program {
    let server = server();
    team(&server);
    let faults = vec![Fault::chance(1.0, FaultKind::Latency(time)).on("HistoryPage")];
    server.store().set_faults(Faults { faults, ..Faults::default() });
    Program::new(server)
}

/// Waits until the program is running, which the first request shows.
pub(super) fn wait_for_first_request(program: &Program, child: &mut Child) {
    while program.server.store().requests().is_empty() {
        assert_eq!(child.try_wait().expect("a child"), None, "it ended by itself");
        std::thread::sleep(Duration::from_millis(5));
    }
}
