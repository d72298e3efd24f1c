//! Help texts and the version.

use insta::assert_snapshot;

use crate::support::{Program, server};

fn help(arguments: &[&str]) -> String {
    let program = Program::new(server());
    let ended = program.end(program.command(arguments));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    ended.stdout
}

#[test]
fn of_the_program() {
    assert_snapshot!(help(&["--help"]));
}

#[test]
fn of_whoami() {
    assert_snapshot!(help(&["whoami", "--help"]));
}

#[test]
fn of_projects() {
    assert_snapshot!(help(&["projects", "--help"]));
}

#[test]
fn of_runs() {
    assert_snapshot!(help(&["runs", "--help"]));
}

#[test]
fn of_run() {
    assert_snapshot!(help(&["run", "--help"]));
}

#[test]
fn of_history() {
    assert_snapshot!(help(&["history", "--help"]));
}

#[test]
fn of_project() {
    assert_snapshot!(help(&["project", "--help"]));
}

#[test]
fn of_compare() {
    assert_snapshot!(help(&["compare", "--help"]));
}

#[test]
fn of_sweep() {
    assert_snapshot!(help(&["sweep", "--help"]));
}

#[test]
fn of_completions() {
    assert_snapshot!(help(&["completions", "--help"]));
}

#[test]
fn of_man() {
    assert_snapshot!(help(&["man", "--help"]));
}

#[test]
fn help_without_arguments_is_a_usage_error() {
    let program = Program::new(server());
    let ended = program.end(program.command(&[]));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.contains("Usage: wandb-export"), "{}", ended.stderr);
}

#[test]
fn version_is_that_of_the_package() {
    assert_eq!(help(&["--version"]), format!("wandb-export {}\n", env!("CARGO_PKG_VERSION")));
}
