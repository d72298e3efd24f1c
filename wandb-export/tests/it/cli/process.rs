//! Behaviour as a process: open files, pipes, devices, ignored signals, and an unwritable stderr.
#![cfg(unix)]

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use wandb_export::sink::Format;
use wandb_local_server::{BadNode, NewRun, Quirks};

use super::while_running::{program_with_slow_rows, wait_for_first_request};
use crate::support::{Ended, Program, RUN, TRANSPORTS, server};

const RUNS: [&str; 4] = ["runs", "e/p", "-f", "jsonl"];

fn program() -> Program {
    let server = server();
    for number in 0..3 {
        server.store().add_run(NewRun::new("e", "p", &format!("run{number}")));
    }
    Program::new(server)
}

/// Runs the program from the shell script `around`, in which `"$@"` is the program with its arguments.
fn in_shell(program: &Program, around: &str, arguments: &[&str]) -> Ended {
    program.end(shell(program, around, arguments))
}

fn shell(program: &Program, around: &str, arguments: &[&str]) -> Command {
    let inner = program.command(arguments);
    let mut command = Command::new("sh");
    command.args(["-c", around, "sh"]).arg(inner.get_program()).args(inner.get_args());
    command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(inner.get_current_dir().expect("a directory"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn lines(program: &Program, name: &str) -> Vec<String> {
    fs::read_to_string(program.path(name)).expect("a file").lines().map(str::to_owned).collect()
}

#[test]
fn open_files_are_appended_to() {
    for (around, output) in [
        (r#""$@" >> f"#, "/dev/stdout"),
        (r#""$@" >> f"#, "/dev/fd/1"),
        (r#""$@" 3>> f"#, "/dev/fd/3"),
        (r#"{ echo first; "$@"; } > f"#, "/dev/stdout"),
        (r#"{ echo first >&3; "$@"; } 3> f"#, "/dev/fd/3"),
    ] {
        let program = program();
        fs::write(program.path("f"), "first\n").expect("a file");
        let ended = in_shell(&program, around, &[&RUNS[..], &["-o", output]].concat());
        assert_eq!(ended.code, Some(0), "{around} {ended}");
        let lines = lines(&program, "f");
        assert_eq!((lines.len(), lines[0].as_str()), (4, "first"), "{around}: {lines:?}");
        assert_eq!(program.names(), ["f"]);
    }
}

#[test]
fn pipes_and_devices_are_written_to() {
    let program = program();
    let piped = [&RUNS[..], &["-o", "/dev/fd/3"]].concat();
    let ended = in_shell(&program, r#"{ "$@" 3>&1 >&4 | cat > f; } 4>&1"#, &piped);
    assert_eq!((ended.code, lines(&program, "f").len()), (Some(0), 3), "{ended}");
    let fifo = [&RUNS[..], &["-o", "fifo"]].concat();
    let ended = in_shell(&program, r#"mkfifo fifo; cat fifo > f & "$@" && wait"#, &fifo);
    assert_eq!((ended.code, lines(&program, "f").len()), (Some(0), 3), "{ended}");
    for format in Format::compiled() {
        let ended = program.over("async", &["runs", "e/p", "-f", format.name(), "-o", "/dev/null"]);
        assert_eq!(ended.code, Some(0), "{format} {ended}");
    }
    let ended = in_shell(&program, r#""$@" | cat"#, &["runs", "e/p", "-o", "/dev/stdout"]);
    assert!(
        ended.code == Some(0) && ended.stdout.starts_with("id "),
        "the default format is a table: {ended}"
    );
    assert_eq!(program.names(), ["f", "fifo"]);
}

#[cfg(target_os = "linux")]
#[test]
fn unwritable_stderr_keeps_the_exit_code() {
    let program = program();
    let bad_nodes = vec![BadNode::replaced("runs", "run2", 7)];
    program.server.store().set_quirks(Quirks { bad_nodes, ..Quirks::default() });
    for around in [r#""$@" 2> /dev/full"#, r#""$@" 2>&-"#] {
        assert_eq!(
            in_shell(&program, around, &["runs", "e/p", "-v", "-f", "jsonl"]).code,
            Some(5),
            "{around}"
        );
        assert_eq!(in_shell(&program, around, &["run", "e/p/none"]).code, Some(3), "{around}");
        assert_eq!(in_shell(&program, around, &["no-such-command"]).code, Some(2), "{around}");
    }
}

/// Sends SIGHUP while the program is running.
fn hung_up(around: &str, transport: &str) -> Ended {
    let program = program_with_slow_rows(Duration::from_secs(1));
    let arguments = ["history", RUN, "--all", "-f", "jsonl", "--transport", transport];
    let mut child = shell(&program, around, &arguments).spawn().expect("the program");
    wait_for_first_request(&program, &mut child);
    let kill = format!("kill -HUP {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
    program.ended(&child.wait_with_output().expect("an end"))
}

#[cfg(target_os = "linux")]
#[test]
fn ignored_hangup_stays_ignored() {
    for transport in TRANSPORTS {
        let ended = hung_up(r#"trap '' HUP; exec "$@""#, transport);
        assert_eq!((ended.code, ended.stdout.lines().count()), (Some(0), 25), "{ended}");
        let ended = hung_up(r#"exec "$@""#, transport);
        assert_eq!(ended.code, Some(130), "{ended}");
    }
}

#[test]
fn server_texts_are_escaped_and_redacted() {
    let program = program();
    let key = program.server.api_key();
    let message =
        format!("no\u{1b}]0;pwned\u{7} \u{202e}way\nincomplete: nothing {key} http://user:pw@host/x");
    let bad_nodes = vec![BadNode::failed("runs", "run2", &message)];
    program.server.store().set_quirks(Quirks { bad_nodes, ..Quirks::default() });
    for arguments in [&RUNS[..], &["run", "e/p/run2"], &["runs", "e/p", "-v"]] {
        let ended = program.over("async", &[arguments, &["--retries", "0"]].concat());
        assert!(matches!(ended.code, Some(1 | 5)), "{ended}");
        assert!(!ended.stderr.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{ended}");
        let said =
            r"no\u{1b}]0;pwned\u{7} \u{202e}way\nincomplete: nothing [redacted] http://[redacted]@host/x";
        assert!(ended.stderr.contains(said), "{ended}");
        assert!(!ended.stderr.lines().any(|line| line.starts_with("incomplete: nothing")), "{ended}");
    }
}

#[test]
fn data_is_escaped_only_in_tables() {
    let server = server();
    let name = "a\u{1b}[31mb\nc\u{202e}";
    server.store().add_run(NewRun { display_name: Some(name.to_owned()), ..NewRun::new("e", "p", "run") });
    let program = Program::new(server);
    let ended = program.run(&RUNS);
    let row: serde_json::Value = serde_json::from_str(&ended.stdout).expect("a row");
    assert_eq!(row["name"], name);
    let table = program.run(&["runs", "e/p"]);
    assert!(table.stdout.contains(r"a\u{1b}[31mb\nc\u{202e}"), "{table}");
}

#[test]
fn proxy_password_is_not_shown() {
    let program = program();
    for transport in TRANSPORTS {
        let mut command = program.command(&["whoami", "--retries", "0", "-v", "--transport", transport]);
        command.env("http_proxy", "http://user:sesame@127.0.0.1:1").env("no_proxy", "");
        let ended = program.end(command);
        assert_ne!(ended.code, Some(0), "{ended}");
        assert!(!ended.stderr.contains("sesame"), "{ended}");
    }
}

#[test]
fn unusable_certificate_file_is_a_usage_error() {
    let program = program();
    fs::write(program.path("empty.pem"), "no certificate").expect("a file");
    for (file, said) in [("none.pem", "none.pem"), ("empty.pem", "BEGIN CERTIFICATE")] {
        let ended = program.run(&["whoami", "--ca-file", file]);
        assert_eq!(ended.code, Some(2), "{ended}");
        assert!(ended.stderr.contains(said), "{ended}");
    }
}
