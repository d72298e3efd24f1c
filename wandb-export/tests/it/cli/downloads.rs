//! The commands `files` and `command`.

use insta::assert_snapshot;
use wandb_local_server::{Fault, FaultKind, Faults, NewRun, Port};

use crate::support::{Ended, Program, RUN, TRANSPORTS, server, team, tree};

const METADATA: &str =
    r#"{"program": "/src/my train.py", "args": ["--lr", "0.1", "it's"], "host": "h", "gpu_count": 0}"#;

fn program() -> Program {
    let server = server();
    team(&server);
    let store = server.store();
    for (name, content) in [
        ("model-best.h5", "best"),
        ("media/a.png", "a"),
        ("media/B.png", "b"),
        ("wandb-metadata.json", METADATA),
    ] {
        store.add_file(RUN, name, content.to_owned()).expect("a run");
    }
    Program::new(server)
}

fn clean(ended: &Ended) -> String {
    let mut text = ended.to_string();
    while let Some(at) = text.find("20").filter(|at| text[*at..].contains('Z')) {
        let Some(end) = text[at..].find('Z') else { break };
        text.replace_range(at..=at + end, "[time]");
    }
    text
}

#[test]
fn files_are_listed() {
    let program = program();
    assert_snapshot!(clean(&program.run(&["files", RUN, "--pattern", "media/*", "-f", "csv"])));
    let table = program.run(&["files", RUN]).stdout;
    let names: Vec<_> = table.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["name", "media/B.png", "media/a.png", "model-best.h5", "wandb-metadata.json"]);
}

#[test]
fn one_file_is_downloaded_and_not_overwritten() {
    for transport in TRANSPORTS {
        let program = program();
        let download = ["files", RUN, "--name", "model-best.h5", "--download", "-f", "jsonl"];
        let first = program.over(transport, &download);
        let again = program.over(transport, &download);
        std::fs::write(program.path("model-best.h5"), "mine").expect("a file");
        let refused = program.over(transport, &download);
        assert_eq!(std::fs::read_to_string(program.path("model-best.h5")).expect("the file"), "mine");
        let replaced = program.over(transport, &[&download[..], &["--replace"]].concat());
        assert_eq!(std::fs::read_to_string(program.path("model-best.h5")).expect("the file"), "best");
        assert_snapshot!("one_file", format!("{first}\n{again}\n{refused}\n{replaced}"));
        assert_eq!(program.names(), ["model-best.h5"]);
    }
}

#[test]
fn all_files_are_downloaded_into_a_folder() {
    for transport in TRANSPORTS {
        let program = program();
        program.server.store().add_file(RUN, "../evil", "x".to_owned()).expect("a run");
        let ended =
            program.over(transport, &["files", RUN, "--all", "--download", "-o", "here", "-f", "csv"]);
        assert_snapshot!("all_files", ended);
        assert_eq!(program.names(), ["here"]);
        assert_eq!(std::fs::read_to_string(program.path("here/media/B.png")).expect("the file"), "b");
    }
}

#[test]
fn killed_download_is_resumed() {
    let content: Vec<u8> = (0_u32..).flat_map(u32::to_le_bytes).take(4_000_000).collect();
    for transport in TRANSPORTS {
        let program = program();
        program.server.store().add_file(RUN, "large.bin", content.clone()).expect("a run");
        let faults = vec![Fault::next(1, FaultKind::Stall).at(Port::Storage)];
        program.server.store().set_faults(Faults { faults, ..Faults::default() });
        let arguments =
            ["files", RUN, "--name", "large.bin", "--download", "-f", "jsonl", "--transport", transport];
        let mut child = program.command(&arguments).spawn().expect("the program");
        let has_begun = || {
            let parts = std::fs::read_dir(program.path(".wandb-export")).into_iter().flatten().flatten();
            parts.filter_map(|part| part.metadata().ok()).any(|part| part.len() > 500_000)
        };
        while !has_begun() {
            assert_eq!(child.try_wait().expect("a state"), None, "it ended before it could be killed");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        child.kill().expect("to be killed");
        child.wait().expect("an end");
        assert_eq!(program.names(), [".wandb-export"]);
        let ended = program.over(transport, &arguments[..7]);
        assert!(ended.stdout.contains(r#""outcome":"resumed""#), "{ended}");
        assert!(std::fs::read(program.path("large.bin")).expect("the file") == content);
        assert_eq!(program.names(), ["large.bin"]);
    }
}

#[test]
fn refused_file_leaves_the_others() {
    let program = program();
    std::fs::create_dir(program.path("media")).expect("a folder");
    std::fs::write(program.path("media/a.png"), "mine").expect("a file");
    let ended = program.over("async", &["files", RUN, "--pattern", "media/*", "--download", "-f", "jsonl"]);
    assert_snapshot!(ended);
    assert_eq!(std::fs::read_to_string(program.path("media/a.png")).expect("the file"), "mine");
    assert_eq!(std::fs::read_to_string(program.path("media/B.png")).expect("the file"), "b");
}

#[test]
fn invalid_arguments() {
    let program = program();
    let arguments = [
        &["files", RUN, "--download"][..],
        &["files", RUN, "--replace"],
        &["files", RUN, "--pattern", "[a"],
        &["files", RUN, "--name", "model-bset.h5", "-f", "jsonl"],
        &["files", RUN, "--name", "model-bset.h5", "--download", "-f", "jsonl"],
        &["files", RUN, "--name", "x", "--name", "y", "--name", "model-best.h5", "--download", "-f", "jsonl"],
        &["files", "local-team/vision/none"],
    ];
    let said = arguments.map(|arguments| {
        format!("$ {}\n{}\n", arguments.join(" "), clean(&program.over("blocking", arguments)))
    });
    assert_snapshot!(said.concat());
}

#[test]
fn command_line_can_be_pasted() {
    let program = program();
    let line = program.run(&["command", RUN]);
    let row = program.run(&["command", RUN, "-f", "jsonl"]);
    program.server.store().add_run(NewRun::new("local-team", "vision", "bare"));
    let none = program.run(&["command", "local-team/vision/bare"]);
    assert_snapshot!(format!("{line}\n{row}\n{none}"));
}

/// Even the most downloads and requests at once leave most of the 1024 descriptors that systems allow by default.
#[cfg(unix)]
#[test]
fn wide_windows_need_few_file_descriptors() {
    let server = server();
    server.store().generate_files("local-team", "files", "large", 160, 300_000);
    let late = Fault::chance(1.0, FaultKind::Latency(std::time::Duration::from_millis(50))).at(Port::Storage);
    server.store().set_faults(Faults { faults: vec![late], ..Faults::default() });
    let program = Program::new(server);
    for transport in TRANSPORTS {
        let wide = ["--downloads", "128", "--concurrency", "256", "--transport", transport];
        let download = ["files", "local-team/files/large", "--all", "--download", "--replace", "-f", "csv"];
        let folder = ["--output", transport];
        let wanted = program.command(&[&download[..], &folder, &wide].concat());
        let mut limited = std::process::Command::new("sh");
        limited.args(["-c", r#"ulimit -n 512 && exec "$0" "$@""#]).arg(wanted.get_program());
        limited.args(wanted.get_args()).env_clear();
        limited.envs(wanted.get_envs().filter_map(|(name, value)| Some((name, value?))));
        limited.current_dir(wanted.get_current_dir().expect("a directory"));
        let ended = program.end(limited);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert_eq!(tree(&program.path(transport)).len(), 160);
    }
}
