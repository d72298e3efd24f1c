//! Help texts and the version.

use insta::assert_snapshot;
use wandb_export::sink::Format;

use crate::support::{Program, server};

fn help(arguments: &[&str]) -> String {
    let program = Program::new(server());
    let ended = program.end(program.command(arguments));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    ended.stdout
}

/// Returns a command's help without the list of formats, which has a test for itself.
fn help_of(command: &str) -> String {
    let text = help(&[command, "--help"]);
    let Some((before, formats)) = text.split_once("          - table:") else { return text };
    let (_, after) = formats.split_once("\n\n").expect("a blank line ends the list");
    format!("{before}          (one line for each format)\n\n{after}")
}

#[test]
fn formats_are_listed_with_descriptions() {
    let text = help(&["runs", "--help"]);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    for format in Format::compiled() {
        let line = format!("- {}: {}", format.name(), format.description());
        assert!(lines.iter().any(|words| words.join(" ") == line), "{line:?} is not in {text}");
    }
}

#[test]
fn documentation_has_the_table_of_formats() {
    let line = |format: Format| {
        let extensions: Vec<String> = format.extensions().iter().map(|name| format!("`.{name}`")).collect();
        format!("| `{}` | {} | {} |", format.name(), format.description(), extensions.join(", "))
    };
    let table = Format::ALL.map(line).join("\n");
    let page = include_str!("../../../../docs/command-line.md");
    assert!(page.contains(&table), "docs/command-line.md needs this table:\n{table}");
}

#[test]
fn of_the_program() {
    assert_snapshot!(help(&["--help"]));
}

#[test]
fn of_whoami() {
    assert_snapshot!(help_of("whoami"));
}

#[test]
fn of_projects() {
    assert_snapshot!(help_of("projects"));
}

#[test]
fn of_runs() {
    assert_snapshot!(help_of("runs"));
}

#[test]
fn of_run() {
    assert_snapshot!(help_of("run"));
}

#[test]
fn of_history() {
    assert_snapshot!(help_of("history"));
}

#[test]
fn of_project() {
    assert_snapshot!(help_of("project"));
}

#[test]
fn of_compare() {
    assert_snapshot!(help_of("compare"));
}

#[test]
fn of_sweep() {
    assert_snapshot!(help_of("sweep"));
}

#[test]
fn of_artifacts() {
    assert_snapshot!(help_of("artifacts"));
}

#[test]
fn of_artifact() {
    assert_snapshot!(help_of("artifact"));
}

#[test]
fn of_media() {
    assert_snapshot!(help_of("media"));
}

#[test]
fn of_table() {
    assert_snapshot!(help_of("table"));
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
