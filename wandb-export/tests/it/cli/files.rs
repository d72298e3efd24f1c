//! Output files of the program.

use wandb_export::Row;
use wandb_export::sink::Format;
use wandb_local_server::GeneratedRun;

use crate::support::{Program, RUN, TRANSPORTS, server, team};

/// Returns the formats for programs.
fn formats() -> impl Iterator<Item = Format> {
    Format::compiled().filter(|&format| format != Format::Table)
}

#[test]
fn transports_write_the_same_bytes_in_every_format() {
    let server = server();
    team(&server);
    let generated = GeneratedRun { stride: 3, ..GeneratedRun::new("local-team", "vision", "long", 2_000) };
    server.store().generate_run(&generated);
    let program = Program::new(server);
    let commands: [&[&str]; 3] = [
        &["history", RUN, "--all"],
        &["history", "local-team/vision/long", "--all", "--page-size", "999", "--concurrency", "5"],
        &["project", "local-team/vision"],
    ];
    for command in commands {
        for format in formats() {
            let [first, second] = TRANSPORTS.map(|transport| {
                let file = format!("{transport}.{}", format.name());
                let ended = program.over(transport, &[command, &["-o", &file]].concat());
                assert_eq!(
                    (ended.code, ended.stdout.as_str()),
                    (Some(0), ""),
                    "{command:?} {format}: {ended}"
                );
                std::fs::read(program.path(file)).expect("the file")
            });
            assert!(!first.is_empty());
            assert!(first == second, "{command:?} {format}: the files differ");
        }
    }
    assert_eq!(
        program.names().len(),
        TRANSPORTS.len() * formats().count(),
        "nothing else is left: {:?}",
        program.names()
    );
}

#[test]
fn file_and_standard_output_are_the_same() {
    let server = server();
    team(&server);
    let program = Program::new(server);
    for format in formats().filter(|format| format.is_text()) {
        let file = format!("history.{}", format.name());
        program.run(&["history", RUN, "--all", "-o", &file]);
        let shown = program.run(&["history", RUN, "--all", "-f", format.name()]).stdout;
        assert_eq!(std::fs::read_to_string(program.path(file)).expect("the file"), shown);
    }
}

#[test]
fn long_run_is_written_whole() {
    let server = server();
    server.store().generate_run(&GeneratedRun::new("e", "p", "r", 4_321));
    let program = Program::new(server);
    program.run(&["history", "e/p/r", "--all", "-o", "all.jsonl"]);
    let text = std::fs::read_to_string(program.path("all.jsonl")).expect("the file");
    let steps = text.lines().map(|line| Row::parse(line.as_bytes()).expect("a row").step());
    assert!(steps.eq((0..4_321).map(Some)));
}

#[test]
fn second_export_replaces_the_first() {
    let server = server();
    team(&server);
    let program = Program::new(server);
    program.run(&["history", RUN, "--all", "-o", "h.csv"]);
    program.run(&["history", RUN, "--all", "--max-step", "2", "-o", "h.csv"]);
    let text = std::fs::read_to_string(program.path("h.csv")).expect("the file");
    assert_eq!(text.lines().count(), 3, "{text}");
    assert_eq!(program.names(), ["h.csv"]);
}
