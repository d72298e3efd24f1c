//! Output files of the program.

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
