//! `files` for content that contradicts the list, and for references.

use crate::support::{Program, RUN, TRANSPORTS, server, team};

fn program() -> Program {
    let server = server();
    team(&server);
    let store = server.store();
    for name in ["denied", "model", "plain"] {
        store.add_file(RUN, name, name.to_owned()).expect("a run");
    }
    store.set_digest(RUN, "denied", "AAAAAAAAAAAAAAAAAAAAAA==").expect("a file");
    store.set_reference(RUN, "model", "s3://bucket/model").expect("a file");
    Program::new(server)
}

#[test]
fn references_are_listed_with_their_address() {
    let ended = program().run(&["files", RUN, "-f", "jsonl"]);
    let references = ended.stdout.lines().filter(|line| line.contains(r#""reference":"s3://bucket/model""#));
    assert_eq!((ended.code, references.count()), (Some(0), 1), "{ended}");
    let alone = program().run(&["files", RUN, "--name", "model", "--download"]);
    assert_eq!(alone.code, Some(1), "{alone}");
    assert!(alone.stderr.contains("it is a reference to s3://bucket/model"), "{alone}");
}

#[test]
fn inexact_files_are_kept_and_exit_5() {
    for transport in TRANSPORTS {
        let program = program();
        let arguments = ["files", RUN, "--all", "--download", "-o", "here", "-f", "jsonl"];
        for outcome in ["fetched", "already there"] {
            let ended = program.over(transport, &arguments);
            assert_eq!(ended.code, Some(5), "{ended}");
            assert!(ended.stderr.contains("denied: its MD5 digest is "), "{ended}");
            assert!(ended.stderr.contains("model is not stored with the run"), "{ended}");
            let line = ended.stdout.lines().find(|line| line.contains(r#""name":"denied""#)).expect("a line");
            assert!(line.contains(&format!(r#""outcome":"{outcome}""#)), "{ended}");
            assert_eq!(std::fs::read_to_string(program.path("here/denied")).expect("the file"), "denied");
        }
    }
}
