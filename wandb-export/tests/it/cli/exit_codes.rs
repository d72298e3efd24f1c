//! Every failure has the documented exit code and a helpful message.

use std::net::{TcpListener, TcpStream};

use insta::assert_snapshot;
use wandb_export::sink::Format;
use wandb_local_server::{Fault, FaultKind, Faults};

use crate::support::{Program, RUN, TRANSPORTS, server, team};

fn program() -> Program {
    let server = server();
    team(&server);
    Program::new(server)
}

/// A port on which nothing listens, but that no other process can take: the near end of a connection.
fn deaf_port() -> (TcpListener, TcpStream) {
    let far = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let near = TcpStream::connect(far.local_addr().expect("an address")).expect("a connection");
    (far, near)
}

#[test]
fn failed_server_is_down() {
    let program = program();
    let (_far, near) = deaf_port();
    let port = near.local_addr().expect("an address").port();
    let url = format!("http://127.0.0.1:{port}");
    for transport in TRANSPORTS {
        let ended = program.over(transport, &["whoami", "--retries", "0", "--base-url", &url]);
        let message = ended.to_string().replace(&port.to_string(), "[port]");
        assert_snapshot!(format!("server_is_down_{transport}"), message);
    }
}

#[test]
fn failed_https_to_a_port_without_tls() {
    let program = program();
    let url = program.server.base_url().replace("http://", "https://");
    for transport in TRANSPORTS {
        let ended = program.over(transport, &["whoami", "--retries", "0", "--base-url", &url]);
        assert_snapshot!(format!("no_tls_{transport}"), ended);
    }
}

#[test]
fn failed_not_a_wandb_server() {
    let program = program();
    let faults = vec![Fault::chance(1.0, FaultKind::Html(200))];
    program.server.store().set_faults(Faults { faults, ..Faults::default() });
    assert_snapshot!(program.run(&["history", RUN, "--all", "--retries", "0"]));
}

#[test]
fn failed_server_keeps_failing() {
    let program = program();
    let faults = vec![Fault::chance(1.0, FaultKind::Status(503))];
    program.server.store().set_faults(Faults { faults, ..Faults::default() });
    assert_snapshot!(program.run(&["run", RUN, "--retries", "0"]));
}

#[test]
fn failed_output_is_a_directory() {
    let program = program();
    std::fs::create_dir(program.path("results")).expect("a directory");
    let named = program.run(&["history", RUN, "-o", "results/"]);
    assert_snapshot!(format!("{}\n{named}", program.run(&["history", RUN, "-f", "csv", "-o", "results"])));
    assert!(program.server.store().requests().is_empty(), "it fails before any request");
}

#[test]
fn failed_output_directory_is_missing() {
    let program = program();
    assert_snapshot!(program.run(&["history", RUN, "-o", "results/history.csv"]));
    assert!(program.server.store().requests().is_empty(), "it fails before any request");
}

#[cfg(target_os = "linux")]
#[test]
fn failed_disk_is_full() {
    assert_snapshot!(program().run(&["history", RUN, "-f", "jsonl", "-o", "/dev/full"]));
}

#[test]
fn usage_malformed_paths() {
    let program = program();
    let (run, project) = (program.run(&["run", "a/b/c/d/e"]), program.run(&["runs", "a/b/c"]));
    assert_snapshot!(format!("{run}\n{project}"));
    assert!(program.server.store().requests().is_empty());
}

#[test]
fn usage_unknown_formats() {
    let program = program();
    let (named, guessed) =
        (program.run(&["run", RUN, "-f", "excel"]), program.run(&["run", RUN, "-o", "run.xlsx"]));
    let list = |names: Vec<&str>, before: &str| format!("{before}{}", names.join(&format!(", {before}")));
    let formats = list(Format::compiled().map(Format::name).collect(), "");
    let extensions = list(Format::compiled().flat_map(Format::extensions).copied().collect(), ".");
    assert_snapshot!(
        format!("{named}\n{guessed}").replace(&formats, "FORMATS").replace(&extensions, "EXTENSIONS")
    );
}

#[test]
fn usage_bad_options() {
    let program = program();
    let said: Vec<String> = [
        &["history", RUN, "--everything"][..],
        &["history", RUN, "--min-step", "3"],
        &["history", RUN, "--all", "--samples", "5"],
        &["history", RUN, "--all", "--any"],
        &["history", RUN, "--all", "--min-step", "5", "--max-step", "5"],
        &["history", RUN, "--source", "exported"],
        &["history", RUN, "--all", "--stream", "system", "--min-step", "3"],
        &["history", RUN, "--all", "--stream", "system", "--with-parent"],
        &["history", RUN, "--all", "--stream", "system", "--follow"],
        &["history", RUN, "--all", "--source", "exported", "--follow"],
        &["history", RUN, "--samples", "0"],
        &["runs", "local-team/vision", "--order", ""],
        &["runs", "local-team/vision", "--nested", "flat"],
        &["whoami", "--base-url", "not a url"],
    ]
    .into_iter()
    .map(|arguments| {
        let ended = program.run(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        format!("$ {}\n{}", arguments.join(" "), ended.stderr)
    })
    .collect();
    assert_snapshot!(said.join("\n"));
}

#[test]
fn usage_bad_filter() {
    let program = program();
    assert_snapshot!(program.run(&["runs", "local-team/vision", "--filter", "state=failed"]));
    assert!(program.server.store().requests().is_empty(), "it fails before any request");
}

#[test]
fn not_found_run_with_similar_ids() {
    let program = program();
    let (run, history) = (
        program.run(&["run", "local-team/vision/abc124"]),
        program.run(&["history", "local-team/vision/abc12"]),
    );
    assert_snapshot!(format!("{run}\n{history}"));
}

#[test]
fn not_found_run_by_its_name() {
    assert_snapshot!(program().run(&["history", "local-team/vision/dark-moon-2", "--all"]));
}

#[test]
fn not_found_project_with_similar_names() {
    let program = program();
    let (runs, run) =
        (program.run(&["runs", "local-team/visoin"]), program.run(&["run", "local-team/visoin/abc123"]));
    assert_snapshot!(format!("{runs}\n{run}"));
}

#[test]
fn not_found_leaves_no_file() {
    let program = program();
    assert_eq!(program.run(&["history", "local-team/vision/nope", "-o", "h.csv"]).code, Some(3));
    assert_eq!(program.names(), [""; 0]);
}

#[test]
fn unauthorised_without_a_key() {
    let program = program();
    let mut command = program.command(&["whoami"]);
    command.env_remove("WANDB_API_KEY");
    assert_snapshot!(program.end(command));
}

#[test]
fn unauthorised_with_another_servers_key() {
    let program = program();
    let wrong = "0".repeat(40);
    for transport in TRANSPORTS {
        let mut command = program.command(&["run", RUN, "--transport", transport]);
        command.env("WANDB_API_KEY", &wrong);
        let ended = program.end(command);
        assert!(!ended.to_string().contains(&wrong), "{ended}");
        assert_snapshot!("unauthorised_with_another_servers_key", ended);
    }
}

#[test]
fn unauthorised_with_half_a_key() {
    let program = program();
    let half = &program.server.api_key()[..20];
    let mut command = program.command(&["whoami"]);
    command.env("WANDB_API_KEY", half);
    let ended = program.end(command);
    assert!(!ended.to_string().contains(half), "{ended}");
    assert_snapshot!(ended);
}
